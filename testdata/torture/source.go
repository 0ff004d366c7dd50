//go:build linux

package main

import (
	"errors"
	"os"
	"sync/atomic"
	"time"
)

// patience is how long a writer may be kept waiting before a storm is given up.
const patience = 30 * time.Second

// source writes the lines of a form until it is stopped.
type source struct {
	form form
	w    *os.File
	pace time.Duration // between two writes; 0 is as fast as they are taken
	size int           // bytes of a write, about

	writes atomic.Int64 // that have ended
	began  atomic.Int64 // when the write was begun that has not ended; 0 if there is none

	stop  chan struct{}
	done  chan struct{}
	lines int           // written; once done is closed
	stall time.Duration // the longest that a write took; once done is closed
	err   error
}

func (s *source) start() {
	s.stop, s.done = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(s.done)
		s.err = s.run()
	}()
}

// end stops it and tells what it could not do.
func (s *source) end() error {
	close(s.stop)
	<-s.done
	return s.err
}

// waits is for how long the writer has been kept waiting.
func (s *source) waits() time.Duration {
	began := s.began.Load()
	if began == 0 {
		return 0
	}
	return time.Since(time.Unix(0, began))
}

func (s *source) run() error {
	var b []byte
	for {
		n := s.lines
		for b = b[:0]; len(b) < s.size; n++ {
			b = s.form.text(b, n)
		}
		began := time.Now()
		s.began.Store(began.UnixNano())
		if err := s.w.SetWriteDeadline(began.Add(patience)); err != nil {
			return err
		}
		if _, err := s.w.Write(b); err != nil {
			s.stall = max(s.stall, time.Since(began))
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return errors.New("the writer got rid of nothing for " + patience.String())
			}
			return err
		}
		s.stall = max(s.stall, time.Since(began))
		s.began.Store(0)
		s.writes.Add(1)
		s.lines = n
		select {
		case <-s.stop:
			return nil
		case <-time.After(s.pace):
		}
	}
}
