package rotate

import (
	"bytes"
	"errors"
	"io"
	"os"

	"github.com/tailight/tailight/internal/member"
	"github.com/tailight/tailight/tai64"
)

// maxLine is how much of a line is held at a time.
const maxLine = 1 << 20

// text is an open file that is read forward. What it returns is valid until
// the next call.
type text struct {
	part
	r        *Reader
	path     string
	in       *unpacking  // the content; nil: the file is read as it is
	at       io.ReaderAt // the file as it is
	buf      []byte
	from, to int   // what is left in buf
	off      int64 // of buf[from]
	ended    bool  // nothing more is read
	watched  int   // see watchFile
}

func newText(r *Reader, p part, path string) *text {
	t := &text{part: p, r: r, path: path, at: p.f}
	t.in = unpack(r, &t.part, path)
	return t
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
	for seen := t.to - t.from; ; seen = t.to - t.from {
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
	if t.ended {
		return false
	}
	t.room()
	n, err := t.read(t.buf[t.to:])
	t.to += n
	if err != nil && !errors.Is(err, io.EOF) && !t.r.stop.Load() {
		t.ended = true
		t.r.warn(fail(err, "unable to read %s", t.path))
	}
	return n > 0
}

func (t *text) read(p []byte) (n int, err error) {
	if t.in == nil {
		return t.at.ReadAt(p, t.off+int64(t.to))
	}
	for n == 0 && err == nil {
		n, err = t.in.Read(p)
	}
	return n, err
}

// room makes room in the buffer behind what is left.
func (t *text) room() {
	if t.buf == nil {
		t.buf = t.r.buffer()
	}
	if t.from > 0 {
		t.to = copy(t.buf, t.buf[t.from:t.to])
		t.from = 0
	}
	if t.to == len(t.buf) {
		b := make([]byte, min(2*len(t.buf), maxLine+t.r.block))
		copy(b, t.buf)
		t.r.release(t.buf)
		t.buf = b
	}
}

// end skips the rest of the file.
func (t *text) end() { t.ended, t.from, t.to = true, 0, 0 }

// jump goes on at an offset of a file that is read as it is.
func (t *text) jump(off int64) { t.off, t.from, t.to = off, 0, 0 }

// skip goes on at an offset of the content.
func (t *text) skip(off int64) error {
	if t.in == nil {
		t.jump(off)
		return nil
	}
	n, err := io.CopyN(io.Discard, t.in, off)
	t.off = n
	if errors.Is(err, io.EOF) {
		err = nil // it is shorter than it was
	}
	return err
}

// goTo goes on at a member of a compressed file.
func (t *text) goTo(m member.Place) {
	t.in = t.in.from(m.Archive)
	t.jump(m.Text)
	t.ended = false
}

// firstLabel is that of the member at which the text is.
func (t *text) firstLabel() tai64.TAI64N {
	for t.to-t.from < member.Size && t.fill() {
	}
	return member.FirstLabel(t.buf[t.from:t.to])
}

// idle gives up the buffer as long as nothing is in it.
func (t *text) idle() {
	if t.from == t.to {
		t.r.release(t.buf)
		t.buf, t.from, t.to = nil, 0, 0
	}
}

func (t *text) close() {
	if t.in != nil {
		_ = t.in.Close()
		t.in = nil
	}
	t.part.close()
	t.r.release(t.buf)
	t.buf, t.from, t.to = nil, 0, 0
}

// size is that of the file; 0 if it cannot be told.
func (p *part) size() int64 {
	fi, err := p.f.Stat()
	if err != nil {
		return 0
	}
	return fi.Size()
}

// leadMax is the length of the longest stamp, about.
const leadMax = 64

// stamped reports whether what is left begins with a stamp.
func (t *text) stamped() bool {
	for t.to-t.from < leadMax && t.fill() {
	}
	return hasStamp(t.buf[t.from:min(t.to, t.from+leadMax)])
}

// open opens the file by its name, unless it is open.
func (p *part) open(root *os.Root) error {
	if p.f != nil {
		return nil
	}
	opened, err := openPart(root, p.name)
	if err == nil && opened.f == nil {
		err = os.ErrNotExist
	}
	p.f, p.id = opened.f, opened.id
	return err
}
