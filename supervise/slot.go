package supervise

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// askGap is the time between two tries to reach a supervise that has not
	// opened its control FIFO yet, and between two looks at a pipe that drains.
	askGap = 100 * time.Millisecond
	// drained is how long a pipe has to be empty, with its service gone, before
	// a logger that has not ended is told to. It ends by itself at the end of
	// its input, unless a process of the service still holds the pipe.
	drained = time.Second
)

// slot is a service: an entry of the scan directory from the moment it is seen
// until it has been removed and has ended. Whether it has a log is decided
// once.
type slot struct {
	id     fileID
	name   string
	dir    folder // the service directory, wherever its names go
	logged bool
	pipe   [2]int // from main to log; -1: none, or closed

	main, log half
	seen      bool // at the last look
	stopping  bool // told to end; it is started no more
	forced    bool // told to end at once

	empty time.Time // since when the pipe is empty while stopping
	ask   time.Time // when to go on with stopping
}

// half is one of the two supervises of a slot.
type half struct {
	pid  int       // 0: none runs
	next time.Time // not to be started before
	told string    // the letters it was given while stopping
}

// newSlot makes a slot for a directory; nothing is started yet.
func (s *Scanner) newSlot(name string) (*slot, error) {
	sl := &slot{name: name, pipe: [2]int{-1, -1}, seen: true}
	var err error
	if sl.logged, err = s.isLogged(name); err != nil {
		return nil, err
	}
	if sl.dir, err = openFolder(name); err != nil {
		// A directory that cannot be read can be run all the same; only its
		// stopping needs a descriptor.
		sl.dir = folder{-1, name}
	}
	if fi, err := os.Stat(name); err == nil {
		sl.id = idOf(fi)
	}
	if sl.logged {
		if err := pipe(sl.pipe[:]); err != nil {
			sl.close()
			return nil, fmt.Errorf("unable to create pipe for %s: %w", name, err)
		}
	}
	return sl, nil
}

// isLogged reports whether there is a log. A file of that name is one for
// 0.76, and is left to supervise by encore.
func (s *Scanner) isLogged(name string) (bool, error) {
	fi, err := os.Stat(name + "/log")
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("unable to stat %s/log: %w", name, errnoOf(err))
	}
	return fi.IsDir() || !s.isEncore(name), nil
}

func (s *Scanner) isEncore(name string) bool {
	_, err := os.Stat(name + "/encore")
	return s.opt.Encore || err == nil
}

// goOn starts what has to run, or goes on with stopping.
func (s *Scanner) goOn(sl *slot, now time.Time) {
	switch {
	case sl.stopping:
		sl.stop(now)
	case sl.seen:
		if sl.main.due(now) {
			s.startMain(sl, now)
		}
		if sl.logged && sl.log.due(now) {
			s.startLog(sl, now)
		}
	}
}

func (h *half) due(now time.Time) bool { return h.pid == 0 && !now.Before(h.next) }

// ended decides when a supervise is started again. One that was asked to leave
// has until the next sweep, in which its entry may be removed; one that died
// is needed at once, unless it dies all the time.
func (h *half) ended(status syscall.WaitStatus, now time.Time) {
	h.pid = 0
	if status.Exited() && status.ExitStatus() == 0 {
		h.next = now.Add(sweepGap)
	}
}

// deadline is when goOn has something to do; zero means never.
func (sl *slot) deadline() time.Time {
	if sl.stopping {
		return sl.ask
	}
	if !sl.seen {
		return time.Time{}
	}
	var first time.Time
	if sl.main.pid == 0 {
		first = sl.main.next
	}
	if sl.logged && sl.log.pid == 0 && (first.IsZero() || sl.log.next.Before(first)) {
		first = sl.log.next
	}
	return first
}

// stopAll stops every service and its log. What has just been started may not
// listen yet: it is asked again.
func (s *Scanner) stopAll(force bool, now time.Time) {
	s.sweep, s.soon = time.Time{}, time.Time{}
	for _, sl := range s.order {
		sl.stopping = true
		if force && !sl.forced {
			sl.forced, sl.main.told, sl.log.told, sl.ask = true, "", "", now
		}
	}
}

// stop goes on with the ending of a service: first the service itself; when it
// is gone the pipe gets its end, and its log, which has all the time it needs
// to read the rest, is not started again when it ends.
func (sl *slot) stop(now time.Time) {
	sl.ask = time.Time{}
	if sl.main.pid != 0 {
		letters := "dx"
		if sl.forced {
			letters = "dkx"
		}
		sl.tell(&sl.main, "", letters, now)
		return
	}
	if sl.pipe[1] >= 0 {
		_ = unix.Close(sl.pipe[1])
		sl.pipe[1] = -1
	}
	if sl.log.pid == 0 {
		return
	}
	letters := "x"
	if sl.forced || sl.isDrained(now) {
		letters = "dx"
	}
	sl.tell(&sl.log, "log", letters, now)
	if letters == "x" {
		sl.ask = now.Add(askGap)
	}
}

// isDrained reports whether the pipe has been empty for a while.
func (sl *slot) isDrained(now time.Time) bool {
	n, err := unix.IoctlGetInt(sl.pipe[0], fionread)
	switch {
	case err != nil:
		return true
	case n > 0:
		sl.empty = time.Time{}
	case sl.empty.IsZero():
		sl.empty = now
	}
	return !sl.empty.IsZero() && now.Sub(sl.empty) >= drained
}

// tell gives letters to a supervise, once. If it does not listen yet, or its
// FIFO is full, that is tried again.
func (sl *slot) tell(h *half, below, letters string, now time.Time) {
	if h.told == letters {
		return
	}
	control, err := ControlDir(sl.dir.of(below))
	if err == nil {
		err = sendNow(control, letters)
	}
	if err != nil {
		sl.ask = now.Add(askGap)
		return
	}
	h.told = letters
}

// sendNow gives letters to a supervise and never waits.
func sendNow(control, letters string) error {
	fd, err := openFIFO(control + "/control")
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	_, err = again(func() (int, error) { return unix.Write(fd, []byte(letters)) })
	return err
}

func (sl *slot) close() {
	for i, fd := range sl.pipe {
		if fd >= 0 {
			_ = unix.Close(fd)
			sl.pipe[i] = -1
		}
	}
	if sl.dir.fd >= 0 {
		sl.dir.close()
		sl.dir.fd = -1
	}
}
