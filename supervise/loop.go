package supervise

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Loop lets a service live. It waits in one poll(2) for commands, ends of
// processes and deadlines; while nothing is due it costs nothing.
type Loop struct {
	service   *Service
	strangers bool // reap every child of the process

	mu    sync.Mutex // guards all below
	asked string     // letters from Tell
	wake  [2]int     // a pipe that ends the waiting
	awake bool       // there is a byte in it
}

// NewLoop returns a loop for a service that has just been opened.
func NewLoop(s *Service) (*Loop, error) {
	l := &Loop{service: s}
	if err := pipe(l.wake[:]); err != nil {
		return nil, fmt.Errorf("unable to create pipe for %s: %w", s.name, err)
	}
	return l, nil
}

// ReapStrangers makes the loop reap every child of this process, see
// [HasStrangers]. Whoever calls it has a Tell("") follow each SIGCHLD, and lets
// nothing else in the process wait for children. It is called before Run.
func (l *Loop) ReapStrangers() {
	l.strangers, l.service.orphan = true, true
	l.Tell("") // one may have ended before anybody heard of it
}

// Tell gives command letters to the service, as svc does. It may be called from
// any goroutine; without letters it only wakes the loop.
func (l *Loop) Tell(letters string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked += letters
	if !l.awake {
		// One byte is enough, and has room always.
		_, _ = unix.Write(l.wake[1], []byte{0})
	}
	l.awake = true
}

// Run returns when the service has been told to end and has. The error is one
// of poll(2), which only a broken system gives.
func (l *Loop) Run() error {
	s := l.service
	defer l.close()
	s.begin(time.Now())
	var fds []unix.PollFd
	for !s.gone() {
		fds = append(fds[:0], unix.PollFd{Fd: int32(l.wake[0]), Events: unix.POLLIN})
		fds = s.watch(fds)
		_, err := unix.Poll(fds, timeout(s.deadline(), time.Now()))
		if err != nil && !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.EAGAIN) {
			return fmt.Errorf("unable to wait for %s: %w", s.name, err)
		}
		now := time.Now()
		if fds[0].Revents != 0 {
			s.command(l.take(), now)
		}
		if l.strangers {
			s.reapAll()
		}
		s.turn(now)
		if s.renewing && !s.gone() {
			l.renew()
		}
	}
	return nil
}

// take returns what Tell was given.
func (l *Loop) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b [1]byte
	_, _ = unix.Read(l.wake[0], b[:])
	asked := l.asked
	l.asked, l.awake = "", false
	return asked
}

func (l *Loop) close() {
	l.service.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = unix.Close(l.wake[0]), unix.Close(l.wake[1])
	l.wake = [2]int{-1, -1} // a Tell that comes now is too late
}

// timeout is the time until a deadline in milliseconds, rounded up so that it
// has passed when the waiting ends. -1 means for ever.
func timeout(deadline, now time.Time) int {
	if deadline.IsZero() {
		return -1
	}
	const most = time.Hour
	left := min(max(deadline.Sub(now), 0), most)
	return int((left + time.Millisecond - 1) / time.Millisecond)
}
