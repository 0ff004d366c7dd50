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

// slot is a service: an entry of the scan directory from the moment it is seen
// until it has been removed and has ended. Whether it has a log is decided
// once.
type slot struct {
	id     fileID
	name   string // of its entry
	logged bool
	pipe   [2]int // from main to log; -1: none, or closed

	main, log half
	refused   bool // the pipe of survivors could not be taken back
	seen      bool // at the last look
	listed    bool // seen, or its name leads nowhere for the moment

	// All below is about its end, see stop.
	stopping bool      // it is not started any more
	forced   bool      // by force
	left     bool      // a supervise that was killed has left a process that has not ended
	ask      time.Time // when to go on
	gone     time.Time // since when main has ended
	quiet    time.Time // when the pipe was last not empty
}

// half is one of the two supervises of a slot.
type half struct {
	pid   int       // 0: none runs
	dir   fileID    // in which it works
	next  time.Time // not to be started before
	told  string    // the letters it was given last
	tries int       // how often it could not be told

	old     *survivor // nil: a child, or none
	has     fileID    // the pipe at its end
	foreign bool      // that is another than that of the slot
	puzzled int       // how often nobody was found who holds its lock
}

// newSlot makes a slot for a directory, takes over what runs of it, and starts
// nothing yet.
func (s *Scanner) newSlot(id fileID, name string) (*slot, error) {
	sl := &slot{id: id, name: name, pipe: [2]int{-1, -1}, seen: true, listed: true}
	var err error
	if sl.logged, err = s.isLogged(name); err != nil {
		return nil, err
	}
	now := time.Now()
	s.meet(sl, &sl.main, now)
	if !sl.logged {
		return sl, nil
	}
	s.meet(sl, &sl.log, now)
	if err = s.takeBack(sl); err == nil {
		err = spare()
	}
	if err != nil {
		s.drop(sl)
		return nil, fmt.Errorf("unable to create pipe for %s: %w", name, err)
	}
	return sl, nil
}

// spare looks whether there are the two descriptors that a start needs for a
// moment.
func spare() error {
	var p [2]int
	if err := pipe(p[:]); err != nil {
		return err
	}
	_, _ = unix.Close(p[0]), unix.Close(p[1])
	return nil
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

// see notes that an entry leads to the service. What is started next is called
// by its first name.
func (sl *slot) see(name string) {
	if !sl.seen {
		sl.name = name
	}
	sl.seen, sl.listed = true, true
}

// goOn starts what has to run, or goes on with stopping.
func (s *Scanner) goOn(sl *slot, now time.Time) {
	switch {
	case sl.stopping:
		s.stop(sl, now)
	case sl.seen:
		if sl.main.due(now) && s.meet(sl, &sl.main, now) {
			s.startMain(sl, now)
		}
		if sl.logged && sl.log.due(now) && s.meet(sl, &sl.log, now) {
			s.startLog(sl, now)
		}
		s.rejoin(sl, now)
	}
}

func (h *half) due(now time.Time) bool { return h.pid == 0 && !now.Before(h.next) }

// ended decides when a supervise is started again. One that was asked to leave
// leaves time in which its entry may be removed, until later; one that died is
// needed at once, unless it dies all the time.
func (h *half) ended(status syscall.WaitStatus, later time.Time) {
	if h.old != nil {
		h.old.close()
	}
	if status.Exited() && status.ExitStatus() == 0 && !h.foreign { // or rejoin has told it to
		h.next = later
	}
	h.pid, h.old, h.foreign = 0, nil, false
}

// deadline is when goOn has something to do; zero means never.
func (sl *slot) deadline() time.Time {
	if sl.stopping {
		return sl.ask
	}
	var first time.Time
	if sl.seen && sl.main.pid == 0 {
		first = sl.main.next
	}
	if sl.seen && sl.logged && sl.log.pid == 0 {
		first = earlier(first, sl.log.next)
	}
	return first
}

// isOver reports whether nothing of the service is left, nor to come.
func (sl *slot) isOver() bool {
	switch {
	case sl.main.pid != 0 || sl.log.pid != 0 || sl.left:
		return false
	case sl.stopping:
		return sl.pipe[1] < 0
	}
	return !sl.seen
}

// drop lets go of a slot and of those that were taken over.
func (s *Scanner) drop(sl *slot) {
	for _, h := range []*half{&sl.main, &sl.log} {
		if h.old != nil {
			h.old.close()
			delete(s.halves, h.pid)
		}
	}
	sl.close()
}

func (sl *slot) close() {
	closeEnd(&sl.pipe[0])
	closeEnd(&sl.pipe[1])
}

func closeEnd(fd *int) {
	if *fd >= 0 {
		_ = unix.Close(*fd)
		*fd = -1
	}
}
