package logpipe

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// widePipe is what an input pipe is enlarged to at most. More would gain
// nothing, and an unprivileged user's pipes share a quota.
const widePipe = 512 << 10

// Run reads lines from in until its end or until Stop, whichever is first. It
// reads nothing that it does not also put into the files, so that after a
// Stop the rest of the input is there for the next reader. It does not close
// in, nor the pipe.
//
// An input that fails is said by an error, and like an end otherwise.
func (p *Pipe) Run(in *os.File) error {
	src, err := newSource(int(in.Fd()))
	if err == nil {
		defer src.close()
		if p.intake.on || p.opt.Spool && (p.script.Reloads() || !p.intake.miss.IsZero()) {
			src = p.spooled(src)
			defer func() { p.input = -1 }()
		}
		err = p.run(src)
	}
	if err != nil {
		return fmt.Errorf("unable to read standard input: %w", errnoOf(err))
	}
	return nil
}

func (p *Pipe) run(src source) error {
	p.setWake(src.wake)
	defer p.setWake(nil)
	r := reading{p: p, src: src, pace: newPace(p.opt.Linger), pipe: 64 << 10} // a pipe's size to begin with
	for {
		// A wake ends a pump, the next one if none runs: what was asked for
		// is done here even if no input ever comes.
		p.obey()
		if r.ended || p.left || p.stopped() {
			return r.err
		}
		if err := src.pump(r.step); err != nil {
			return err
		}
	}
}

// stopped reports whether Stop was called and the pipe is between lines.
func (p *Pipe) stopped() bool { return p.stopping.Load() && p.start < 0 && !p.intake.behind() }

func (p *Pipe) setWake(wake func()) {
	p.wakeMu.Lock()
	defer p.wakeMu.Unlock()
	p.wake = wake
}

// reading is one Run.
type reading struct {
	p     *Pipe
	src   source
	pace  pace
	ended bool
	err   error
	pipe  int  // how much the input pipe holds, as far as we know
	busy  bool // Options.Busy was called
}

// step reads once and brings what it got into the files.
func (r *reading) step() verdict {
	p := r.p
	p.obey()
	if p.stopped() {
		return r.end(nil)
	}
	if p.left || p.leaves() {
		p.left = true
		return r.end(nil)
	}
	buf := p.space()
	if (p.stopping.Load() || p.reloading.Load()) && !p.intake.behind() {
		buf = buf[:1] // up to the end of the line and not a byte further
	}
	n, errno := r.src.read(buf)
	switch {
	case n > 0:
		if p.took(n); p.left {
			return r.end(nil)
		}
		r.pace.took(n)
		switch {
		case p.intake.behind():
		case n < len(buf):
			r.pace.napped(r.src) // that was all there was
		case n >= smallBatch:
			r.grow()
		}
		return more
	case errno == 0:
		return r.end(nil)
	case errno == syscall.EINTR:
		return more
	case errno == syscall.EAGAIN && r.pace.napped(r.src):
		return more
	case errno == syscall.EAGAIN:
		return wait
	}
	return r.end(errno)
}

// grow doubles the buffers, for a read has filled them: input comes faster
// than they are emptied. A pipe is to hold several of them, so that its
// writer need not wait for us.
func (r *reading) grow() {
	size := r.p.grow()
	if size == largeBatch && !r.busy && r.p.opt.Busy != nil {
		r.busy = true
		r.p.opt.Busy()
	}
	if want := min(4*size, widePipe); want > r.pipe {
		r.pipe = want
		r.src.widen(want)
	}
}

func (r *reading) end(err error) verdict {
	r.ended, r.err = true, err
	return halt
}

// errnoOf is the reason behind an error, bare.
func errnoOf(err error) error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno
	}
	return err
}

// Widen enlarges the pipe behind f, if there is one and it may be, so that
// its writer waits less often.
func Widen(f *os.File) { widen(int(f.Fd()), widePipe) }
