package logpipe

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
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
	wait  bool // that failed, and will be tried again
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
// could hardly have seen the others. Where that fails the pipe goes on, for no log
// is to wait for a status, and tries again after a pause.
func (s *statusFile) flush(p *Pipe) {
	if !s.fresh || s.wait {
		return
	}
	err := s.write()
	if s.fresh = err != nil; !s.fresh {
		return
	}
	s.wait = true
	if p.opt.Warn != nil {
		p.opt.Warn(err, true)
	}
	if p.retouch == nil {
		p.retouch = time.AfterFunc(p.opt.Pause, func() {
			p.touching.Store(true)
			p.interrupt()
		})
	}
}

// touch tries again to write what could not be written.
func (p *Pipe) touch() {
	p.untouch()
	for _, s := range p.statuses {
		s.wait = false
		s.flush(p)
	}
}

// untouch ends the pause of all status files.
func (p *Pipe) untouch() {
	if p.retouch != nil {
		p.retouch.Stop()
		p.retouch = nil
	}
	p.touching.Store(false)
}

// finish tries a last time, and closes the file.
func (s *statusFile) finish(p *Pipe) error {
	if s.fresh {
		if err := s.write(); err != nil {
			p.warn(err)
		}
	}
	return s.close()
}

// write puts a new file in the place of the old one, or where that cannot be
// done writes at the start of the file, leaving alone what a longer file holds
// beyond.
func (s *statusFile) write() error {
	for i := s.size; i < statusSize; i++ {
		s.line[i] = '\n'
	}
	if s.replace() {
		return nil
	}
	if _, err := s.f.Seek(0, 0); err != nil {
		return fmt.Errorf("unable to move to beginning of %s: %w", s.path, errnoOf(err))
	}
	if _, err := s.f.Write(s.line[:]); err != nil {
		return fmt.Errorf("unable to write %s: %w", s.path, errnoOf(err))
	}
	return nil
}

// replace renames a new file over the old one, so that no reader sees parts of two
// lines. It reports whether it could: not for a device, a link or a longer file, nor
// for one that somebody has moved, nor where there is no permission or no space.
func (s *statusFile) replace() bool {
	old, err := s.f.Stat()
	if err != nil || !old.Mode().IsRegular() || old.Size() > statusSize {
		return false
	}
	named, err := os.Lstat(s.path)
	st, ok := old.Sys().(*syscall.Stat_t)
	if err != nil || !ok || !os.SameFile(old, named) || st.Nlink != 1 {
		return false
	}
	next := s.path + ".new"
	if left, err := os.Lstat(next); err == nil && left.Mode().IsRegular() && left.Size() <= statusSize {
		_ = os.Remove(next) // of one that was killed here
	}
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false
	}
	if s.fill(f, old.Mode(), st) != nil || os.Rename(next, s.path) != nil {
		_, _ = f.Close(), os.Remove(next)
		return false
	}
	_ = s.f.Close() // the old file, which has no name any more
	s.f = f
	return true
}

// fill makes a file what the old one is, but for the line.
func (s *statusFile) fill(f *os.File, mode os.FileMode, st *syscall.Stat_t) error {
	err := f.Chmod(mode)
	if fi, e := f.Stat(); err == nil && e == nil {
		if own, ok := fi.Sys().(*syscall.Stat_t); ok && (own.Uid != st.Uid || own.Gid != st.Gid) {
			err = f.Chown(int(st.Uid), int(st.Gid))
		}
	}
	if err == nil {
		_, err = f.Write(s.line[:])
	}
	return err
}

// close closes the file; it may be called again.
func (s *statusFile) close() error {
	if err := s.f.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
