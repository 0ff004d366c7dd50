package tai64

import (
	"strconv"
	"time"
)

// isoSize is the length of a stamp of ISO 8601 in front of a line:
// "2006-01-02T15:04:05.123456789Z", a space.
const isoSize = 30 + 1 // on disk; fixed

// ISOStamper writes the stamps of a [Clock] in front of lines as ISO 8601, in the
// profile of RFC 3339: date and time of UTC with nine digits of a fraction, and a
// space. All are of one length as long as the year has four digits, and so sort
// as text. They hold all that a label does, so they are as unique and rise as
// strictly. It is not for concurrent use.
type ISOStamper struct {
	// Clock gives the stamps; it must not be nil.
	Clock *Clock

	text []byte // up to the fraction, of sec; nil as long as there is none
	sec  uint64
}

// NewISOStamper returns an ISOStamper for the stamps of c.
func NewISOStamper(c *Clock) *ISOStamper { return &ISOStamper{Clock: c} }

// Append appends the next stamp and a space to dst. It takes the stamp from the
// Clock as by one call of Next.
func (s *ISOStamper) Append(dst []byte) []byte {
	l := s.Clock.Next()
	if l.Sec != s.sec || s.text == nil {
		s.sec = l.Sec
		s.text = appendISOSecond(s.text[:0], l)
	}
	return appendISOFraction(append(dst, s.text...), l)
}

// appendISOSecond appends the stamp of l up to its fraction.
func appendISOSecond(b []byte, l TAI64N) []byte {
	year, month, day, rest := civil(int64(l.Sec - epoch))
	switch {
	case year < 0:
		b, year = append(b, '-'), -year
	case year > 9999:
		b = append(b, '+')
	}
	b = appendYear(b, uint64(year))
	b = appendPair(append(b, '-'), month)
	b = appendPair(append(b, '-'), day)
	b = appendPair(append(b, 'T'), rest/3600)
	b = appendPair(append(b, ':'), rest/60%60)
	b = appendPair(append(b, ':'), rest%60)
	return append(b, '.')
}

// appendYear appends a year with at least four digits.
func appendYear(b []byte, year uint64) []byte {
	if year > 9999 {
		return strconv.AppendUint(b, year, 10)
	}
	return appendPair(appendPair(b, int(year/100)), int(year%100))
}

// appendISOFraction appends the nanoseconds and what ends the stamp.
func appendISOFraction(b []byte, l TAI64N) []byte {
	return append(appendNano(b, l.Nano), 'Z', ' ')
}

// ParseISOStamp reads the stamp at the start of a line as an [ISOStamper] writes
// it, its space included. Other forms of ISO 8601, and years of other than four
// digits, are not read.
func ParseISOStamp(line []byte) (l TAI64N, ok bool) {
	if len(line) < isoSize {
		return TAI64N{}, false
	}
	var v [7]int64
	for i, field := range [...]struct{ at, n int }{{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}, {20, 9}} {
		n := 0
		if v[i], n = decimal(line[field.at : field.at+field.n]); n != field.n {
			return TAI64N{}, false
		}
	}
	l = At(time.Date(int(v[0]), time.Month(v[1]), int(v[2]), int(v[3]), int(v[4]), int(v[5]), int(v[6]), time.UTC))
	// What does not give the same text is no date, or has other bytes between.
	var room [isoSize]byte
	text := appendISOFraction(appendISOSecond(room[:0], l), l)
	return l, string(text) == string(line[:isoSize])
}

func decimal(b []byte) (int64, int) {
	v, n := digits(b)
	return int64(v), n
}
