package logpipe

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// source is a descriptor that lines are read from. It waits for input in a
// way that wake can end, and reads only when it is told to, never ahead: what
// was not asked for stays in the descriptor for whoever reads it next.
type source interface {
	// read reads once and does not wait: EAGAIN says that there is nothing
	// now, 0 bytes without an errno that there will never be. Only a step of
	// pump may call it.
	read(p []byte) (int, syscall.Errno)
	// widen lets a pipe hold that many bytes, if that is allowed.
	widen(size int)
	// pump calls step, and calls it again when it said more, or said wait
	// and there is input (or an end of it) to be had. It returns when step
	// says halt, or soon after a wake.
	pump(step func() verdict) error
	// nap waits that long, whatever comes. Only a step may call it.
	nap(d time.Duration)
	// wake ends a pump from any goroutine, also the next one if none runs.
	wake()
	// close gives up what the source has opened; the descriptor it was made
	// from stays open.
	close()
}

// verdict is what a step has found.
type verdict int

const (
	more verdict = iota // there may be more input at once
	wait                // the input is used up for now
	halt                // no step is wanted any more
)

// pollSource waits with poll(2), which every Unix has, and works with every
// descriptor. A pipe lets it be woken.
type pollSource struct {
	fd   int
	r, w *os.File // the wake-up pipe

	mu     sync.Mutex // guards closed
	closed bool
}

func newPollSource(fd int) (*pollSource, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &pollSource{fd: fd, r: r, w: w}, nil
}

func (s *pollSource) read(p []byte) (int, syscall.Errno) { return read(s.fd, p) }

func (s *pollSource) widen(size int) { widen(s.fd, size) }

func (s *pollSource) pump(step func() verdict) error {
	for {
		fds := []unix.PollFd{
			{Fd: int32(s.fd), Events: unix.POLLIN},
			{Fd: int32(s.r.Fd()), Events: unix.POLLIN},
		}
		if _, err := unix.Poll(fds, -1); err != nil && !errors.Is(err, syscall.EINTR) {
			return err
		}
		if fds[1].Revents != 0 {
			var b [1]byte
			_, err := s.r.Read(b[:])
			return err
		}
		// One read for one poll: the descriptor may be a blocking one.
		if fds[0].Revents != 0 && step() == halt {
			return nil
		}
	}
}

func (s *pollSource) nap(d time.Duration) { time.Sleep(d) }

func (s *pollSource) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		_, _ = s.w.Write([]byte{0}) // a full pipe wakes as well
	}
}

func (s *pollSource) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	_ = s.r.Close()
	_ = s.w.Close()
}
