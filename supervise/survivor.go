package supervise

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// survivor is a supervise that another svscan has started, which was killed or
// has left: no child of this process, as a rule, so its end is seen otherwise.
type survivor struct {
	identity
	fd   int       // its pidfd; -1 where there are none
	over bool      // the pidfd has become readable
	seen time.Time // without a pidfd: when it was last looked at
	last time.Time // until when its exit status may still be learned
}

// A holder is who holds the lock of a supervise.
type holder struct {
	free bool      // nobody, as far as anybody can say
	who  *survivor // nil: somebody who cannot be found
}

const (
	// puzzles is how often the holder of a lock is looked for until it is said
	// that he cannot be found: a process that dies may leave the lock for a
	// moment to the child that it was just about to make.
	puzzles = 20
	// settleLimit is how long those are waited for that are about to take their
	// lock, and perhaps never will.
	settleLimit = 2 * time.Second
	// statusLimit is how long the exit status of a process is waited for whose
	// parent does not look at it.
	statusLimit = time.Second
)

// meet looks whether a supervise runs already, before one is started, and if so
// takes it over: two would only fight for the lock. It reports whether one may
// be started.
func (s *Scanner) meet(sl *slot, h *half, now time.Time) bool {
	if !sl.findDir(h) {
		return true // whoever is started says what is wrong
	}
	control, err := ControlDir(sl.nameOf(h))
	if err != nil {
		return true
	}
	held := s.holds(control+"/lock", h.dir)
	switch {
	case held.free:
		h.puzzled = 0
		return true
	case held.who != nil:
		s.adopt(h, held.who)
		if sl.pipe[0] >= 0 { // or newSlot sees to it
			_ = s.takeBack(sl) // it has said why not
		}
		return false
	}
	h.next = now.Add(askGap)
	if h.puzzled++; h.puzzled >= puzzles {
		h.next = now.Add(s.gap)
	}
	if h.puzzled == puzzles {
		s.warn(fmt.Errorf("unable to find who holds %s/lock: %w", control, unix.ESRCH))
	}
	return false
}

// settle puts off the first starts as long as there are supervises that an
// earlier svscan has just started, and that do not have their lock yet: it may
// have been killed in the middle of that. It reports whether there are any.
func (s *Scanner) settle(now time.Time) bool {
	s.settled = s.settled || !now.Before(s.begun.Add(settleLimit))
	if s.settled {
		return false
	}
	for _, sl := range s.order {
		if sl.main.pid == 0 {
			s.meet(sl, &sl.main, now)
		}
		if sl.logged && sl.log.pid == 0 {
			s.meet(sl, &sl.log, now)
		}
	}
	if s.anyStarting() {
		return true
	}
	s.settled = true
	s.reconsider()
	return false
}

// anyStarting reports whether there is a supervise, or a child of a svscan that
// is to become one, that is none of those that have been taken over.
func (s *Scanner) anyStarting() bool {
	dirs := map[fileID]bool{}
	if fi, err := os.Stat("."); err == nil {
		dirs[idOf(fi)] = true
	}
	for _, sl := range s.order {
		dirs[sl.id] = true
		if sl.logged {
			dirs[sl.log.dir] = true
		}
	}
	for _, pid := range processesCalled("supervise", "svscan") {
		if pid == os.Getpid() || s.halves[pid] != nil {
			continue
		}
		if fi, err := os.Stat(workingDir(pid)); err == nil && dirs[idOf(fi)] {
			return true
		}
	}
	return false
}

// findDir learns in which directory a supervise works or is to work.
func (sl *slot) findDir(h *half) bool {
	h.dir = sl.id
	if h != &sl.log {
		return true
	}
	h.dir = fileID{}
	fi, err := os.Stat(sl.nameOf(h))
	if err == nil {
		h.dir = idOf(fi)
	}
	return err == nil
}

// holds finds out who holds a lock, which is to be a process that works in a
// directory.
func (s *Scanner) holds(path string, dir fileID) holder {
	fd, err := open(path, unix.O_RDONLY)
	if err != nil {
		return holder{free: true}
	}
	defer unix.Close(fd)
	// Shared, so that those who only look do not keep each other out.
	if err := unix.Flock(fd, unix.LOCK_SH|unix.LOCK_NB); !errors.Is(err, unix.EWOULDBLOCK) {
		// Closing alone might leave it to a child that is about to start.
		_ = unix.Flock(fd, unix.LOCK_UN)
		return holder{free: true}
	}
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return holder{}
	}
	for _, pid := range s.lockers(st.Ino) {
		if sv := findSurvivor(identity{pid, bornOf(pid)}); sv != nil {
			if fi, err := os.Stat(workingDir(pid)); err == nil && idOf(fi) == dir && sv.lives() {
				return holder{who: sv}
			}
			sv.close()
		}
	}
	return holder{}
}

// lockers are those who hold a lock on a file of that inode. The list is read
// once for each turn of Run.
func (s *Scanner) lockers(ino uint64) []int {
	if s.locks == nil {
		s.locks = readLocks()
	}
	return s.locks[ino]
}

func (s *Scanner) adopt(h *half, sv *survivor) {
	sv.seen = time.Now()
	h.old, h.pid, h.puzzled, h.told, h.tries = sv, sv.pid, 0, "", 0
	s.halves[sv.pid] = h
}

// tend learns which of those that were taken over have ended. Those that are
// children all the same, as those of a first process, reap has seen before.
func (s *Scanner) tend(now time.Time) {
	for _, sl := range s.order {
		for _, h := range []*half{&sl.main, &sl.log} {
			if h.old == nil || !h.old.ended(now, s.lookGap(sl)) {
				continue
			}
			status, known := endOf(h.old.identity, h.old.fd)
			if !known && now.Before(h.old.last) {
				continue
			}
			if !known {
				status = 0 // it may have been told to leave, to be removed
			}
			delete(s.halves, h.pid)
			h.ended(status, now.Add(s.gap))
		}
	}
}

// findSurvivor gets hold of a process, or returns nil if there is none.
func findSurvivor(id identity) *survivor {
	sv := &survivor{identity: id, fd: -1}
	if fd, err := openPidfd(id); err == nil {
		sv.fd = fd
	}
	if !sv.lives() {
		sv.close()
		return nil
	}
	return sv
}

// ended reports whether a survivor has ended. Where there is no pidfd that is
// looked at from time to time.
func (sv *survivor) ended(now time.Time, gap time.Duration) bool {
	switch {
	case sv.over:
	case sv.fd >= 0:
		return false
	case now.Sub(sv.seen) < gap:
		return false
	case sv.lives():
		sv.seen = now
		return false
	}
	if sv.over = true; sv.last.IsZero() {
		sv.last = now.Add(statusLimit)
	}
	return true
}

// deadline is when ended has to be asked.
func (sv *survivor) deadline(now time.Time, gap time.Duration) time.Time {
	switch {
	case sv.over:
		return now.Add(lookGap) // for the status
	case sv.fd >= 0:
		return time.Time{}
	}
	return sv.seen.Add(gap)
}

// lookGap is the time between two looks at a survivor without a pidfd.
func (s *Scanner) lookGap(sl *slot) time.Duration {
	if sl.stopping {
		return askGap
	}
	return s.gap
}

// kill sends a signal to a supervise.
func (h *half) kill(sig syscall.Signal) {
	if h.old != nil {
		h.old.kill(sig)
	} else {
		_ = syscall.Kill(h.pid, sig)
	}
}

// kill sends a signal to a survivor and never to another process.
func (sv *survivor) kill(sig syscall.Signal) {
	if sv.fd >= 0 {
		_ = pidfdSignal(sv.fd, sig)
	} else if sv.lives() {
		_ = syscall.Kill(sv.pid, sig)
	}
}

func (sv *survivor) close() { closeFD(&sv.fd) }
