package logpipe

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// teePiece is written at once: a pipe that can take anything takes so much
// without waiting.
const teePiece = 4096

// teeLook is how often a wait for the reader looks whether the pipe is to stop.
const teeLook = 200 * time.Millisecond

// teeSink is standard output or standard error. Its reader is waited for, because
// a line that is lost there is lost to him; a reader who has gone is missed once.
//
// How much was written is noted after each write. A kill in between, and nothing
// else, may double what that write wrote.
type teeSink struct {
	p      *Pipe
	f      *os.File
	name   string
	out    *outlet
	number int // of the outlet
	note   int // among the notes of the intake

	printed int64 // since the last account
	skip    int64 // bytes that a killed pipe has written already
	gone    bool  // nobody reads it
}

// openTee returns the sink of tee=.
func (p *Pipe) openTee(fd int) sink {
	t := &teeSink{p: p, f: p.opt.Out, name: "standard output"}
	if fd == 2 {
		t.f, t.name = p.opt.Err, "standard error"
	}
	t.gone = t.f == nil
	return t
}

func (t *teeSink) key() uint64 { return noteKey(t.name, t.number) }

func (t *teeSink) account(inLine bool) [5]uint64 {
	t.printed, t.skip = 0, 0
	var taking uint64
	if inLine && t.out.taking {
		taking = takingBit
	}
	return [5]uint64{0, taking}
}

func (t *teeSink) restore(value [5]uint64) {
	t.skip = int64(value[0])
	t.out.taking = t.out.taking || value[1]&takingBit != 0
}

func (t *teeSink) write(b []byte) {
	n := min(t.skip, int64(len(b)))
	t.skip, t.printed = t.skip-n, t.printed+n
	b = b[n:]
	for len(b) > 0 && !t.gone {
		n, err := t.piece(b)
		b = b[n:]
		t.printed += int64(n)
		t.wrote()
		if err != nil && !t.again(err) {
			return
		}
	}
}

// wrote writes down how much was printed.
func (t *teeSink) wrote() {
	in := &t.p.intake
	if in.on {
		in.prog.Notes[t.note].Value[0] = uint64(t.printed + t.skip)
		in.spool.Commit(&in.prog)
	}
}

// piece writes the beginning of b when there is room for it, up to a line end if
// it can be. Waiting in a write would make the pipe deaf to Stop.
func (t *teeSink) piece(b []byte) (int, error) {
	if err := t.room(); err != nil {
		return 0, err
	}
	n, err := syscall.Write(int(t.f.Fd()), wholeLines(b[:min(len(b), teePiece)]))
	return max(n, 0), err
}

// again reports whether to go on after an error.
func (t *teeSink) again(err error) bool {
	errno := errnoOf(err)
	switch errno {
	case syscall.EINTR:
		return true
	case syscall.EAGAIN:
		time.Sleep(10 * time.Millisecond) // no pipe, and not as much room as it said
		return true
	case syscall.EPIPE, syscall.EIO, syscall.EBADF, syscall.ENXIO, syscall.ECONNRESET, syscall.ETIMEDOUT:
		if t.gone = true; t.p.opt.Err == t.f && errno == syscall.EPIPE {
			return false // nobody reads warnings either
		}
		t.p.warn(fmt.Errorf("unable to write to %s, no longer trying: %w", t.name, errno))
		return false
	}
	return t.p.retry(fmt.Errorf("unable to write to %s: %w", t.name, errno))
}

// room waits until something can be written, and lets the input run on meanwhile.
// When the pipe is to stop, the reader has one pause left.
func (t *teeSink) room() error {
	var end time.Time
	look, watched := calm, 1
	for {
		fds := [2]unix.PollFd{{Fd: int32(t.f.Fd()), Events: unix.POLLOUT}, {Fd: int32(t.p.input), Events: unix.POLLIN}}
		n, err := unix.Poll(fds[:watched], int(look/time.Millisecond))
		switch {
		case err != nil && errnoOf(err) != syscall.EINTR:
			return err
		case fds[0].Revents != 0:
			return nil
		case n > 0 || look == calm:
			look, watched = teeLook, 1
			if t.p.takeOn() == wait {
				watched = 2
			}
		case !t.p.stopping.Load():
		case end.IsZero():
			end = time.Now().Add(t.p.opt.Pause)
		case time.Now().After(end):
			return syscall.ETIMEDOUT
		}
	}
}

func (t *teeSink) rotate()      {}
func (t *teeSink) close() error { return nil }
func (t *teeSink) abandon()     {}

// wholeLines is b up to its last line end, or all of it if there is none.
func wholeLines(b []byte) []byte {
	if end := bytes.LastIndexByte(b, '\n') + 1; end > 0 {
		return b[:end]
	}
	return b
}
