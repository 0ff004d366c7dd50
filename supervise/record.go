package supervise

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

var errPartial = errors.New("partial write")

// writeStatus replaces the status record, so that a reader sees the old one or
// the new one whole. It is not put on disk: after a power loss nobody runs.
func (s *Service) writeStatus() {
	at("recording")
	defer at("recorded")
	b, err := s.status().AppendBinary(nil)
	if err != nil {
		s.warn(err)
		return
	}
	fresh, name := s.ctl+"/status.new", s.ctlSay+"/status.new"
	fd, err := create(fresh, unix.O_TRUNC, 0o644)
	if err != nil {
		s.warn(fmt.Errorf("unable to open %s: %w", name, err))
		return
	}
	n, err := again(func() (int, error) { return unix.Write(fd, b) })
	if err == nil && n < len(b) {
		err = errPartial
	}
	if cerr := unix.Close(fd); err == nil {
		err = cerr
	}
	if err != nil {
		s.warn(fmt.Errorf("unable to write %s: %w", name, err))
		return
	}
	if err := unix.Rename(fresh, s.ctl+"/status"); err != nil {
		s.warn(fmt.Errorf("unable to rename %s to status: %w", name, err))
		return
	}
	s.kept.status[0] = sumOf(b)
}

// create opens a file for writing and makes it if it is missing. Its error is
// bare, and the descriptor stays out of the runtime's poller, which would cost
// a process another thread.
func create(path string, flags int, mode uint32) (int, error) {
	return again(func() (int, error) {
		return unix.Open(path, unix.O_WRONLY|unix.O_CREAT|unix.O_NONBLOCK|unix.O_CLOEXEC|flags, mode)
	})
}

// status is what there is to record.
func (s *Service) status() Status {
	st := s.main.status()
	st.Extended = s.encore
	if s.log != nil {
		log := s.log.status()
		st.Log = &log
	}
	return st
}
