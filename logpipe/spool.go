package logpipe

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/tailight/tailight/rotate"
)

// spoolSource reads a pipe through a spool: what it has read is in a file that
// outlives the process, and is in no other place any more.
type spoolSource struct {
	source
	fd int // what the source reads
	p  *Pipe
}

// spooled returns a source that reads as src does, through the spool as long as
// there is one.
func (p *Pipe) spooled(src source) source {
	if fd, ok := pipeOf(src); ok {
		p.input = fd
		return &spoolSource{src, fd, p}
	}
	p.opt.Spool = false
	_ = p.giveUp() // or Close says what is left
	return src
}

func (s *spoolSource) read(b []byte) (int, syscall.Errno) {
	in := &s.p.intake
	if !in.on && !s.p.beginLate() {
		return s.source.read(b)
	}
	n, err := s.take(len(b))
	errno, _ := errors.AsType[syscall.Errno](err)
	switch errno {
	case 0:
		if err == nil {
			return s.readBack(b[:min(n, len(b))])
		}
	case syscall.EAGAIN, syscall.EINTR:
		return 0, errno
	case syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS:
		// Nothing has been taken, and nothing will be that a kill could take. Where
		// all is read-only, lines in memory could go nowhere.
		full := &rotate.Error{Text: fmt.Sprintf("unable to write to %s/spool", in.home.path), Err: errno}
		if in.dirs[0].dir.MakeRoom(full) || s.p.retryBeside(full) {
			return 0, syscall.EINTR
		}
		s.p.left = s.p.start >= 0 // what there is of a line stays in the spool
		return 0, 0
	}
	// Nothing has been taken: a file system without splice.
	s.p.plainly(fmt.Errorf("unable to write to the spool: %w", err))
	return s.source.read(b)
}

// take returns how much the spool has that was not read back yet, and takes more
// only if there is nothing.
func (s *spoolSource) take(most int) (int, error) {
	in := &s.p.intake
	if in.behind() {
		return int(in.until() - in.seen), nil
	}
	return in.spool.Take(s.fd, most)
}

// readBack looks at what was just taken where it lies, or reads it. It is in memory, so
// this does not wait.
func (s *spoolSource) readBack(b []byte) (int, syscall.Errno) {
	in, p := &s.p.intake, s.p
	if v := in.spool.View(in.seen, len(b)); v != nil {
		p.view = v
		return len(b), 0
	}
	for {
		err := in.spool.ReadAt(b, in.seen)
		if err == nil {
			return len(b), 0
		}
		if !p.retry(err) {
			return 0, syscall.EIO // Close leaves it to the next start
		}
	}
}
