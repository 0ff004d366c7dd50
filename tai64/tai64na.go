package tai64

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"time"
)

// TAI64NA is a label that counts seconds, nanoseconds and attoseconds.
// daemontools keeps its first 12 bytes in status records; the attoseconds of
// its own labels are always zero.
type TAI64NA struct {
	Sec  uint64 // below 2^63
	Nano uint32 // below 1e9
	Atto uint32 // of the nanosecond, below 1e9
}

// TAI64NAAt returns the label of t, with no attoseconds. A time outside the
// scale gives the label of [At] there.
func TAI64NAAt(t time.Time) TAI64NA {
	l := At(t)
	return TAI64NA{Sec: l.Sec, Nano: l.Nano}
}

// ParseTAI64NA reads "@" and exactly 32 lower-case hexadecimal digits.
func ParseTAI64NA(s string) (TAI64NA, error) { return parseTAI64NA(s) }

func parseTAI64NA[T string | []byte](s T) (TAI64NA, error) {
	if err := checkText(s, 32); err != nil {
		return TAI64NA{}, err
	}
	return checkedTAI64NA(parseHex(s[1:17]), uint32(parseHex(s[17:25])), uint32(parseHex(s[25:33])))
}

func checkedTAI64NA(sec uint64, nano, atto uint32) (TAI64NA, error) {
	if err := checkFields(sec, nano, atto); err != nil {
		return TAI64NA{}, err
	}
	return TAI64NA{sec, nano, atto}, nil
}

// Time returns the label's time in UTC, after the convention of daemontools. The
// attoseconds are cut off.
func (l TAI64NA) Time() time.Time { return unixTime(l.Sec, l.Nano) }

// Compare returns -1, 0 or 1: l is before, the same as or after m.
func (l TAI64NA) Compare(m TAI64NA) int {
	return cmp.Or(cmp.Compare(l.Sec, m.Sec), cmp.Compare(l.Nano, m.Nano), cmp.Compare(l.Atto, m.Atto))
}

// String returns the label's text, "@" and 32 digits.
func (l TAI64NA) String() string { return string(l.appendTo(make([]byte, 0, 33))) }

func (l TAI64NA) appendTo(b []byte) []byte {
	return appendHex32(TAI64N{l.Sec, l.Nano}.appendTo(b), l.Atto)
}

// AppendText appends the label's text to b. The error is always nil.
func (l TAI64NA) AppendText(b []byte) ([]byte, error) { return l.appendTo(b), nil }

// MarshalText returns the label's text. The error is always nil.
func (l TAI64NA) MarshalText() ([]byte, error) { return l.AppendText(nil) }

// UnmarshalText reads what [ParseTAI64NA] reads; after an error l is unchanged.
func (l *TAI64NA) UnmarshalText(b []byte) error { return store(l, b, parseTAI64NA[[]byte]) }

// AppendBinary appends the label's 16 bytes to b. The error is always nil.
func (l TAI64NA) AppendBinary(b []byte) ([]byte, error) {
	b = binary.BigEndian.AppendUint64(b, l.Sec)
	b = binary.BigEndian.AppendUint32(b, l.Nano)
	return binary.BigEndian.AppendUint32(b, l.Atto), nil
}

// MarshalBinary returns the label's 16 bytes. The error is always nil.
func (l TAI64NA) MarshalBinary() ([]byte, error) { return l.AppendBinary(nil) }

// UnmarshalBinary reads exactly 16 bytes; after an error l is unchanged.
func (l *TAI64NA) UnmarshalBinary(b []byte) error { return store(l, b, decodeTAI64NA) }

func decodeTAI64NA(b []byte) (TAI64NA, error) {
	if len(b) != 16 {
		return TAI64NA{}, fmt.Errorf("binary label: has %d bytes, want 16", len(b))
	}
	be := binary.BigEndian
	return checkedTAI64NA(be.Uint64(b), be.Uint32(b[8:]), be.Uint32(b[12:]))
}
