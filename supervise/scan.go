package supervise

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// sweepGap is the time between two looks at the whole scan directory, and
	// between two starts of a supervise that does not stay.
	sweepGap = 5 * time.Second
	// settled is how old the last change of a new directory has to be before
	// it is started ahead of the next sweep: who makes a service in place makes
	// run first and log after it, or the other way round.
	settled = 30 * time.Millisecond
)

// ScanOptions say how a scan directory is looked after. The zero value does
// what svscan of 0.76 does.
type ScanOptions struct {
	// Supervise are the files that may be the program supervise, in the order
	// in which they are tried.
	Supervise []string
	// Encore lets every service behave as one of daemontools-encore.
	Encore bool
	// StopRemoved stops a service as soon as its entry is removed.
	StopRemoved bool
	// Warn is told what went wrong; nil drops it.
	Warn func(error)
}

// Scanner looks after a scan directory: each entry that is a directory is a
// service with a supervise of its own, and with a second one for its log if it
// has any, joined by a pipe that outlives both.
//
// The scan directory is the working directory of the process, as that of
// svscan is: its children name services by their entries. Ask and Reap may be
// called from any goroutine, Run is called once.
type Scanner struct {
	opt    ScanOptions
	slots  map[fileID]*slot
	order  []*slot       // as they were first seen
	halves map[int]*half // by pid

	changes int // tells of changes of the directory; -1 if the system cannot
	sweep   time.Time
	soon    time.Time // when to look again at what has not settled; zero: never

	mu    sync.Mutex // guards all below
	asked Request
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
	force                      // Stop was asked for again
)

// fileID tells directories apart.
type fileID struct{ dev, ino uint64 }

// NewScanner returns a scanner for the working directory.
func NewScanner(opt ScanOptions) (*Scanner, error) {
	s := &Scanner{opt: opt, slots: map[fileID]*slot{}, halves: map[int]*half{}}
	if err := pipe(s.wake[:]); err != nil {
		return nil, fmt.Errorf("unable to create pipe: %w", err)
	}
	_ = unix.SetNonblock(s.wake[0], true)
	_ = unix.SetNonblock(s.wake[1], true) // a full pipe wakes as well
	s.changes = watchChanges(".")
	return s, nil
}

// Ask makes a request. It may be called from any goroutine.
func (s *Scanner) Ask(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r&s.asked&Stop != 0 {
		r |= force
	}
	s.asked |= r
	_, _ = unix.Write(s.wake[1], []byte{0})
}

// Run looks after the directory until it is asked to stop or to leave.
func (s *Scanner) Run() error {
	defer s.close()
	for {
		now := time.Now()
		r := s.requests()
		s.reap(now)
		switch {
		case r&Leave != 0:
			return nil
		case r&Stop != 0:
			if s.stopAll(r&force != 0, now); len(s.halves) == 0 {
				return nil
			}
		default:
			s.look(r&Rescan != 0, now)
		}
		for _, sl := range s.order {
			s.goOn(sl, now)
		}
		s.forget()
		if err := s.wait(); err != nil {
			return err
		}
	}
}

// requests takes what was asked for; Stop stays.
func (s *Scanner) requests() Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b [64]byte
	for {
		if n, err := unix.Read(s.wake[0], b[:]); n < len(b) || err != nil {
			break
		}
	}
	r := s.asked
	s.asked &= Stop
	return r
}

// wait waits for a request, a change or a deadline.
func (s *Scanner) wait() error {
	fds := []unix.PollFd{
		{Fd: int32(s.wake[0]), Events: unix.POLLIN},
		{Fd: int32(s.changes), Events: unix.POLLIN},
	}
	_, err := unix.Poll(fds, timeout(s.deadline(), time.Now()))
	if err != nil && !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.EAGAIN) {
		return fmt.Errorf("unable to wait: %w", err)
	}
	if fds[1].Revents != 0 {
		s.soon = time.Now() // and the look shows what has changed
		takeChanges(s.changes)
	}
	return nil
}

func (s *Scanner) deadline() time.Time {
	first := s.sweep
	earlier := func(t time.Time) {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	earlier(s.soon)
	for _, sl := range s.order {
		earlier(sl.deadline())
	}
	return first
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
			h.ended(status, now)
		}
	}
}

// look looks at the directory if it is time to, or if it has changed.
func (s *Scanner) look(rescan bool, now time.Time) {
	sweep := rescan || !now.Before(s.sweep)
	if !sweep && (s.soon.IsZero() || now.Before(s.soon)) {
		return
	}
	s.soon = time.Time{}
	if sweep {
		s.sweep = now.Add(sweepGap)
	}
	names, err := entries()
	if err != nil {
		if sweep {
			s.warn(fmt.Errorf("unable to read directory: %w", errnoOf(err)))
		}
		return
	}
	for _, sl := range s.order {
		sl.seen = false
	}
	for _, name := range names {
		s.check(name, sweep, now)
	}
	for _, sl := range s.order {
		if !sl.seen && (rescan || s.opt.StopRemoved) {
			sl.stopping = true
		}
	}
}

// entries lists the scan directory in its own order: of two names for one
// directory the first one counts.
func entries() ([]string, error) {
	d, err := os.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

// check takes an entry under supervision if it is a service. What is wrong with
// it is said at a sweep only.
func (s *Scanner) check(name string, sweep bool, now time.Time) {
	if name[0] == '.' {
		return
	}
	fi, err := os.Stat(name)
	if err != nil {
		if sweep {
			s.warn(fmt.Errorf("unable to stat %s: %w", name, errnoOf(err)))
		}
		return
	}
	if !fi.IsDir() {
		return
	}
	id := idOf(fi)
	if sl := s.slots[id]; sl != nil {
		sl.seen = true
		return
	}
	if !sweep && !s.ready(name, fi, now) {
		return
	}
	sl, err := s.newSlot(name)
	if err != nil {
		if sweep {
			s.warn(err)
		}
		return
	}
	s.slots[id] = sl
	s.order = append(s.order, sl)
}

// ready reports whether a new directory need not wait for the sweep: it has a
// run, and nobody is just making it.
func (s *Scanner) ready(name string, fi fs.FileInfo, now time.Time) bool {
	if age := now.Sub(fi.ModTime()); age >= 0 && age < settled {
		if again := now.Add(settled - age); s.soon.IsZero() || again.Before(s.soon) {
			s.soon = again
		}
		return false
	}
	_, err := os.Stat(name + "/run")
	return err == nil
}

// forget drops the slots of removed services that have ended.
func (s *Scanner) forget() {
	kept := s.order[:0]
	for _, sl := range s.order {
		if sl.main.pid != 0 || sl.log.pid != 0 || sl.seen && !sl.stopping {
			kept = append(kept, sl)
			continue
		}
		sl.close()
		delete(s.slots, sl.id)
	}
	clear(s.order[len(kept):])
	s.order = kept
}

// close lets go of everything; what runs goes on.
func (s *Scanner) close() {
	for _, sl := range s.order {
		sl.close()
	}
	if s.changes >= 0 {
		_ = unix.Close(s.changes)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = unix.Close(s.wake[0]), unix.Close(s.wake[1])
	s.wake = [2]int{-1, -1}
}

func (s *Scanner) warn(err error) {
	if s.opt.Warn != nil {
		s.opt.Warn(err)
	}
}

func idOf(fi fs.FileInfo) fileID {
	st := fi.Sys().(*syscall.Stat_t)
	return fileID{uint64(st.Dev), uint64(st.Ino)}
}
