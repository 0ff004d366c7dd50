package tai64

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

// TAI64N is a label that counts seconds and nanoseconds, the one that stands in
// front of log lines and in the names of old log files. It may be compared with
// == and used as a map key.
type TAI64N struct {
	Sec  uint64 // below 2^63
	Nano uint32 // below 1e9
}

// The ends of the scale, where [At] and [TAI64N.Add] stop.
var (
	firstLabel = TAI64N{}
	lastLabel  = TAI64N{Sec: reserved - 1, Nano: billion - 1}
)

// At returns the label of t. A time outside the scale (146 billion years around
// 1970) gives its first or last label.
func At(t time.Time) TAI64N {
	sec, ok := labelSecond(t)
	switch {
	case ok:
		return TAI64N{sec, uint32(t.Nanosecond())}
	case sec == 0:
		return firstLabel
	}
	return lastLabel
}

// ParseTAI64N reads "@" and exactly 24 lower-case hexadecimal digits.
func ParseTAI64N(s string) (TAI64N, error) { return parseTAI64N(s) }

func parseTAI64N[T string | []byte](s T) (TAI64N, error) {
	if err := checkText(s, 24); err != nil {
		return TAI64N{}, err
	}
	return checkedTAI64N(parseHex(s[1:17]), uint32(parseHex(s[17:25])))
}

func checkedTAI64N(sec uint64, nano uint32) (TAI64N, error) {
	if err := checkFields(sec, nano, 0); err != nil {
		return TAI64N{}, err
	}
	return TAI64N{sec, nano}, nil
}

// Time returns the label's time in UTC, after the convention of daemontools.
func (l TAI64N) Time() time.Time { return unixTime(l.Sec, l.Nano) }

// Compare returns -1, 0 or 1: l is before, the same as or after m.
func (l TAI64N) Compare(m TAI64N) int {
	return cmp.Or(cmp.Compare(l.Sec, m.Sec), cmp.Compare(l.Nano, m.Nano))
}

// Add returns the label d later, or earlier if d is negative. At either end of
// the scale it stops at the first or last label.
func (l TAI64N) Add(d time.Duration) TAI64N {
	sec, nano := int64(d/time.Second), int64(d%time.Second)
	nano += int64(l.Nano)
	switch {
	case nano < 0:
		sec, nano = sec-1, nano+billion
	case nano >= billion:
		sec, nano = sec+1, nano-billion
	}
	switch {
	case sec < 0 && uint64(-sec) > l.Sec:
		return firstLabel
	case sec > 0 && uint64(sec) > reserved-1-l.Sec:
		return lastLabel
	}
	return TAI64N{l.Sec + uint64(sec), uint32(nano)}
}

// next returns the label one nanosecond later. It is small enough to be inlined;
// it does not stop at the end of the scale.
func (l TAI64N) next() TAI64N {
	if l.Nano++; l.Nano >= billion {
		l.Sec, l.Nano = l.Sec+1, 0
	}
	return l
}

// sub returns l - m for an l not before m, or the longest duration there is.
func (l TAI64N) sub(m TAI64N) time.Duration {
	const most = math.MaxInt64 / int64(time.Second)
	if l.Sec-m.Sec >= uint64(most) {
		return math.MaxInt64
	}
	return time.Duration(l.Sec-m.Sec)*time.Second + time.Duration(l.Nano) - time.Duration(m.Nano)
}

// String returns the label's text, "@" and 24 digits.
func (l TAI64N) String() string { return string(l.appendTo(make([]byte, 0, 25))) }

func (l TAI64N) appendTo(b []byte) []byte {
	return appendHex32(appendHex64(append(b, '@'), l.Sec), l.Nano)
}

// AppendText appends the label's text to b. The error is always nil.
func (l TAI64N) AppendText(b []byte) ([]byte, error) { return l.appendTo(b), nil }

// MarshalText returns the label's text. The error is always nil.
func (l TAI64N) MarshalText() ([]byte, error) { return l.AppendText(nil) }

// UnmarshalText reads what [ParseTAI64N] reads; after an error l is unchanged.
func (l *TAI64N) UnmarshalText(b []byte) error { return store(l, b, parseTAI64N[[]byte]) }

// AppendBinary appends the label's 12 bytes to b. The error is always nil.
func (l TAI64N) AppendBinary(b []byte) ([]byte, error) {
	b = binary.BigEndian.AppendUint64(b, l.Sec)
	return binary.BigEndian.AppendUint32(b, l.Nano), nil
}

// MarshalBinary returns the label's 12 bytes. The error is always nil.
func (l TAI64N) MarshalBinary() ([]byte, error) { return l.AppendBinary(nil) }

// UnmarshalBinary reads exactly 12 bytes; after an error l is unchanged.
func (l *TAI64N) UnmarshalBinary(b []byte) error { return store(l, b, decodeTAI64N) }

func decodeTAI64N(b []byte) (TAI64N, error) {
	if len(b) != 12 {
		return TAI64N{}, fmt.Errorf("binary label: has %d bytes, want 12", len(b))
	}
	return checkedTAI64N(binary.BigEndian.Uint64(b), binary.BigEndian.Uint32(b[8:]))
}
