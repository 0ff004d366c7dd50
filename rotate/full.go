package rotate

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"syscall"

	"github.com/tailight/tailight/tai64"
)

// Full says what becomes of a directory that has no space left, on its disk or
// in its owner's quota.
type Full int

const (
	// FullWait asks Retry, as for every failing step: 0.76 waits.
	FullWait Full = iota
	// FullDropOldest deletes the oldest archive and tries again at once, as long
	// as there are more than MinArchives. Then it is as FullWait.
	//
	// What is given up is counted in the file dropped, and told by a line of the
	// directory's own in current, after the next whole line:
	//
	//	tailight: dropped 99983 bytes of @LABEL.s: no space left on device
	//	tailight: dropped 199966 bytes of 2 archives, @LABEL.s to @LABEL.s: no space left on device
	//
	// It has the stamp of the line before it. It is there once, also after a kill.
	FullDropOldest
)

// MinArchives is how many archives FullDropOldest leaves: the newest one.
const MinArchives = 1

// MakeRoom is for the spool, whose steps are its user's: it gives the oldest
// archive up if err says that there is no space, and reports whether it could.
func (d *Dir) MakeRoom(err error) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.closed && d.makeRoom(d.fs, err)
}

// makeRoom is the answer of FullDropOldest to a step that failed.
func (d *Dir) makeRoom(dir fsys, err error) bool {
	if d.opt.Full != FullDropOldest || dir == nil || !noSpace(err) {
		return false
	}
	l := &d.losses
	l.mu.Lock()
	defer l.mu.Unlock()
	names, err := dir.names()
	if err != nil {
		return false
	}
	for old := archives(names); len(old) > MinArchives; old = old[1:] {
		if d.giveUp(dir, old[0]) {
			return true
		}
	}
	return false
}

func noSpace(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// giveUp counts an archive as dropped and deletes it, and reports whether it is
// gone. The caller holds losses.mu.
func (d *Dir) giveUp(dir fsys, name string) bool {
	l := &d.losses
	in, err := dir.stat(name)
	if err != nil {
		return ignoreMissing(err) == nil
	}
	before := l.loss
	l.add(dropping{bytes: in.size, archives: 1, first: name, last: name})
	_ = l.save(dir)
	// A crash here leaves the archive, and its name on record as the last one
	// that is to be told: the next Open deletes it.
	if err := dir.remove(name); err != nil && !missing(dir, name) {
		l.loss = before
		d.warn(fail(err, "unable to remove %s/%s", d.name, name))
		d.save(dir)
		return false
	}
	d.warn(&Error{Text: fmt.Sprintf("unable to keep %s/%s, %d bytes", d.name, name, in.size), Err: syscall.ENOSPC})
	if l.stale {
		// A crash before this leaves the loss uncounted; there was no space to
		// write it down.
		d.save(dir)
	}
	_ = l.spare(dir) // the next save makes one if it can
	return true
}

// missing reports whether an entry is not there for certain.
func missing(dir fsys, name string) bool {
	_, err := dir.stat(name)
	return errors.Is(err, fs.ErrNotExist)
}

// save puts the losses on record. What it fails to is there with the next change,
// or is tried again when lines come.
func (d *Dir) save(dir fsys) {
	if err := d.losses.save(dir); err != nil {
		d.warn(fail(err, "unable to write %s/%s", d.name, droppedName))
	}
}

// tell writes lines about what was dropped, if the last byte written ends a line.
// They are no part of the input: a Skip does not count them, and a Place that has
// them comes right behind.
func (d *Dir) tell(written []byte) {
	l := &d.losses
	if d.inLine || !l.some.Load() {
		return
	}
	for range 2 { // there are no more, and what is dropped meanwhile may wait
		loss, ok := l.begin()
		if !ok {
			break
		}
		if !d.writeOwn(loss.line(d.stamp(written))) {
			l.postpone()
			return
		}
		// A crash here leaves the line beyond the place on record: it is cut, and
		// told again.
		d.turning()
		// A crash here leaves the line as the last of current: the next Open sees it.
		l.mu.Lock()
		l.told()
		d.save(d.fs)
		l.mu.Unlock()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stale && d.fs != nil {
		d.save(d.fs)
	}
}

// writeOwn writes a line of the directory's own, whole and into one file, and
// reports whether it could.
func (d *Dir) writeOwn(line []byte) bool {
	if d.size > 0 && d.size+int64(len(line)) > d.opt.Size && d.rotateInside() != nil {
		return false
	}
	for n := 0; n < len(line); {
		m, err := d.append(line[n:])
		if err != nil {
			return false
		}
		if m == 0 {
			n = 0 // current was replaced
		}
		n += m
		d.since -= int64(m)
	}
	if d.size >= d.opt.Size-slack {
		d.due = true
	}
	return true
}

// stamp is the stamp of the last line written and a space, or nothing without
// stamps. The clock's next one would be the next line's, which it may have already.
func (d *Dir) stamp(written []byte) string {
	if !d.opt.Stamped {
		return ""
	}
	var last tai64.TAI64N
	if len(written) > 0 {
		last = d.lastStamp(written)
	}
	if last == (tai64.TAI64N{}) {
		last = d.clock.Last()
	}
	return string(d.opt.Stamps.Append(nil, last))
}

// line is what current says of it.
func (l dropping) line(stamp string) []byte { return []byte(stamp + l.text() + "\n") }

func (l dropping) text() string {
	what := l.first
	if l.archives > 1 {
		what = strconv.FormatInt(l.archives, 10) + " archives, " + l.first + " to " + l.last
	}
	return "tailight: dropped " + strconv.FormatInt(l.bytes, 10) + " bytes of " + what + ": no space left on device" // on disk; fixed
}

// recall looks whether the last line of current, of which size bytes count, tells
// what is on record as untold.
func (d *Dir) recall(size int64) error {
	l := &d.losses
	if len(l.loss.untold) == 0 {
		return nil
	}
	text := []byte(l.loss.untold[0].text() + "\n")
	if size < int64(len(text)) {
		return nil
	}
	f, err := d.fs.open("current", readOnly, 0)
	if err != nil {
		return fail(err, "unable to read %s/current", d.name)
	}
	defer release(&f)
	end := make([]byte, len(text))
	if err := f.readAt(end, size-int64(len(end))); err != nil {
		return fail(err, "unable to read %s/current", d.name)
	}
	if string(end) == string(text) {
		l.told()
		l.stale = true
	}
	return nil
}
