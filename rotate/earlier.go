package rotate

import (
	"bytes"
	"os"
	"syscall"

	"github.com/tailight/tailight/tai64"
)

// tailSize is how much of the end of a file is looked at for a stamp.
const tailSize = 8 << 10

// goOnFromEarlier makes stamps go on from the last one that an earlier process has
// left. So a clock that was set back between two processes is what it would be
// within one: a second of that is overruled. What cannot be read is passed over:
// whoever needs it says so.
func (d *Dir) goOnFromEarlier() {
	if !d.opt.Stamped {
		return
	}
	names, _ := d.fs.names()
	last := newest(names)
	for _, name := range []string{"previous", "current"} {
		if l := d.lastStampOf(name); l.Compare(last) > 0 {
			last = l
		}
	}
	if last.Compare(d.clock.Last()) > 0 {
		d.clock.Restore(last)
	}
}

// lastStampOf is the stamp of the last line of a file that has one, as far as it
// is near the end, or the zero label.
func (d *Dir) lastStampOf(name string) (last tai64.TAI64N) {
	in, err := d.fs.stat(name)
	if err != nil || in.size == 0 {
		return last
	}
	f, err := d.fs.open(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return last
	}
	defer release(&f)
	from := max(in.size-tailSize, 0)
	b := make([]byte, in.size-from)
	if f.readAt(b, from) != nil {
		return last
	}
	for ok := false; !ok && len(b) > 0; {
		end := bytes.LastIndexByte(b[:len(b)-1], '\n') + 1
		if end > 0 || from == 0 {
			last, ok = stampOf(b[end:])
		}
		b = b[:end]
	}
	return last
}
