package tai64

import (
	"encoding/binary"
	"io"
	"math/bits"

	"github.com/tailight/tailight/internal/lines"
)

const (
	labelDigits = 24 // of a TAI64N label; on disk; fixed
	maxRun      = 16 << 20
)

// Local copies lines from r to w and shows the TAI64N label at the start of a
// line as local time, "2006-01-02 15:04:05.123456789": the tai64nlocal program.
// A nil Zone means LocalZone.
//
// A label is "@" and all lower-case hexadecimal digits that follow, of which the
// last 24 count, older ones being dropped; the byte after them is copied with
// the rest of the line. Nanoseconds are shown as they are, even 1000000000 and
// above. Years have no padding, and a negative one is shown modulo 2^64. A line
// whose label gives no time that the C library can show passes unchanged; so
// does any other line. If the input ends within a label, that is dropped.
//
// All that came with a read is written before the next read, but for the digits
// of a label that has not ended yet. Digits are kept until then: a run of more
// than 16 MiB of them is taken for text and passes unchanged.
//
// Local returns nil at the end of input, otherwise the first error of r or w.
// Bytes that come together with an error of r are written first.
func Local(w io.Writer, r io.Reader, z *Zone) error {
	if z == nil {
		z = LocalZone()
	}
	s := localStream{w: w, zone: z}
	return pump(r, s.process)
}

// localStream is the state of a Local between two reads.
type localStream struct {
	w     io.Writer
	zone  *Zone
	place place
	run   []byte // in a label: "@" and the digits of earlier reads
	out   []byte

	// The last second shown, by its digits in the label. text is empty before
	// the first.
	digits [16]byte
	text   []byte // "YYYY-MM-DD HH:MM:SS."

	ends [pieceSize / lines.Word]uint64
}

// place is a place in a line.
type place byte

const (
	atStart place = iota // the next byte is the first of its line
	inLabel              // a label has not ended yet; run holds it
	inText               // the rest of the line is copied
)

// process shows and writes the bytes of one read. Its output is at most twice as
// long as its input, and a run.
func (s *localStream) process(in []byte) error {
	for len(in) > 0 {
		piece, from := in[:min(len(in), pieceSize)], 0
		in = in[len(piece):]
		for i, word := range lines.Ends(s.ends[:0], piece) {
			for ; word != 0; word &= word - 1 {
				to := i*lines.Word + bits.TrailingZeros64(word) + 1
				s.line(piece[from:to])
				s.place, from = atStart, to
			}
		}
		if from < len(piece) {
			s.line(piece[from:])
		}
	}
	return s.flush()
}

// line shows what there is of a line, at most up to its newline.
func (s *localStream) line(in []byte) {
	switch s.place {
	case atStart:
		in = s.start(in)
	case inLabel:
		in = s.label(in)
	}
	s.out = append(s.out, in...)
}

// start looks at the beginning of a line. A label of the usual form, whole and
// within in, is shown right away; any other is left to label.
func (s *localStream) start(in []byte) []byte {
	s.place = inText
	if in[0] != '@' {
		return in
	}
	if len(in) > 1+labelDigits && !isHex(in[1+labelDigits]) && s.show((*[labelDigits]byte)(in[1:])) {
		return in[1+labelDigits:]
	}
	s.run = append(s.run[:0], '@')
	return s.label(in[1:])
}

// show appends the local time of a label to the output, or returns false: it has
// fewer digits, or no time.
func (s *localStream) show(d *[labelDigits]byte) bool {
	nano, ok := hex8(binary.LittleEndian.Uint64(d[16:]))
	if !ok {
		return false
	}
	if *(*[16]byte)(d[:]) != s.digits || len(s.text) == 0 {
		if !s.second((*[16]byte)(d[:])) {
			return false
		}
	}
	s.out = appendNano(append(s.out, s.text...), nano)
	return true
}

// second sets digits and text for a new second, or returns false.
func (s *localStream) second(d *[16]byte) bool {
	high, ok1 := hex8(binary.LittleEndian.Uint64(d[:]))
	low, ok2 := hex8(binary.LittleEndian.Uint64(d[8:]))
	if !ok1 || !ok2 {
		return false
	}
	sec, leap, ok := s.zone.local(int64((uint64(high)<<32 | uint64(low)) - epoch))
	if !ok {
		return false
	}
	s.digits = *d
	s.text = appendCivil(s.text[:0], sec, leap)
	return true
}

// label takes digits of a label from in, and shows the label if it ends there.
func (s *localStream) label(in []byte) []byte {
	n := 0
	for n < len(in) && isHex(in[n]) {
		n++
	}
	s.run = append(s.run, in[:n]...)
	in = in[n:]
	tooLong := len(s.run) > maxRun
	s.place = inText
	if len(in) == 0 && !tooLong {
		s.place = inLabel
		return in
	}
	if tooLong || !s.showRun() {
		s.out = append(s.out, s.run...)
	}
	if s.run = s.run[:0]; cap(s.run) > readMax {
		s.run = nil
	}
	return in
}

// showRun shows the label in run, or returns false. Digits that are missing are
// leading zeros.
func (s *localStream) showRun() bool {
	d := [labelDigits]byte([]byte("000000000000000000000000"))
	digits := s.run[1:]
	digits = digits[max(0, len(digits)-labelDigits):]
	copy(d[labelDigits-len(digits):], digits)
	return s.show(&d)
}

func (s *localStream) flush() error {
	err := writeAll(s.w, s.out)
	if s.out = s.out[:0]; cap(s.out) > 4*readMax { // it held a long run
		s.out = nil
	}
	return err
}
