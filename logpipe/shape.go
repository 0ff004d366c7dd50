package logpipe

import (
	"bytes"
	"unicode/utf8"
)

// forms is what the words say that change lines on their way to a destination.
type forms struct {
	prefix  string // prefix=
	replace byte   // replace=, 0 if it is not wanted
	line    int    // line=, likewise
	rate    rate   // rate=, likewise
}

const (
	minLine = 16      // bytes of line=, at least: any character fits
	maxLine = 1 << 30 // at most
)

// goesOn ends a piece of a line that goes on in the next one.
const goesOn = "\\\n" // on disk; fixed

// shape changes the lines of one outlet. It sees them whole, one after the other,
// in as many parts as they come, and what it makes of them does not depend on
// where the parts end: after a kill they end elsewhere.
type shape struct {
	forms
	p      *Pipe
	out    *outlet
	number int // of the outlet
	note   int // among the notes of the intake

	within bool // the line at hand has begun to go out
	column int  // bytes of its text in the present piece
	bucket bucket
}

// newShape returns what an outlet's lines go through, nil if they are not changed.
func (p *Pipe) newShape(f forms, out *outlet) *shape {
	if f == (forms{}) {
		return nil
	}
	s := &shape{forms: f, p: p, out: out, number: len(p.outlets), bucket: bucket{rate: f.rate}}
	s.note = p.intake.note(s)
	return s
}

// take adds text[lo:hi], a part of one line.
func (s *shape) take(text []byte, lo, hi int) {
	o := s.out
	if !s.within {
		s.within, s.column = true, 0
		o.gather = append(o.gather, text[lo:lo+s.p.lead]...)
		o.gather = append(o.gather, s.prefix...)
		lo += s.p.lead
	}
	part, ended := bytes.CutSuffix(text[lo:hi], newline)
	for len(part) > 0 {
		n := len(part)
		if s.line > 0 {
			n = s.fit(part)
		}
		s.copy(part[:n])
		if part = part[n:]; len(part) > 0 {
			o.gather = append(o.gather, goesOn...)
			s.begin()
		}
	}
	if ended {
		o.gather = append(o.gather, '\n')
		s.within = false
		if s.bucket.lines > 0 && s.bucket.due(s.now()) {
			s.say()
		}
	}
	if len(o.gather) >= 2*largeBatch {
		o.flush(s.p)
	}
}

var newline = []byte{'\n'}

// begin begins another line with a stamp of its own.
func (s *shape) begin() {
	o := s.out
	if s.p.stamper != nil {
		o.gather = s.p.stamper.Append(o.gather)
	}
	o.gather = append(o.gather, s.prefix...)
	s.column = 0
}

// fit is how much of part belongs to the present piece. A piece ends before the
// first character that has no room in it.
func (s *shape) fit(part []byte) int {
	n := min(len(part), max(s.line-s.column-utf8.UTFMax+1, 0))
	for n < len(part) && s.column+n+runeSize(part[n]) <= s.line {
		n++
	}
	s.column += n
	return n
}

// runeSize is the length of the character that begins with c, 1 if none does.
func runeSize(c byte) int {
	switch {
	case c < 0xc2 || c > 0xf4:
		return 1
	case c < 0xe0:
		return 2
	case c < 0xf0:
		return 3
	}
	return 4
}

// copy adds bytes of the text.
func (s *shape) copy(part []byte) {
	o := s.out
	from := len(o.gather)
	o.gather = append(o.gather, part...)
	if s.replace == 0 {
		return
	}
	for i, c := range o.gather[from:] {
		if c < ' ' && c != '\t' || c == 0x7f {
			o.gather[from+i] = s.replace
		}
	}
}

// The account: the bucket, and the column with these bits.
const sayingBit = 1 << 62

func (s *shape) key() uint64 { return noteKey("shape", s.number) }

func (s *shape) account(inLine bool) [5]uint64 {
	b := &s.bucket
	last := uint64(s.column)
	if inLine && s.out.taking {
		last |= takingBit
	}
	return [5]uint64{uint64(b.full), b.lines, uint64(b.first), uint64(b.last), last}
}

func (s *shape) restore(v [5]uint64) {
	s.bucket = bucket{rate: s.rate, full: int64(v[0]), lines: v[1], first: int64(v[2]), last: int64(v[3]), saying: v[4]&sayingBit != 0}
	s.within = v[4]&takingBit != 0
	s.out.taking = s.out.taking || s.within
	s.column = int(v[4] &^ (takingBit | sayingBit))
}
