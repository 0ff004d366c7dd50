package supervise

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// An end is one end of the pipe of a service, as one of its two sides has it.
type end struct {
	fd   int
	id   fileID // zero: none
	ours bool   // it is that of the slot
	weak bool   // perhaps it is another's
	both bool   // it could read as well: we have made it, see output
}

// takeBack gets the pipe of a service back from those of its processes that
// have survived. What they hold decides:
//
//	the same pipe on both sides   it is that
//	the service writes to a pipe  that, if we have made it, or nobody reads it;
//	                              and the log is to follow
//	otherwise                     that of a side that we have started
//	                              that of the log
//	none                          a new one: the service was started without a
//	                              log, if at all
//
// A supervise that died counts by the process that it has left. One of 0.76 has
// left a pid, which may be another's by now: that only counts if both sides
// agree.
func (s *Scanner) takeBack(sl *slot) error {
	w, werr := sl.grip(&sl.main, 1)
	defer w.close()
	r, rerr := sl.grip(&sl.log, 0)
	defer r.close()
	err := errors.Join(werr, rerr)
	if w.weak && w.id != r.id {
		w.id = fileID{}
	}
	if r.weak && r.id != w.id {
		r.id = fileID{}
	}
	from := end{fd: -1}
	switch none := (fileID{}); {
	case w.ours, w.id != none && (w.id == r.id || w.both || abandoned(w.fd)):
		from = w
	case r.id != none:
		from = r
	}
	if err == nil && from.fd >= 0 && !from.ours {
		err = sl.reopen(from.fd)
	}
	sl.main.has, sl.log.has = w.id, r.id
	sl.main.foreign, sl.log.foreign = sl.main.pid != 0 && w.id != from.id, sl.log.pid != 0 && r.id != from.id
	if err != nil {
		sl.refused = true // those that have it go on; see rejoin
		sl.main.foreign, sl.log.foreign = sl.main.pid != 0 && !w.ours, sl.log.pid != 0 && !r.ours
		s.warn(fmt.Errorf("unable to take back the pipe of %s: %w", sl.name, errnoOf(err)))
	}
	if sl.pipe[0] < 0 {
		return pipe(sl.pipe[:])
	}
	return nil
}

// reconsider looks again whether the pipe of a service that has another one than
// its log is that to the log after all: a process that was about to end, or
// another program, may have kept it from being abandoned.
func (s *Scanner) reconsider() {
	for _, sl := range s.order {
		if sl.logged && sl.main.foreign && !sl.refused && !sl.stopping {
			_ = s.takeBack(sl) // it has said why not
		}
	}
}

// rejoin lets a supervise leave that holds a pipe at the other end of which
// nobody is any more, so that the next one gets that of the slot. A logger reads
// what is left first.
func (s *Scanner) rejoin(sl *slot, now time.Time) {
	switch {
	case sl.log.foreign && !sl.main.foreign:
		s.tell(sl, &sl.log, "x", now)
	case sl.refused && sl.main.foreign && !sl.log.foreign:
		s.tell(sl, &sl.main, "dx", now)
	}
}

// grip gets hold of descriptor n of a supervise or, if that has died, of the
// process that it ran. It is no error if there is none.
func (sl *slot) grip(h *half, n int) (end, error) {
	e := end{fd: -1}
	sv := h.old
	if sv == nil && h.pid != 0 { // a child
		if e.id = h.has; e.id == pipeID(sl.pipe[0]) {
			e.fd, e.ours = sl.pipe[0], true
		}
		return e, nil
	}
	var given fileID // what it is to be; zero: any
	if sv == nil {
		var id identity
		id, given = sl.orphan(h)
		if sv = findSurvivor(id); sv == nil {
			return e, nil
		}
		defer sv.close()
		e.weak = given == fileID{}
	}
	fd, err := descriptorOf(sv.pid, sv.fd, n)
	if err == nil && !sv.lives() {
		_ = unix.Close(fd)
		return e, nil // and it may have been another's
	}
	if err != nil {
		if e.weak || errors.Is(err, unix.ENOENT) { // or it has closed it
			err = nil
		}
		return e, err
	}
	e.fd, e.both = fd, opensBoth(sv.pid, n)
	if e.id = pipeID(fd); (given != fileID{}) && e.id != given {
		e.id = fileID{} // it has something else there by now
	}
	return e, nil
}

// opensBoth reports whether descriptor n of a process reads and writes.
func opensBoth(pid, n int) bool {
	b, err := readWhole(fmt.Sprintf("/proc/%d/fdinfo/%d", pid, n))
	_, rest, ok := strings.Cut(string(b), "flags:")
	flags := strings.Fields(rest)
	if err != nil || !ok || len(flags) == 0 {
		return false
	}
	bits, err := strconv.ParseUint(flags[0], 8, 64)
	return err == nil && bits&unix.O_ACCMODE == unix.O_RDWR
}

// pipeID tells which pipe a descriptor is, if any.
func pipeID(fd int) (id fileID) {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO && isAnonymous(fd) {
		id = fileID{uint64(st.Dev), uint64(st.Ino)}
	}
	return id
}

func (e *end) close() {
	if !e.ours {
		closeFD(&e.fd)
	}
}

// orphan is the process that a dead supervise may have left, and what its
// descriptor was when it was started, if that is known.
func (sl *slot) orphan(h *half) (id identity, given fileID) {
	control, err := ControlDir(sl.nameOf(h))
	if err != nil {
		return id, given
	}
	id, _, stdin, stdout := kept(control)
	if id.pid != 0 {
		if h == &sl.log {
			return id, stdin
		}
		return id, stdout
	}
	if st, err := ReadStatus(control); err == nil {
		id = identity{st.PID, bornOf(st.PID)}
	}
	return id, given
}

// reopen opens both ends of a pipe anew: a pipe can be opened in either
// direction, and descriptors of our own share no flags with those of others.
// The reading end comes first, for there may be no other.
func (sl *slot) reopen(fd int) (err error) {
	ends := [2]int{-1, -1}
	for i, mode := range []int{unix.O_RDONLY, unix.O_WRONLY} {
		if ends[i], err = open(ownFD(fd), mode); err == nil {
			err = unix.SetNonblock(ends[i], false)
		}
		if err != nil {
			closeFD(&ends[0])
			closeFD(&ends[1])
			return err
		}
	}
	sl.close()
	sl.pipe = ends
	return nil
}

// abandoned reports whether nobody has a pipe open for reading.
func abandoned(fd int) bool {
	again, err := open(ownFD(fd), unix.O_WRONLY)
	if err == nil {
		_ = unix.Close(again)
	}
	return errors.Is(err, unix.ENXIO)
}
