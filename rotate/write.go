package rotate

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/tailight/tailight/tai64"
)

// Write appends p to current, and rotates where the rules of 0.76 say so: a
// file ends with the last line end within 2000 bytes of its size, or at its
// size when there is none. When Write returns, all it counted is in files;
// when it is on disk as well is for Options.Sync to say.
//
// After an error, calling Write again with the rest goes on at the step that
// failed: no byte is lost, none is doubled.
func (d *Dir) Write(p []byte) (n int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return 0, os.ErrClosed
	}
	n = d.skipped(p)
	for n < len(p) {
		if d.due || d.size >= d.opt.Size {
			if err := d.rotateInside(); err != nil {
				return n, err
			}
		}
		m, err := d.append(d.fit(p[n:]))
		n += m
		if err != nil {
			return n, err
		}
		if m > 0 {
			d.note(p[:n])
		}
	}
	if n > 0 {
		d.inLine = p[n-1] != '\n'
		d.tell(p[:n])
	}
	if d.due {
		// An error is not lost: nothing can be written before the rotation
		// is done, and trying it again is the next call's first step.
		_ = d.rotateInside()
	}
	return n, d.keepSync()
}

// rotateInside is a rotation inside a batch, whose lines have their stamps
// already: it takes none of the clock in between, or the stamps of what comes
// would depend on where files end.
func (d *Dir) rotateInside() error {
	if d.opt.Stamped && d.last == (tai64.TAI64N{}) {
		d.last = d.clock.Last()
	}
	return d.rotate()
}

// lastStamp is the stamp of the last line written, or the zero label. What
// looks like a stamp is not one if the clock has not given it yet: a line
// that was written in pieces may have anything at the start of the last.
func (d *Dir) lastStamp(written []byte) tai64.TAI64N {
	l, _, ok := tai64.ParseStamp(written[bytes.LastIndexByte(written[:len(written)-1], '\n')+1:])
	if !ok || l.Compare(d.clock.Last()) > 0 {
		return tai64.TAI64N{}
	}
	return l
}

// Append writes p to current as Write does, but whatever the size: for the
// moment when a process has to leave, and a rotation that cannot be finished
// stands between it and its last lines.
func (d *Dir) Append(p []byte) (n int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return 0, os.ErrClosed
	}
	n = d.skipped(p)
	for n < len(p) && err == nil {
		var m int
		m, err = d.append(p[n:])
		n += m
	}
	if n > 0 {
		d.inLine = p[n-1] != '\n'
	}
	if err == nil {
		err = d.keepSync()
	}
	return n, err
}

// skipped returns how many bytes of p are in finished files already: those
// that a killed writer has put there.
func (d *Dir) skipped(p []byte) int {
	n := min(d.skip, int64(len(p)))
	d.skip, d.since = d.skip-n, d.since+n
	return int(n)
}

// fit cuts p to what current takes now: not above its size, and near its
// size only up to a line end.
func (d *Dir) fit(p []byte) []byte {
	if room := d.opt.Size - d.size; int64(len(p)) > room {
		p = p[:room]
	}
	if d.size+int64(len(p)) >= d.opt.Size-slack {
		if end := bytes.LastIndexByte(p, '\n'); end >= 0 {
			p = p[:end+1]
		}
	}
	return p
}

// note remembers, after written has gone out, whether current should end
// here, and by which label.
func (d *Dir) note(written []byte) {
	if d.size < d.opt.Size-slack || written[len(written)-1] != '\n' {
		return
	}
	d.due = true
	if d.opt.Stamped {
		d.last = d.lastStamp(written)
	}
}

// append writes a part of p to current and returns its length, which is 0
// without an error when current was replaced meanwhile.
func (d *Dir) append(p []byte) (int, error) {
	for {
		n, err := d.writeOnce(p)
		if err == nil {
			return n, nil
		}
		if e, ok := errors.AsType[*Error](err); ok {
			e.Writing = true
		}
		if !d.again(d.fs, err) {
			return 0, err
		}
	}
}

func (d *Dir) writeOnce(p []byte) (int, error) {
	if d.current == nil {
		if err := d.reopen(); err != nil {
			return 0, err
		}
		d.turning()
	}
	n, err := d.current.write(p)
	if n == 0 {
		return 0, fail(err, "unable to write to %s/current", d.name)
	}
	if d.current.gone() {
		// Nobody can read what just went to a file without a name: it is
		// written again, to one that has a name.
		d.lost()
		return 0, nil
	}
	d.size, d.since = d.size+int64(n), d.since+int64(n)
	return n, nil
}

// lost gives up a current that somebody removed or renamed, with the bytes
// that were in it.
func (d *Dir) lost() {
	d.sayMissing()
	_ = d.current.close()
	d.forget()
}

// sayMissing says once that what was in current, or in the directory, is gone.
func (d *Dir) sayMissing() {
	if !d.missing {
		d.warn(&Error{Text: "unable to find " + d.name + "/current, starting a new one", Err: syscall.ENOENT})
	}
	d.missing = true
}

// reopen opens a new current. When the directory has gone too, it is made
// anew, locked, and recovered.
func (d *Dir) reopen() error {
	if d.fs != nil {
		err := d.openCurrent("create", 0)
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		// What a rotation was still doing in the old directory ends by
		// itself: its file is not there any more.
		if err := d.settle(true); err != nil {
			return err
		}
		d.awaitPrune()
		d.sayMissing()
		_ = d.fs.close()
		d.fs = nil
		if d.spool != nil {
			d.spool.lost = true
		}
		// Whatever is found in the new one is not the killed writer's.
		d.opt.Spool, d.opt.Survived = false, nil
	}
	return d.enter()
}

// openCurrent opens current, which holds size bytes, for appending, and marks
// it as in use. The verb is the one of the diagnostic.
func (d *Dir) openCurrent(verb string, size int64) error {
	f, err := d.fs.open("current", appending, 0o600)
	if err != nil {
		return fail(err, "unable to %s %s/current", verb, d.name)
	}
	if err := f.chmod(0o644); err != nil {
		_ = f.close()
		return fail(err, "unable to set mode of %s/current", d.name)
	}
	d.current, d.size, d.known, d.missing = f, size, false, false
	d.disk.size, d.disk.named, d.disk.doubt = 0, false, false
	return nil
}

// appending is how current is opened.
const appending = os.O_WRONLY | os.O_APPEND | os.O_CREATE | syscall.O_NONBLOCK
