package tai64

import (
	"io"
	"math/bits"

	"github.com/tailight/tailight/internal/lines"
)

const (
	readMin = 4 << 10   // bytes; an idle stream costs no more
	readMax = 256 << 10 // bytes; larger reads gain nothing
	pendMax = 512 << 10 // bytes of output that wait for one Write

	// pieceSize is how much is searched for line ends at once, so that it is
	// still in the nearest cache when it is copied.
	pieceSize = 4 << 10
)

// Stamp copies lines from r to w, each with a stamp of c and a space in front:
// the tai64n program. The stamp is taken when the first byte of a line has been
// read, and a line that arrives in pieces keeps it. A partial last line stays
// without a newline. The clock is read once per read, and all that came with a
// read is written before the next read.
//
// Stamp returns nil at the end of input, otherwise the first error of r or w.
// Bytes that come together with an error of r are written first.
func Stamp(w io.Writer, r io.Reader, c *Clock) error {
	s := stampStream{w: w, stamper: Stamper{Clock: c}}
	return pump(r, s.process)
}

// stampStream is the state of a Stamp between two reads.
type stampStream struct {
	w       io.Writer
	stamper Stamper
	out     []byte
	inLine  bool // the last byte was not a newline
	ends    [pieceSize / lines.Word]uint64
}

// process stamps and writes the bytes of one read.
func (s *stampStream) process(in []byte) error {
	s.stamper.Clock.Read()
	for len(in) > 0 {
		// A line of one byte grows by 26, so that output may be far larger than
		// input; it is written in parts rather than kept.
		if len(s.out) > pendMax-pieceSize*(1+stampSize) {
			if err := s.flush(); err != nil {
				return err
			}
		}
		piece, from := in[:min(len(in), pieceSize)], 0
		in = in[len(piece):]
		for i, word := range lines.Ends(s.ends[:0], piece) {
			for ; word != 0; word &= word - 1 {
				to := i*lines.Word + bits.TrailingZeros64(word) + 1
				s.line(piece[from:to])
				s.inLine, from = false, to
			}
		}
		if from < len(piece) {
			s.line(piece[from:])
		}
	}
	return s.flush()
}

// line puts what there is of a line to the output, at most up to its newline.
func (s *stampStream) line(in []byte) {
	if !s.inLine {
		s.out = s.stamper.Append(s.out)
		s.inLine = true
	}
	s.out = append(s.out, in...)
}

func (s *stampStream) flush() error {
	err := writeAll(s.w, s.out)
	s.out = s.out[:0]
	return err
}

// pump calls process with the bytes of each read, until the input ends or an
// error comes up. The buffer grows when a read fills it.
func pump(r io.Reader, process func([]byte) error) error {
	buf := make([]byte, readMin)
	for idle := 0; ; {
		n, err := r.Read(buf)
		if n > 0 {
			if err := process(buf[:n]); err != nil {
				return err
			}
			idle = 0
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case n == len(buf) && n < readMax:
			buf = make([]byte, min(4*n, readMax))
		case n == 0:
			// A Reader may do this now and then; one that goes on would spin.
			if idle++; idle == 100 {
				return io.ErrNoProgress
			}
		}
	}
}

// writeAll writes b with one call, and takes a short count for an error.
func writeAll(w io.Writer, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	n, err := w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}
