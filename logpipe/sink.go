package logpipe

import (
	"errors"
	"time"

	"github.com/tailight/tailight/rotate"
	"github.com/tailight/tailight/tai64"
)

// sink is a destination of lines: a log directory or a plain file.
type sink interface {
	// write puts all of p into the destination, trying until it works.
	write(p []byte)
	// rotate starts a new file unless the present one is empty.
	rotate()
	// close ends in good order.
	close() error
	// abandon closes as a crash would.
	abandon()
}

// open opens a destination of a script. The first directory is home to the spool.
func (p *Pipe) open(o opening, s *Script, home bool) (*outlet, error) {
	out := &outlet{path: o.path, taking: true, place: -1}
	var err error
	switch {
	case o.tee > 0:
		out.sink = p.openTee(o.tee)
	case o.dir:
		var d *rotate.Dir
		d, err = p.openDir(o, s, home, out)
		out.sink = dirSink{d, p}
	default:
		var f *rotate.File
		f, err = rotate.OpenFile(o.path, rotate.FileOptions{
			Size: o.size, Num: o.num, Age: o.keep, Compress: o.compress == rotate.Gzip,
		})
		out.sink = fileSink{f, p}
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (p *Pipe) openDir(o opening, s *Script, home bool, out *outlet) (*rotate.Dir, error) {
	clock := p.clock
	if s.stamp == unstamped && s.timed() {
		// The names of files must not take the stamps that rate= goes by.
		clock = &tai64.Clock{Now: p.clock.Now}
	}
	return rotate.Open(o.path, rotate.Options{
		Size: o.size, Num: o.num, Processor: o.processor, HasProcessor: o.hasProcessor,
		Suffix: o.suffix, HasSuffix: true, Sync: o.sync, Full: o.full, MaxTotal: o.total, MaxAge: o.keep,
		Compress: o.compress, Every: o.every, Old: p.grownOld,
		Clock: clock, Stamped: s.stamp != unstamped, Stamps: s.stamp.text(),
		Retry: p.retry, Beside: p.retryBeside, Wait: p.awaitEnd, Warn: p.warn,
		Spool: home, Survived: p.survived(),
		Turning: func(at rotate.Place) { p.turned(out, at) },
	})
}

// retry is the policy for every step that fails: say why, wait, do the same
// step again. Nobody gives a line up; but when the pipe is to stop, a step
// that holds none, or whose lines the spool has, is left for the next start to
// finish. Input runs on into the spool meanwhile.
func (p *Pipe) retry(err error) bool { return p.pause(err, true) }

// retryBeside is retry for what goes on beside the pipe, and for what takes input
// itself.
func (p *Pipe) retryBeside(err error) bool { return p.pause(err, false) }

func (p *Pipe) pause(err error, runOn bool) bool {
	if p.opt.Warn != nil {
		p.opt.Warn(err, true)
	}
	stop := p.stop
	e, ok := errors.AsType[*rotate.Error](err)
	writing := ok && e.Writing
	if writing && !p.intake.keeps() {
		stop = nil
	}
	over := make(chan struct{})
	timer := time.AfterFunc(p.opt.Pause, func() { close(over) })
	defer timer.Stop()
	if runOn {
		p.runOn(over, stop)
	}
	select {
	case <-over:
		return true
	case <-stop:
		if writing { // a rotation beside the writer holds no line
			p.left = true
		}
		return false
	}
}

func (p *Pipe) warn(err error) {
	if p.opt.Warn != nil {
		p.opt.Warn(err, false)
	}
}

// dirSink is a log directory. Its Retry is the pipe's, so a step is only
// given up when the pipe is to stop.
type dirSink struct {
	d *rotate.Dir
	p *Pipe
}

func (s dirSink) write(p []byte) {
	n, err := s.d.Write(p)
	for err != nil && n < len(p) && !s.p.left {
		// A rotation that cannot be finished must not cost the last lines.
		var m int
		m, err = s.d.Append(p[n:])
		n += m
	}
}

func (s dirSink) rotate()      { _ = s.d.Rotate() } // said by retry; done at the next write or start
func (s dirSink) close() error { return s.d.Close() }
func (s dirSink) abandon()     { s.d.Abandon() }

// fileSink is a plain file.
type fileSink struct {
	f *rotate.File
	p *Pipe
}

func (s fileSink) write(p []byte) {
	for {
		n, err := s.f.Write(p)
		p = p[n:]
		if err == nil || !s.p.retry(err) {
			return
		}
	}
}

func (s fileSink) rotate() {
	for {
		err := s.f.Rotate()
		if err == nil || !s.p.retry(err) {
			return
		}
	}
}

func (s fileSink) close() error { return s.f.Close() }
func (s fileSink) abandon()     { _ = s.f.Close() }

// outlet is a sink and the lines that wait for it. Lines that lie together in
// the pipe's text are passed on in one piece, without being copied; only the
// scattered ones of a selection are gathered first.
type outlet struct {
	sink   sink
	path   string
	taking bool // the line at hand goes here
	lo, hi int  // the last piece taken: text[lo:hi]
	gather []byte
	shape  *shape // nil: lines go as they are
	place  int    // of a directory, among those of the intake; -1: it is not among them yet
}

// take adds text[lo:hi].
func (o *outlet) take(text []byte, lo, hi int) {
	if o.hi == lo && o.hi > o.lo {
		o.hi = hi
		return
	}
	if o.hi > o.lo {
		o.gather = append(o.gather, text[o.lo:o.hi]...)
	}
	o.lo, o.hi = lo, hi
}

// flush writes all that was taken.
func (o *outlet) flush(p *Pipe) {
	if o.shape != nil && len(o.gather) > 0 {
		o.sink.write(o.gather)
		o.gather = o.gather[:0]
	}
	if o.hi == o.lo {
		return
	}
	last := p.text[o.lo:o.hi]
	o.lo, o.hi = 0, 0
	if len(o.gather) == 0 {
		o.sink.write(last)
		return
	}
	o.gather = append(o.gather, last...)
	o.sink.write(o.gather)
	o.gather = o.gather[:0]
}
