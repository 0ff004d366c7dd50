package rotate

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// maxLine is how much of a line is held at a time.
const maxLine = 1 << 20

// text is an open file that is read forward. What it returns is valid until
// the next call.
type text struct {
	part
	in       io.Reader // the unpacked content; nil: the file is read as it is
	buf      []byte
	from, to int   // what is left in buf
	off      int64 // of buf[from]
	err      error // other than the end
}

// next returns the next line, without its newline, or if it is too long, a
// piece of it. ok is false at the end, or within a last line.
func (t *text) next() (b []byte, whole, ok bool) {
	if i := bytes.IndexByte(t.buf[t.from:t.to], '\n'); i >= 0 {
		b = t.buf[t.from : t.from+i]
		t.from, t.off = t.from+i+1, t.off+int64(i+1)
		return b, true, true
	}
	return t.slowNext()
}

func (t *text) slowNext() (b []byte, whole, ok bool) {
	for seen := t.to - t.from; ; {
		if seen >= maxLine {
			return t.take(maxLine), false, true
		}
		if !t.fill() {
			return nil, false, false
		}
		if i := bytes.IndexByte(t.buf[t.from+seen:t.to], '\n'); i >= 0 {
			b = t.take(seen + i + 1)
			return b[:len(b)-1], true, true
		}
		seen = t.to - t.from
	}
}

// take returns the next n bytes of the buffer.
func (t *text) take(n int) []byte {
	b := t.buf[t.from : t.from+n]
	t.from, t.off = t.from+n, t.off+int64(n)
	return b
}

// rest takes a last line that has no newline.
func (t *text) rest() []byte { return t.take(t.to - t.from) }

// fill reads on. It returns false if there is nothing.
func (t *text) fill() bool {
	if t.from > 0 {
		t.to = copy(t.buf, t.buf[t.from:t.to])
		t.from = 0
	}
	if t.to == len(t.buf) {
		t.buf = append(t.buf, make([]byte, len(t.buf))...)
	}
	var n int
	var err error
	if t.in != nil {
		n, err = t.in.Read(t.buf[t.to:])
	} else {
		n, err = t.f.ReadAt(t.buf[t.to:], t.off+int64(t.to))
	}
	t.to += n
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrClosed) {
		t.err = err
	}
	return n > 0
}
