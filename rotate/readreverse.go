package rotate

import (
	"io"
	"slices"

	"github.com/tailight/tailight/tai64"
)

// back is what a source has that is read backwards.
type back struct {
	parts  []part // all that are read, oldest first
	i      int    // of the present one
	plain  *plain // its content, or nil before the first
	text   backText
	bare   bool  // no line of it has a label
	pieces *text // a long line, which is given forward

	head  int64        // from there on, lines without a label have
	label tai64.TAI64N // that one; if headed
	heads bool
	probe backText

	at   spot // of the line that was counted last
	tail spot // the end of the last file
}

// spot is where a line stands.
type spot struct {
	i     int // of the part; -1 if there is no line
	off   int64
	label tai64.TAI64N
	bare  bool
}

// backwards gives the lines from the last to the first to visit, as long as that
// wants them.
func (r *Reader) backwards(visit func(s *source) bool) {
	h := merge{down: true}
	for _, s := range r.sources {
		s.back = &back{parts: s.parts, i: len(s.parts), at: spot{i: -1}, tail: spot{i: -1}}
		s.parts = nil
		s.back.dropAbove(r.opt.Until)
		if s.retreat() {
			h.push(s)
		}
	}
	for len(h.s) > 0 && !r.stop.Load() {
		s := h.s[0]
		more := s.line.More
		switch {
		case !visit(s):
			return
		case !s.retreat():
			h.pop()
		case !more:
			h.fix()
		}
	}
}

// goToLast makes the sources begin with the last n lines.
func (r *Reader) goToLast(n int) {
	inLine := false
	r.backwards(func(s *source) bool {
		if !inLine {
			if n--; n < 0 {
				return false
			}
			s.back.at = s.back.spot(s.lineOff, s.line.Label)
		}
		inLine = s.line.More
		return true
	})
	for _, s := range r.sources {
		s.back.forward(s)
		s.back = nil
	}
}

func (k *back) spot(off int64, l tai64.TAI64N) spot { return spot{k.i, off, l, k.bare} }

// forward makes the source go on at the spot, or where no line was counted, at
// the end.
func (k *back) forward(s *source) {
	at := k.at
	if at.i < 0 {
		at = k.tail
	}
	k.finish()
	s.parts = k.parts
	if at.i < 0 {
		s.keepFrom(len(s.parts)) // it could not be read
		return
	}
	s.keepFrom(at.i)
	s.parts[0].bare = at.bare
	s.start, s.last, s.seeking, s.inLine = at.off, at.label, false, false
}

// finish closes the present file, unless it has no name to be opened by again.
func (k *back) finish() {
	k.plain.close()
	if k.i < len(k.parts) && k.parts[k.i].named {
		k.parts[k.i].close()
	}
	k.plain, k.heads = nil, false
}

func (k *back) close() {
	k.finish()
	closeParts(k.parts)
}

// retreat makes line the one before, and returns false if there is none.
func (s *source) retreat() bool {
	k := s.back
	for !s.r.stop.Load() {
		if k.pieces != nil {
			s.piece()
			return true
		}
		if k.plain != nil {
			if b, start, end, ok := k.text.prev(); ok {
				if s.takeBack(b, start, end) {
					return true
				}
				continue
			}
		}
		if !s.earlier() {
			return false
		}
	}
	return false
}

// earlier goes on in the file before, and returns false if there is none.
func (s *source) earlier() bool {
	k := s.back
	for {
		k.finish()
		if k.i == 0 {
			return false
		}
		k.i--
		p := &k.parts[k.i]
		path := s.path(p.name)
		err := p.open(s.root)
		if err != nil {
			s.warn(err, "unable to open %s", path)
			continue
		}
		if k.plain, err = newPlain(s.r, p, path); err != nil {
			s.warn(err, "unable to read %s", path)
			continue
		}
		s.bound(p)
		return true
	}
}

// bound finds the part of the present file that lies in the range.
func (s *source) bound(p *part) {
	k := s.back
	k.text = backText{at: k.plain, hi: k.plain.size, buf: k.text.buf}
	k.bare = false
	if k.i == 0 {
		k.text.lo = min(s.start, k.text.hi)
	}
	if k.i == len(k.parts)-1 && (s.r.opt.Follow || s.r.opt.After != nil && p.name == "current") {
		// Half a line is no line yet.
		half := k.text
		if _, start, _, ok := half.prev(); ok && !half.whole {
			k.text.hi = start
		}
		k.text.buf = nil // half may have changed it
	}
	since := s.r.opt.Since
	if s.seeking && s.from.Compare(since) > 0 {
		since = s.from
	}
	var none tai64.TAI64N
	labels := true
	if since != none && k.carried().Compare(since) < 0 {
		var lo int64
		if lo, _, labels = seekLabel(k.plain, k.text.lo, k.text.hi, since); labels {
			k.text.lo = lo
		}
	}
	if until := s.r.opt.Until; until != none && labels && !k.endsBelow(until) {
		var hi int64
		if hi, _, labels = seekLabel(k.plain, k.text.lo, k.text.hi, until); labels {
			k.text.hi = hi
		}
	}
	k.bare = !labels
	if k.i == len(k.parts)-1 && s.r.opt.HasLast {
		k.tail = k.spot(k.text.hi, k.labelBefore(k.text.hi))
	}
}

// dropAbove forgets files that lie behind a label, but for one: in files of 0.76
// the first labels may be below those of the file before; and for those that endRange
// keeps.
func (k *back) dropAbove(l tai64.TAI64N) {
	i := slices.IndexFunc(k.parts, func(p part) bool { return p.named && p.label.Compare(l) >= 0 })
	if i < 0 || l == (tai64.TAI64N{}) {
		return
	}
	k.parts = slices.Concat(k.parts[:min(i+2, len(k.parts))], lowered(k.parts[min(i+2, len(k.parts)):]))
	k.i = len(k.parts)
}

// endsBelow reports whether the last label in what is left of the present file is
// below l. Then all of it is looked at: the clock may have been above in between.
func (k *back) endsBelow(l tai64.TAI64N) bool {
	_, last, ok := k.lastLabel(k.plain, k.text.hi)
	return ok && last.Compare(l) < 0
}

// takeBack makes line of what stands at start:end of the present file, and
// returns whether it is to be delivered.
func (s *source) takeBack(b []byte, start, end int64) bool {
	k, l := s.back, &s.line
	*l = Line{Source: l.Source, Text: b, Open: !k.text.whole}
	if b == nil {
		k.pieces = &text{r: s.r, at: io.NewSectionReader(k.plain, 0, end), off: start}
		s.piece()
	}
	s.lineOff = start
	var ok bool
	if l.Label, l.Lead, ok = tai64.ParseStamp(l.Text); !ok {
		l.Lead, l.Label = 0, k.labelBefore(start)
	}
	if !s.inRange(l.Label, k.bare) || s.seeking && !k.bare && l.Label.Compare(s.from) < 0 ||
		s.r.opt.Match != nil && !s.r.opt.Match(l) {
		k.endPieces(s.r)
		return false
	}
	return true
}

// piece makes line the next piece of a long one.
func (s *source) piece() {
	t, l := s.back.pieces, &s.line
	b, _, ok := t.next()
	if !ok {
		b = t.rest()
	}
	l.Text, l.Lead, l.More, l.Open = b, 0, ok, !ok && !s.back.text.whole
	if !ok {
		l.Text = append([]byte(nil), b...) // the buffer is given back
		s.back.endPieces(s.r)
	}
}

func (k *back) endPieces(r *Reader) {
	if k.pieces != nil {
		r.release(k.pieces.buf)
		k.pieces = nil
	}
}

// labelBefore is the label of a line without one at an offset of the present
// file.
func (k *back) labelBefore(off int64) tai64.TAI64N {
	if !k.heads || off < k.head {
		var ok bool
		k.heads = true
		if k.head, k.label, ok = k.lastLabel(k.plain, off); !ok {
			k.head, k.label = 0, k.carried()
		}
	}
	return k.label
}

// lookBack is how far a label is looked for: lines go without one for so long
// only where none has one.
const lookBack = 4 << 20

// lastLabel finds the last line with a label before an offset.
func (k *back) lastLabel(at io.ReaderAt, off int64) (pos int64, l tai64.TAI64N, ok bool) {
	var b [leadMax]byte
	k.probe = backText{at: at, hi: off, buf: k.probe.buf}
	for {
		line, start, _, ok := k.probe.prev()
		if !ok || off-start > lookBack {
			return 0, l, false
		}
		if line == nil { // it is too long
			n, _ := at.ReadAt(b[:], start)
			line = b[:n]
		}
		if l, ok := stampOf(line); ok {
			return start, l, true
		}
	}
}

// carried is the label of lines without one at the start of the present file.
func (k *back) carried() tai64.TAI64N {
	if k.i > 0 && !k.parts[k.i-1].named {
		before := &k.parts[k.i-1]
		if _, l, ok := k.lastLabel(before.f, before.size()); ok && l.Compare(before.floor) > 0 {
			return l
		}
	}
	return k.parts[k.i].floor
}
