package supervise

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// askGap is the time between two tries to reach a supervise that does not
	// listen yet, and between two looks at a pipe that drains.
	askGap = 50 * time.Millisecond
	// patience is how long a logger may go on when there is nothing left to
	// read, and, by force, when there is.
	patience = 3 * time.Second
	// deafAfter tries a supervise is not one that has just been started.
	deafAfter = 40
)

// stopAll begins to stop every service, or to stop by force.
func (s *Scanner) stopAll(force bool, now time.Time) {
	s.sweep, s.soon = time.Time{}, time.Time{}
	for _, sl := range s.order {
		sl.stopping = true
		if force && !sl.forced {
			sl.forced, sl.gone = true, time.Time{}
		}
	}
}

// stop goes on with the ending of a service: first the service itself and then,
// when that is gone, its log.
func (s *Scanner) stop(sl *slot, now time.Time) {
	sl.ask = time.Time{}
	sl.left = sl.main.pid == 0 && sl.isLeft()
	switch {
	case sl.left:
		// It takes a supervise to end a service.
		sl.ask = now.Add(askGap)
		if sl.main.due(now) && s.meet(sl, &sl.main, now) {
			s.startMain(sl, now)
		}
	case sl.main.pid == 0 && sl.logged:
		s.stopLog(sl, now)
	case sl.main.pid == 0:
	case sl.forced:
		s.tell(sl, &sl.main, "dkx", now)
	default:
		s.tell(sl, &sl.main, "dx", now)
	}
}

// stopLog ends the log of a service that is gone. As long as the pipe holds
// something its supervise stays what it was, so that a logger that dies is
// started again, and is itself started if it is missing. Then it is told that
// the next end of the logger is the last one, and after that the input ends:
// in this order, or it would start a logger that finds nothing.
func (s *Scanner) stopLog(sl *slot, now time.Time) {
	sl.ask = now.Add(askGap) // a pipe does not tell when it is empty
	if sl.gone.IsZero() {
		sl.gone, sl.quiet = now, now
	}
	left := sl.unread()
	if left > 0 {
		sl.quiet = now
	}
	noTime := sl.forced && now.Sub(sl.gone) >= patience
	switch {
	case left > 0 && sl.pipe[1] >= 0 && !noTime:
		if sl.log.due(now) && s.meet(sl, &sl.log, now) {
			s.startLog(sl, now)
		}
		if sl.log.pid != 0 {
			s.tell(sl, &sl.log, "uc", now) // it may be down or paused
		}
	case sl.log.pid == 0:
		closeEnd(&sl.pipe[1])
		// One whose supervise was killed ends by itself, at the end of its input.
		sl.left = now.Sub(sl.quiet) < patience && sl.hasLogger()
	case noTime:
		s.tell(sl, &sl.log, "dkx", now)
		closeEnd(&sl.pipe[1])
	case sl.forced || now.Sub(sl.quiet) >= patience:
		// It does not end at the end of its input, or a process that the
		// service has left behind holds the pipe.
		s.tell(sl, &sl.log, "dx", now)
		closeEnd(&sl.pipe[1])
	case s.tell(sl, &sl.log, "cx", now): // it may be paused with what it has read
		closeEnd(&sl.pipe[1])
	}
}

// isLeft reports whether the service runs although its supervise does not; with
// encore, it or its logger.
func (sl *slot) isLeft() bool {
	main, log := sl.leftIn(sl.name)
	return main || log
}

// hasLogger reports whether the logger runs.
func (sl *slot) hasLogger() bool {
	main, _ := sl.leftIn(sl.nameOf(&sl.log))
	return main
}

// leftIn tells which processes of a service directory run.
func (sl *slot) leftIn(dir string) (main, log bool) {
	fi, err := os.Stat(sl.name)
	if err != nil || idOf(fi) != sl.id {
		return false, false // its name is another's by now
	}
	control, err := ControlDir(dir)
	if err != nil {
		return false, false
	}
	m, l, _, _ := kept(control)
	return m.pid != 0, l.pid != 0
}

// unread is the number of bytes in the pipe.
func (sl *slot) unread() int {
	n, err := unix.IoctlGetInt(sl.pipe[0], fionread)
	if err != nil {
		return 0
	}
	return n
}

// tell gives letters to a supervise, once. If it does not listen yet, or its
// FIFO is full, that is tried again. One that cannot be reached at all, for its
// directory was deleted, can only be ended itself.
func (s *Scanner) tell(sl *slot, h *half, letters string, now time.Time) bool {
	if h.told == letters {
		return true
	}
	control, err := sl.control(h)
	if err == nil {
		err = sendNow(control, letters)
	}
	if err == nil {
		h.told, h.tries = letters, 0
		return true
	}
	sl.ask = now.Add(askGap)
	if h.tries++; h.tries == deafAfter {
		s.warn(fmt.Errorf("unable to control %s: %w", sl.nameOf(h), errnoOf(err)))
	}
	if h.tries >= deafAfter && sl.forced {
		h.kill(syscall.SIGTERM)
	}
	return false
}

func (sl *slot) nameOf(h *half) string {
	if h == &sl.log {
		return sl.name + "/log"
	}
	return sl.name
}

// control finds the control directory of a supervise by its name or, if that is
// another's by now, by the directory in which it works, where the system tells
// that. One that has just been started is not there yet.
func (sl *slot) control(h *half) (string, error) {
	for _, dir := range []string{sl.nameOf(h), workingDir(h.pid)} {
		if fi, err := os.Stat(dir); err == nil && idOf(fi) == h.dir {
			return ControlDir(dir)
		}
	}
	return "", unix.ENOENT
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
