package logpipe

import (
	"errors"
	"syscall"
	"time"

	"github.com/tailight/tailight/rotate"
	"github.com/tailight/tailight/tai64"
)

// While the pipe waits for a destination, its input runs on into the spool, so that
// who writes into it is not held up by what becomes of the lines. It is the goroutine
// of the pipe that waits, and it is the one that takes: nothing else uses the
// spool then. What it takes lies behind the batch at hand, of which the record
// speaks, and after a kill is found like what a killed pipe has just taken.

const (
	// defaultSpool is how long the spool may become by that. A processor that hangs is
	// waited for a minute: that is 280 kB a second.
	defaultSpool = 16 << 20

	unsaid = -1 // there is no spool=

	// calm is how long a rotation is waited for first. Most have come to their end by
	// then, and memory that the spool has not used yet costs more than such a wait.
	calm = 20 * time.Millisecond
)

// usualSpool is how long it may become if nobody says. A power loss takes the spool, so
// with sync=always, which promises how little that is, nothing is taken.
func (s *Script) usualSpool() int64 {
	for _, o := range s.outlets {
		if o.sync == rotate.SyncAlways {
			return 0
		}
	}
	return defaultSpool
}

// awaitEnd waits for the end of a rotation, which the next one of its directory has
// to. It reports false if the pipe is to stop and that takes too long: then the lines
// are left in the spool.
func (p *Pipe) awaitEnd(done <-chan struct{}) bool {
	late := time.NewTimer(calm)
	defer late.Stop()
	select {
	case <-done:
		return true
	case <-late.C:
	}
	p.runOn(done, p.stop)
	select {
	case <-done:
		return true
	case <-p.stop:
	}
	if !p.intake.keeps() {
		<-done
		return true
	}
	late.Reset(p.untilLeave())
	select {
	case <-done:
		return true
	case <-late.C:
		p.left = true
		return false
	}
}

// untilLeave is how long a pipe that is to stop goes on with what it has taken: for a
// pause. There may be hours of it if the destination is slow, and the next start goes on
// with it.
func (p *Pipe) untilLeave() time.Duration {
	if p.leave.IsZero() {
		p.leave = time.Now().Add(p.opt.Pause)
	}
	return time.Until(p.leave)
}

// leaves reports whether that time is up.
func (p *Pipe) leaves() bool {
	return p.stopping.Load() && p.intake.behind() && p.untilLeave() <= 0
}

// runOn takes input as it comes, until one of the channels is closed or nothing
// more is to be taken.
func (p *Pipe) runOn(over, stop <-chan struct{}) {
	if p.takeOn() == halt {
		return
	}
	w, err := newWatch(p.input)
	if err != nil {
		return // no descriptor is left: it waits in the pipe
	}
	defer w.end()
	for {
		select {
		case <-over:
			return
		case <-stop:
			return
		case <-w.input:
			v := p.takeOn()
			if v == halt {
				return
			}
			w.answer <- v
		}
	}
}

// takeOn takes what input there is. It halts where that has to stay in the pipe: for
// the next reader, for the next script, because the spool is full, or because there
// is no space for it, which is for the next read to say.
func (p *Pipe) takeOn() verdict {
	in := &p.intake
	for p.input >= 0 && in.keeps() && !p.stopping.Load() && !p.reloading.Load() {
		room := min(in.spool.Room(p.script.spool), largeBatch)
		if room == 0 {
			return halt
		}
		off := in.spool.End()
		n, err := in.spool.Take(p.input, int(room))
		if n > 0 && p.timed {
			in.mark(mark{off, p.clock.Reading()})
		}
		switch {
		case errors.Is(err, syscall.EAGAIN):
			return wait
		case errors.Is(err, syscall.EINTR):
		case err != nil || n == 0:
			return halt
		}
	}
	return halt
}

// mark says when what begins at an offset of the spool was taken, for its stamps. After
// a kill they are those of the next start.
type mark struct {
	off int64
	at  tai64.TAI64N
}

// mark remembers a take, once a second and less often the longer a wait is.
func (in *intake) mark(m mark) {
	n := len(in.marks)
	rarely := time.Second + time.Duration(n)*10*time.Millisecond
	if n == 0 || m.at.Compare(in.marks[n-1].at.Add(rarely)) >= 0 {
		in.marks = append(in.marks, m)
	}
}

// taken is when the next bytes of the spool were, those before the first mark with it.
func (in *intake) taken() tai64.TAI64N {
	for len(in.marks) > 1 && in.marks[1].off <= in.seen {
		in.marks = in.marks[1:]
	}
	return in.marks[0].at
}

// until is the end of what may be worked on at once: it has one time.
func (in *intake) until() int64 {
	for _, m := range in.marks {
		if m.off > in.seen {
			return m.off
		}
	}
	return in.spool.End()
}

// watch tells of input to a goroutine that waits for something else as well.
type watch struct {
	src    source
	input  chan struct{} // gets one when there is input; it is to be answered then
	answer chan verdict
	quit   chan struct{} // closed when nothing more is to be told
	ended  chan struct{} // closed when nothing more is told
}

func newWatch(fd int) (*watch, error) {
	src, err := newSource(fd)
	if err != nil {
		return nil, err
	}
	w := &watch{src, make(chan struct{}), make(chan verdict), make(chan struct{}), make(chan struct{})}
	go func() {
		defer close(w.ended)
		_ = src.pump(w.tell) // an error is for the pipe's own source to find
	}()
	return w, nil
}

func (w *watch) tell() verdict {
	select {
	case w.input <- struct{}{}:
	case <-w.quit:
		return halt
	}
	select {
	case v := <-w.answer:
		return v
	case <-w.quit:
		return halt
	}
}

func (w *watch) end() {
	close(w.quit)
	w.src.wake()
	<-w.ended
	w.src.close()
}
