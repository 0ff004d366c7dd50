package tai64

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"time"
)

const (
	// epoch is the label second of 1970-01-01 00:00:00 UTC: 2^62 for the start
	// of the TAI scale, and the 10 seconds by which daemontools sets UTC apart
	// from TAI at all times.
	epoch = 1<<62 + 10 // on disk; fixed

	// reserved is the first second that is no label.
	reserved = 1 << 63 // on disk; fixed

	billion = 1e9 // nanoseconds in a second, attoseconds in a nanosecond
)

// TAI64 is a label that counts seconds. Its zero value is the first second of
// the scale, about 146 billion years before 1970.
type TAI64 uint64

// TAI64At returns the label of the second that holds t. A time outside the
// scale (146 billion years around 1970) gives its first or last label.
func TAI64At(t time.Time) TAI64 {
	sec, _ := labelSecond(t)
	return TAI64(sec)
}

// labelSecond converts a time to a label's second. Outside the scale it gives
// the nearest second and false.
func labelSecond(t time.Time) (sec uint64, ok bool) {
	switch u := t.Unix(); {
	case u < -epoch:
		return 0, false
	case u > reserved-1-epoch:
		return reserved - 1, false
	default:
		return uint64(u + epoch), true
	}
}

// ParseTAI64 reads "@" and exactly 16 lower-case hexadecimal digits.
func ParseTAI64(s string) (TAI64, error) { return parseTAI64(s) }

func parseTAI64[T string | []byte](s T) (TAI64, error) {
	if err := checkText(s, 16); err != nil {
		return 0, err
	}
	return checkedTAI64(parseHex(s[1:17]))
}

func checkedTAI64(sec uint64) (TAI64, error) {
	if err := checkFields(sec, 0, 0); err != nil {
		return 0, err
	}
	return TAI64(sec), nil
}

// Time returns the label's time in UTC, after the convention of daemontools.
func (l TAI64) Time() time.Time { return unixTime(uint64(l), 0) }

// unixTime is the inverse of labelSecond.
func unixTime(sec uint64, nano uint32) time.Time {
	return time.Unix(int64(sec-epoch), int64(nano)).UTC()
}

// Compare returns -1, 0 or 1: l is before, the same as or after m.
func (l TAI64) Compare(m TAI64) int { return cmp.Compare(l, m) }

// String returns the label's text, "@" and 16 digits.
func (l TAI64) String() string { return string(l.appendTo(make([]byte, 0, 17))) }

func (l TAI64) appendTo(b []byte) []byte { return appendHex64(append(b, '@'), uint64(l)) }

// AppendText appends the label's text to b. The error is always nil.
func (l TAI64) AppendText(b []byte) ([]byte, error) { return l.appendTo(b), nil }

// MarshalText returns the label's text. The error is always nil.
func (l TAI64) MarshalText() ([]byte, error) { return l.AppendText(nil) }

// UnmarshalText reads what [ParseTAI64] reads; after an error l is unchanged.
func (l *TAI64) UnmarshalText(b []byte) error { return store(l, b, parseTAI64[[]byte]) }

// AppendBinary appends the label's 8 bytes to b. The error is always nil.
func (l TAI64) AppendBinary(b []byte) ([]byte, error) {
	return binary.BigEndian.AppendUint64(b, uint64(l)), nil
}

// MarshalBinary returns the label's 8 bytes. The error is always nil.
func (l TAI64) MarshalBinary() ([]byte, error) { return l.AppendBinary(nil) }

// UnmarshalBinary reads exactly 8 bytes; after an error l is unchanged.
func (l *TAI64) UnmarshalBinary(b []byte) error { return store(l, b, decodeTAI64) }

func decodeTAI64(b []byte) (TAI64, error) {
	if len(b) != 8 {
		return 0, fmt.Errorf("binary label: has %d bytes, want 8", len(b))
	}
	return checkedTAI64(binary.BigEndian.Uint64(b))
}

// store sets *l to what parse reads from b, unless that fails.
func store[L any](l *L, b []byte, parse func([]byte) (L, error)) error {
	v, err := parse(b)
	if err != nil {
		return err
	}
	*l = v
	return nil
}
