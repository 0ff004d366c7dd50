package supervise

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sweepGap is the time between two looks at the whole scan directory, and
// between two starts of a supervise that does not stay.
const sweepGap = 5 * time.Second

// ScanOptions say how a scan directory is looked after. The zero value does
// what svscan of 0.76 does.
type ScanOptions struct {
	// Supervise are the files that may be the program supervise, in the order
	// in which they are tried.
	Supervise []string
	// Env is the environment of every supervise; nil means that of the process.
	Env []string
	// Encore lets every service behave as one of daemontools-encore.
	Encore bool
	// StopRemoved stops a service as soon as its entry is removed.
	StopRemoved bool
	// Warn is told what went wrong; nil drops it.
	Warn func(error)
	// Renew lets the process become another program that finds state and has
	// the descriptors of keep; it returns if that fails, or nil if something else
	// is asked for, see Asked. nil cannot.
	Renew func(state string, keep []int) error
	// State is what such a program finds, or empty.
	State string
}

// Scanner looks after a scan directory: each entry that is a directory is a
// service with a supervise of its own, and with a second one for its log if it
// has any, joined by a pipe that outlives both.
//
// It is made for a process of its own: the scan directory is the working
// directory, so that the children name services by their entries, it waits for
// every child there is, and SIGPIPE must not kill it, for a supervise may die
// while it is told something. Ask may be called from any goroutine, Run is
// called once.
type Scanner struct {
	opt    ScanOptions
	gap    time.Duration // sweepGap; tests have others
	slots  map[fileID]*slot
	order  []*slot       // as they were first seen
	halves map[int]*half // by pid

	guard   guard
	changes int       // tells of changes of the directory; -1 if the system cannot
	looked  time.Time // the last time
	sweep   time.Time // when to look at everything
	soon    time.Time // when to look at what has changed or settled; zero: never

	begun   time.Time // when Run was called
	passOn  bool      // the supervises are to be renewed as well
	settled bool      // nobody else is starting anything, see settle

	locks map[uint64][]int // who holds locks, in this turn of Run; nil: not read yet

	mu    sync.Mutex // guards all below
	asked Request
	stops int // how often Stop was asked for
	wake  [2]int
}

// Request is what a scanner can be asked for.
type Request uint8

// The requests; they are bits.
const (
	Reap   Request = 1 << iota // a child may have ended
	Rescan                     // look now, and stop what has been removed
	Stop                       // stop everything and return; twice: by force
	Leave                      // return, and leave everything running
	Renew                      // become what is installed by now
)

// NewScanner returns a scanner for the working directory.
func NewScanner(opt ScanOptions) (*Scanner, error) {
	if opt.Env == nil {
		opt.Env = syscall.Environ()
	}
	s := &Scanner{opt: opt, gap: sweepGap, slots: map[fileID]*slot{}, halves: map[int]*half{}, guard: guard{fd: -1}}
	if err := pipe(s.wake[:]); err != nil {
		return nil, fmt.Errorf("unable to create pipe: %w", err)
	}
	_ = unix.SetNonblock(s.wake[0], true)
	_ = unix.SetNonblock(s.wake[1], true) // a full pipe wakes as well
	s.changes = watchChanges(".")
	if opt.State != "" {
		if err := s.restore(opt.State, time.Now()); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Ask makes requests. It may be called from any goroutine.
func (s *Scanner) Ask(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked |= r
	if r&Stop != 0 {
		s.stops++
	}
	_, _ = unix.Write(s.wake[1], []byte{0})
}

// Run looks after the directory until it is asked to stop or to leave.
func (s *Scanner) Run() error {
	defer s.close()
	s.begun = time.Now()
	for {
		now := time.Now()
		r, stops := s.requests()
		s.locks = nil
		s.reap(now)
		s.tend(now)
		if !s.alone(now) {
			if stops > 0 || r&Leave != 0 {
				return nil // nothing is ours
			}
			s.sweep = time.Time{}
			if err := s.wait(); err != nil {
				return err
			}
			continue
		}
		switch {
		case r&Leave != 0:
			return nil
		case stops > 0:
			if s.looked.IsZero() {
				s.look(false, now) // what an earlier svscan has left is to stop as well
			}
			s.stopAll(stops > 1, now)
		default:
			if r&Renew != 0 {
				s.renew(now)
			}
			s.passOnRenewal()
			s.look(r&Rescan != 0, now)
		}
		starting := s.settle(now)
		for _, sl := range s.order {
			if !starting || sl.stopping {
				s.goOn(sl, now)
			}
		}
		s.forget(now)
		if stops > 0 && len(s.order) == 0 {
			return nil
		}
		if err := s.wait(); err != nil {
			return err
		}
	}
}

// requests takes what was asked for.
func (s *Scanner) requests() (r Request, stops int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	empty(s.wake[0])
	r, s.asked = s.asked, 0
	return r, s.stops
}

// empty takes what can be read from a descriptor: that it came is all it says.
func empty(fd int) {
	var b [4096]byte
	for {
		if n, err := unix.Read(fd, b[:]); n <= 0 || err != nil {
			return
		}
	}
}

// wait waits for a request, a change or a deadline.
func (s *Scanner) wait() error {
	fds := []unix.PollFd{
		{Fd: int32(s.wake[0]), Events: unix.POLLIN},
		{Fd: int32(s.changes), Events: unix.POLLIN},
	}
	fds, olds := s.watch(fds)
	now := time.Now()
	_, err := unix.Poll(fds, timeout(s.deadline(now), now))
	if err != nil && !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.EAGAIN) {
		return fmt.Errorf("unable to wait: %w", err)
	}
	if fds[1].Revents != 0 {
		empty(s.changes)
		s.soon = s.looked.Add(lookGap) // and the look shows what has changed
	}
	for i, sv := range olds {
		sv.over = sv.over || fds[len(fds)-len(olds)+i].Revents != 0
	}
	return nil
}

// watch appends the pidfds of those that were taken over.
func (s *Scanner) watch(fds []unix.PollFd) ([]unix.PollFd, []*survivor) {
	var olds []*survivor
	for _, sl := range s.order {
		for _, h := range []*half{&sl.main, &sl.log} {
			if h.old != nil && h.old.fd >= 0 && !h.old.over {
				olds = append(olds, h.old)
				fds = append(fds, unix.PollFd{Fd: int32(h.old.fd), Events: unix.POLLIN})
			}
		}
	}
	if sv := s.guard.rival; sv != nil && sv.fd >= 0 {
		olds = append(olds, sv)
		fds = append(fds, unix.PollFd{Fd: int32(sv.fd), Events: unix.POLLIN})
	}
	return fds, olds
}

// deadline is when Run has something to do at the latest.
func (s *Scanner) deadline(now time.Time) time.Time {
	first := earlier(s.sweep, s.soon)
	if s.guard.rival != nil {
		return now.Add(s.gap)
	}
	if !s.settled {
		first = earlier(first, now.Add(lookGap))
	}
	for _, sl := range s.order {
		first = earlier(first, sl.deadline())
		for _, h := range []*half{&sl.main, &sl.log} {
			if h.old != nil {
				first = earlier(first, h.old.deadline(now, s.lookGap(sl)))
			}
		}
	}
	return first
}

// earlier is the earlier one of two deadlines; zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// reap learns which supervises have ended. Any other child, which an init gets
// from everywhere, only has to be waited for.
func (s *Scanner) reap(now time.Time) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil || pid <= 0:
			return
		}
		if h := s.halves[pid]; h != nil {
			delete(s.halves, pid)
			h.ended(status, now.Add(s.gap))
		}
	}
}

// close lets go of everything; what runs goes on.
func (s *Scanner) close() {
	for _, sl := range s.order {
		s.drop(sl)
	}
	s.guard.close()
	if s.changes >= 0 {
		_ = unix.Close(s.changes)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = unix.Close(s.wake[0]), unix.Close(s.wake[1])
	s.wake = [2]int{-1, -1} // an Ask that comes now is too late
}

func (s *Scanner) warn(err error) {
	if s.opt.Warn != nil {
		s.opt.Warn(err)
	}
}
