package tai64

// stampSize is the length of a stamp in front of a line: "@", 24 digits, space.
const stampSize = 1 + 24 + 1 // on disk; fixed

// Stamper writes the stamps of a [Clock] in front of lines. It keeps the text of
// the last stamp, and as nearly all stamps are 1 ns above the last one, it mostly
// has to write but the last two digits. It may share the Clock with other users.
// A Stamper is not for concurrent use.
type Stamper struct {
	// Clock gives the stamps; it must not be nil.
	Clock *Clock

	// text is a stamp; all stamps with the same sec and high share it, but for
	// the last two digits.
	text [stampSize]byte
	sec  uint64
	high uint32 // nanoseconds / 256 + 1; zero as long as there is no text
}

// NewStamper returns a Stamper for the stamps of c.
func NewStamper(c *Clock) *Stamper { return &Stamper{Clock: c} }

// Append appends the next stamp and a space to dst, 26 bytes. It takes the stamp
// from the Clock as by one call of Next.
func (s *Stamper) Append(dst []byte) []byte {
	l := s.Clock.Next()
	if l.Sec != s.sec || l.Nano>>8+1 != s.high {
		s.format(l)
	}
	n := len(dst)
	if cap(dst)-n >= stampSize {
		dst = dst[:n+stampSize]
		*(*[stampSize]byte)(dst[n:]) = s.text // a few moves, no call
	} else {
		dst = append(dst, s.text[:]...)
	}
	// The digits go to dst alone: a processor stalls when it reads text while
	// bytes of it are still on their way to memory.
	pair := 2 * (l.Nano & 0xff)
	d := (*[stampSize]byte)(dst[n:])
	d[23], d[24] = hexPairs[pair], hexPairs[pair+1]
	return dst
}

// format writes the text of l anew.
func (s *Stamper) format(l TAI64N) {
	l.appendTo(s.text[:0])
	s.text[stampSize-1] = ' '
	s.sec, s.high = l.Sec, l.Nano>>8+1
}
