package rotate

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tailight/tailight/tai64"
)

// source is a log directory that is read.
type source struct {
	r    *Reader
	dir  string
	line Line // the next one to be delivered, while the source is in the heap

	root  *os.Root // while there are parts left
	parts []part   // those after the present one, oldest first
	text  *text    // the present one, or nil
	next  *text    // the one after, if it had to be looked into

	last   tai64.TAI64N // the label of the line before
	inLine bool         // the line before goes on
	keep   bool         // likewise, and is delivered
	inside bool         // the last line with a label lies in the range
	said   bool         // of this file, that labels step back

	placed bool // there is a place to go on from: before and after line
	before mark
	after  mark
}

func newSource(r *Reader, dir string) *source {
	return &source{r: r, dir: dir, line: Line{Source: len(r.sources)}, inside: true}
}

// start looks at the directory for the first time.
func (s *source) start() error {
	root, err := os.OpenRoot(s.dir)
	if err == nil {
		s.root = root
		s.parts, err = look(root)
	}
	return orNil(err, "unable to read directory %s", s.dir)
}

func (s *source) close() {
	closeParts(s.parts)
	s.parts = nil
	s.drop(&s.text)
	s.drop(&s.next)
	if s.root != nil {
		_ = s.root.Close()
		s.root = nil
	}
}

// drop closes a file and takes its buffer back.
func (s *source) drop(t **text) {
	if *t != nil {
		(*t).close()
		s.r.release((*t).buf)
		*t = nil
	}
}

// advance makes line the next one, and returns false if there is none now.
func (s *source) advance() bool {
	for !s.r.stop.Load() {
		if s.text != nil {
			if b, whole, ok := s.text.next(); ok {
				if s.take(b, whole) {
					return true
				}
				continue
			}
		}
		if ended, ok := s.turn(); ended || ok {
			return ok
		}
	}
	return false
}

// turn goes on at the end of a file. ok says that line is its last, which has no
// newline.
func (s *source) turn() (ended, ok bool) {
	t := s.text
	if t == nil || t.from == t.to {
		s.drop(&s.text)
		if s.next == nil {
			s.next = s.open()
		}
		s.text, s.next = s.next, nil
		return s.text == nil, false
	}
	s.next = s.open()
	goesOn := s.next != nil && !t.cut() && !s.next.stamped()
	ok = s.take(t.rest(), !goesOn)
	s.line.Open = !goesOn
	return false, ok
}

// open opens the next file that is there.
func (s *source) open() *text {
	for len(s.parts) > 0 {
		p := s.parts[0]
		s.parts = s.parts[1:]
		if p.f == nil {
			opened, err := openPart(s.root, p.name)
			if err == nil && opened.f == nil {
				err = fs.ErrNotExist
			}
			if err != nil {
				s.warn(err, "unable to open %s", s.path(p.name))
				continue
			}
			p.f, p.id = opened.f, opened.id
		}
		s.said = false
		if p.floor.Compare(s.last) > 0 {
			s.last = p.floor
		}
		return &text{part: p, buf: s.r.buffer()}
	}
	return nil
}

// take makes line of b, and returns whether it is to be delivered.
func (s *source) take(b []byte, whole bool) bool {
	l := &s.line
	l.Text, l.Lead, l.Stepped, l.Open, l.More = b, 0, false, false, !whole
	if s.inLine {
		s.inLine = l.More
		return s.keep
	}
	s.inLine = l.More
	if label, n, ok := tai64.ParseStamp(b); ok {
		if label.Compare(s.last) < 0 {
			s.stepped()
		}
		l.Lead, s.last = n, label
		s.inside = s.r.inside(label)
	}
	l.Label = s.last
	s.keep = s.inside && (s.r.opt.Match == nil || s.r.opt.Match(l))
	return s.keep
}

func (s *source) stepped() {
	s.line.Stepped = true
	if !s.said {
		s.said = true
		s.warn(errors.New("labels step back"), "unable to keep the order of %s", s.path(s.text.name))
	}
}

func (s *source) path(name string) string { return filepath.Join(s.dir, name) }

func (s *source) warn(err error, text string, args ...any) { s.r.warn(fail(err, text, args...)) }

// inside reports whether a label is in the range.
func (r *Reader) inside(l tai64.TAI64N) bool {
	return l.Compare(r.opt.Since) >= 0 && (r.opt.Until == tai64.TAI64N{} || l.Compare(r.opt.Until) < 0)
}

// leadMax is the length of the longest stamp, about.
const leadMax = 64

// stamped reports whether the file begins with a stamp.
func (t *text) stamped() bool {
	for t.to-t.from < leadMax && t.fill() {
	}
	b := t.buf[t.from:min(t.to, t.from+leadMax)]
	_, _, ok := tai64.ParseStamp(b)
	return ok
}

// mark is where the source is: behind line, if that is being delivered.
func (s *source) mark(delivered bool) mark {
	if delivered {
		return s.after
	}
	return s.before
}
