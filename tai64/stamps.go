package tai64

import "bytes"

// Stamps is what the stamps in front of lines look like.
type Stamps uint8

const (
	LabelStamps Stamps = iota // a TAI64N label, as a [Stamper] writes it
	UnixStamps                // Unix time, as a [UnixStamper] writes it
	ISOStamps                 // ISO 8601, as an [ISOStamper] writes it
)

// Append appends the stamp of a label and a space to dst.
func (s Stamps) Append(dst []byte, l TAI64N) []byte {
	switch s {
	case UnixStamps:
		return appendUnix(dst, l)
	case ISOStamps:
		return appendISOFraction(appendISOSecond(dst, l), l)
	}
	return append(l.appendTo(dst), ' ')
}

// ParseStamp reads the stamp at the start of a line, of whatever kind, and
// returns the number of its bytes, the space after it included. A label may also
// end the line. A stamp of Unix time gives the first label it may stand for.
func ParseStamp(line []byte) (l TAI64N, n int, ok bool) {
	switch {
	case len(line) == 0:
		return TAI64N{}, 0, false
	case line[0] == '@':
		return parseLabelStamp(line)
	}
	if l, ok = ParseISOStamp(line); ok {
		return l, isoSize, true
	}
	if l, ok = ParseUnixStamp(line); ok {
		return l, bytes.IndexByte(line, ' ') + 1, true
	}
	return TAI64N{}, 0, false
}

func parseLabelStamp(line []byte) (l TAI64N, n int, ok bool) {
	const size = stampSize - 1
	if len(line) < size {
		return TAI64N{}, 0, false
	}
	l, ok = parseLabel(line)
	switch {
	case !ok:
		return TAI64N{}, 0, false
	case len(line) == size || line[size] == '\n':
		return l, size, true
	}
	return l, stampSize, line[size] == ' '
}
