package rotate

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tailight/tailight/tai64"
)

// source is a log directory that is read.
type source struct {
	r    *Reader
	dir  string
	line Line // the next one to be delivered, while the source is in the heap

	root  *os.Root // while there are parts left
	parts []part   // those after the present one, oldest first
	text  *text    // the present one, or nil before the first
	next  *text    // the one after, if it had to be looked into
	start int64    // where the next one that is opened begins

	from    tai64.TAI64N // where to begin,
	seeking bool         // if no label from there on was seen yet

	last    tai64.TAI64N // the label of lines without one
	top     tai64.TAI64N // the last label that was read
	prev    tai64.TAI64N // the one before line
	lineOff int64        // of line, in text
	inLine  bool         // the line before goes on
	keep    bool         // likewise, and is delivered
	inside  bool         // lines without a label are in the range
	labels  bool         // there was a label in text
	said    bool         // that labels step back in text
	passed  bool         // the file before ended at Until: the next label decides
	stop    *mark        // where it did
	looked  bool         // more has found something that could not be opened yet
	done    bool         // nothing will come any more
	known   bool         // the directory was there once
	missing bool         // it is not there now
	dirty   bool         // something has happened
	ready   bool         // it is in the heap
	final   *mark        // where it was when it was closed

	back *back // when it is read backwards
}

func newSource(r *Reader, dir string) *source {
	return &source{r: r, dir: dir, line: Line{Source: len(r.sources)}, dirty: true}
}

// begin looks at the directory for the first time.
func (s *source) begin() error {
	if err := s.enter(); err != nil {
		if s.r.opt.Follow && s.r.opt.Wait && errors.Is(err, fs.ErrNotExist) {
			s.missing = true
			return nil
		}
		s.done = true
		return fail(err, "unable to read directory %s", s.dir)
	}
	if len(s.parts) > 0 {
		s.place()
	}
	return nil
}

// enter opens the directory by its name and looks what is there.
func (s *source) enter() error {
	s.leave()
	s.r.watchDir(s)
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return err
	}
	s.root = root
	if s.parts, err = look(root, s.r.between); err != nil {
		s.leave()
		return err
	}
	s.known, s.missing = true, false
	return nil
}

func (s *source) leave() {
	closeParts(s.parts)
	s.parts = nil
	if s.root != nil {
		_ = s.root.Close()
		s.root = nil
	}
}

func (s *source) close() {
	m := s.mark()
	s.final = &m
	s.leave()
	s.drop(&s.text)
	s.drop(&s.next)
	if s.back != nil {
		s.back.close()
	}
}

// drop closes a file and takes its buffer back.
func (s *source) drop(t **text) {
	if *t != nil {
		s.r.unwatchFile(s, *t)
		(*t).close()
		*t = nil
	}
}

// advance makes line the next one, and returns false if there is none now.
func (s *source) advance() bool {
	for !s.done && !s.r.stop.Load() {
		if t := s.text; t != nil {
			off := t.off
			if b, whole, ok := t.next(); ok {
				s.lineOff = off
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
// newline; ended, that there is nothing more now.
func (s *source) turn() (ended, ok bool) {
	t := s.text
	if s.next == nil {
		s.next = s.open()
	}
	if s.next == nil && s.r.opt.Follow && !s.looked {
		if s.looked = s.more(); s.looked {
			return false, false
		}
	}
	half := t != nil && t.from < t.to
	if half && !s.leftAlone(t) {
		goesOn := s.next != nil && !t.cut() && !s.next.stamped()
		s.lineOff = t.off
		ok = s.take(t.rest(), !goesOn)
		s.line.Open = !goesOn
		return false, ok
	}
	if s.next == nil {
		s.done = s.passed
		if t != nil {
			t.idle()
		}
		return true, false
	}
	s.drop(&s.text)
	s.text, s.next = s.next, nil
	s.enterText()
	return false, false
}

// leftAlone reports whether half a line is not to be delivered, since the rest
// of it will come.
func (s *source) leftAlone(t *text) bool {
	return s.next == nil && (s.r.opt.Follow || s.r.opt.After != nil && t.name == "current")
}

// open opens the next file that is there.
func (s *source) open() *text {
	for len(s.parts) > 0 {
		p := s.parts[0]
		s.parts = s.parts[1:]
		start := s.start
		s.start = 0
		if err := p.open(s.root); err != nil {
			s.warn(err, "unable to open %s", s.path(p.name))
			continue
		}
		t := newText(s.r, p, s.path(p.name))
		if err := t.skip(start); err != nil {
			s.warn(err, "unable to read %s", s.path(p.name))
			t.close()
			continue
		}
		if len(s.parts) == 0 {
			s.r.watchFile(s, t)
			_ = s.root.Close()
			s.root = nil
		}
		return t
	}
	return nil
}

// enterText begins with the file that text is now.
func (s *source) enterText() {
	t := s.text
	s.said, s.labels, s.looked = false, false, false
	if t.off == 0 && t.floor.Compare(s.last) > 0 {
		s.last = t.floor
	}
	bare := t.bare
	if s.seeking && t.off == 0 && t.floor != (tai64.TAI64N{}) && t.floor.Compare(s.from) >= 0 {
		s.seeking = false
	}
	if s.seeking {
		bare = s.seek(t)
	}
	s.inside = s.inRange(s.last, bare) && (bare || !s.seeking)
	if s.beyond(s.last) {
		s.stopAt(s.last, t.off)
	}
}

// seek goes to where the range may begin. It reports whether there is no label
// in the file: then it is read from its beginning, for what lines of the range
// it holds cannot be known.
func (s *source) seek(t *text) (bare bool) {
	if t.in != nil {
		return !t.seekMember(s.from)
	}
	off, before, labels := seekLabel(t.f, t.off, t.size(), s.from)
	if labels {
		t.jump(off)
	}
	if before != (tai64.TAI64N{}) {
		s.last = before
	}
	return !labels
}

// take makes line of b, and returns whether it is to be delivered.
func (s *source) take(b []byte, whole bool) bool {
	l := &s.line
	l.Text, l.Lead, l.Stepped, l.Open, l.More = b, 0, false, false, !whole
	s.prev = s.last
	if s.inLine {
		s.inLine = l.More
		return s.keep
	}
	s.inLine = l.More
	if label, n, ok := tai64.ParseStamp(b); ok {
		if label.Compare(s.top) < 0 {
			s.stepped()
		}
		l.Lead, s.last, s.top, s.labels = n, label, label, true
		s.keep = s.decide(label)
	} else {
		s.keep = s.inside
	}
	l.Label = s.last
	if s.keep && s.r.opt.Match != nil {
		s.keep = s.r.opt.Match(l)
	}
	return s.keep
}

// decide reports whether a label is in the range, and ends what lies behind it.
func (s *source) decide(label tai64.TAI64N) bool {
	if s.seeking {
		if label.Compare(s.from) < 0 {
			return false
		}
		s.seeking = false
	}
	s.inside = s.inRange(label, false)
	if !s.beyond(label) {
		s.passed, s.stop = false, nil
		return s.inside
	}
	s.stopAt(s.prev, s.lineOff)
	s.endRange(label)
	s.passed = true
	return false
}

// stopAt makes the first place behind the range that of the mark.
func (s *source) stopAt(label tai64.TAI64N, off int64) {
	if s.stop == nil {
		m := s.markAt(label, off)
		s.stop = &m
	}
}

// beyond reports whether a label is Until or above.
func (s *source) beyond(l tai64.TAI64N) bool {
	until := s.r.opt.Until
	return until != tai64.TAI64N{} && l.Compare(until) >= 0
}

// inRange reports whether a label is in the range. Where a file has no labels
// that one is only the time before which none of its lines was written.
func (s *source) inRange(l tai64.TAI64N, bare bool) bool {
	return (bare || l.Compare(s.r.opt.Since) >= 0) && !s.beyond(l)
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

// keepFrom forgets the files before the one with that index.
func (s *source) keepFrom(i int) {
	closeParts(s.parts[:i])
	s.parts = s.parts[i:]
}

// dropBelow forgets archives all lines of which are below a label.
func (s *source) dropBelow(l tai64.TAI64N) {
	i := slices.IndexFunc(s.parts, func(p part) bool { return !p.named || p.label.Compare(l) >= 0 })
	if i < 0 {
		i = len(s.parts)
	}
	s.keepFrom(i)
}
