package logpipe

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// statusSize is what a status file holds: a head and newlines.
const statusSize = headSize + 1 // on disk; fixed

// statusFile is the file of an '=' word. It shows the last line selected for
// it, written over what was there.
type statusFile struct {
	path  string
	f     *os.File
	line  [statusSize]byte
	size  int  // of the head in line
	fresh bool // line is not in the file yet
}

// openStatus makes the file if it is missing, and leaves what it holds.
func openStatus(path string) (*statusFile, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, fmt.Errorf("unable to create %s: %w", path, errnoOf(err))
	}
	_ = f.Close()
	f, err = os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("unable to write %s: %w", path, errnoOf(err))
	}
	return &statusFile{path: path, f: f}, nil
}

// shared returns the one of earlier that is the same file, or else s: the last
// line that any word has set is the one to be shown.
func (s *statusFile) shared(earlier []*statusFile) *statusFile {
	mine, err := s.f.Stat()
	if err != nil {
		return s
	}
	for _, e := range earlier {
		if fi, err := e.f.Stat(); err == nil && os.SameFile(mine, fi) {
			_ = s.f.Close()
			return e
		}
	}
	return s
}

// set makes head the line to be shown.
func (s *statusFile) set(head []byte) {
	s.size, s.fresh = copy(s.line[:], head), true
}

// flush writes the last line that was set: of several in one batch a reader
// could hardly have seen the others.
func (s *statusFile) flush(p *Pipe) {
	for s.fresh {
		err := s.write()
		if err == nil || !p.retry(err) {
			s.fresh = false
		}
	}
}

// write writes at the start of the file, leaving alone what a longer file
// holds beyond.
func (s *statusFile) write() error {
	for i := s.size; i < statusSize; i++ {
		s.line[i] = '\n'
	}
	if _, err := s.f.Seek(0, 0); err != nil {
		return fmt.Errorf("unable to move to beginning of %s: %w", s.path, errnoOf(err))
	}
	if _, err := s.f.Write(s.line[:]); err != nil {
		return fmt.Errorf("unable to write %s: %w", s.path, errnoOf(err))
	}
	return nil
}

// close closes the file; it may be called again.
func (s *statusFile) close() error {
	if err := s.f.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
