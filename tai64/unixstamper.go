package tai64

import (
	"math"
	"strconv"
)

// UnixStamper writes the stamps of a [Clock] in front of lines as Unix time: the
// seconds, a dot, six digits of microseconds and a space. They are the labels cut
// to microseconds: they fall only where the Clock's do, but lines within one
// microsecond have the same. Adding a microsecond per line instead would make
// them unique and, from a million lines a second on, wrong.
//
// A time before 1970 has negative seconds, to which the microseconds are added.
// A UnixStamper is not for concurrent use.
type UnixStamper struct {
	// Clock gives the stamps; it must not be nil.
	Clock *Clock

	text  []byte // the last stamp
	sec   uint64
	micro uint32 // microseconds + 1; zero as long as there is no text
}

// NewUnixStamper returns a UnixStamper for the stamps of c.
func NewUnixStamper(c *Clock) *UnixStamper { return &UnixStamper{Clock: c} }

// Append appends the next stamp and a space to dst. It takes the stamp from the
// Clock as by one call of Next.
func (s *UnixStamper) Append(dst []byte) []byte {
	l := s.Clock.Next()
	if micro := l.Nano/1000 + 1; l.Sec != s.sec || micro != s.micro {
		s.sec, s.micro = l.Sec, micro
		s.text = appendUnix(s.text[:0], l)
	}
	return append(dst, s.text...)
}

// appendUnix appends the stamp of l.
func appendUnix(b []byte, l TAI64N) []byte {
	b = append(strconv.AppendInt(b, int64(l.Sec-epoch), 10), '.')
	for micro, unit := l.Nano/1000, uint32(100000); unit > 0; unit /= 10 {
		b = append(b, '0'+byte(micro/unit%10))
	}
	return append(b, ' ')
}

// ParseUnixStamp reads the stamp at the start of a line as a [UnixStamper]
// writes it, its space included, and returns the first label it may stand for.
// Stamps before 1970 are not read.
func ParseUnixStamp(line []byte) (l TAI64N, ok bool) {
	sec, n := digits(line)
	if n == 0 || len(line) < n+8 || line[n] != '.' {
		return TAI64N{}, false
	}
	micro, m := digits(line[n+1:])
	if m != 6 || line[n+7] != ' ' || sec > math.MaxInt64-epoch {
		return TAI64N{}, false
	}
	return TAI64N{Sec: sec + epoch, Nano: uint32(micro) * 1000}, true
}

// digits reads the decimal digits at the start of b, at most 19, and says how
// many there are.
func digits(b []byte) (v uint64, n int) {
	for n < min(len(b), 19) && '0' <= b[n] && b[n] <= '9' {
		v = 10*v + uint64(b[n]-'0')
		n++
	}
	return v, n
}
