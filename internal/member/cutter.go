package member

import (
	"bytes"
	"io"

	"github.com/tailight/tailight/tai64"
)

// Cutter cuts a log into the texts of members.
type Cutter struct {
	in   io.Reader
	buf  []byte // a byte longer than a text, to see whether one is the last
	from int    // what is left in buf
	to   int

	ended  bool         // there is no more than what is in buf
	begun  bool         // there was a text
	inLine bool         // the text before did not end with a line
	top    tai64.TAI64N // the highest label so far
}

// NewCutter returns a Cutter that makes texts of at most so many bytes.
func NewCutter(in io.Reader, most int64) *Cutter { return &Cutter{in: in, buf: make([]byte, most+1)} }

// Next returns the text of the next member, which is valid until the next call, and
// what its head says but for the length. At the end the error is io.EOF. An empty
// log has one member, without text.
func (c *Cutter) Next() (text []byte, h Head, err error) {
	if err := c.fill(); err != nil {
		return nil, h, err
	}
	text = c.buf[c.from:c.to]
	if len(text) == 0 && c.begun {
		return nil, h, io.EOF
	}
	if !c.ended {
		text = text[:len(c.buf)-1]
		if end := bytes.LastIndexByte(text, '\n'); end >= 0 {
			text = text[:end+1]
		}
	}
	c.from += len(text)
	c.begun = true
	return text, Head{Text: int64(len(text)), First: c.first(text)}, nil
}

// fill reads until the buffer is full.
func (c *Cutter) fill() error {
	c.to = copy(c.buf, c.buf[c.from:c.to])
	c.from = 0
	for c.to < len(c.buf) && !c.ended {
		n, err := c.in.Read(c.buf[c.to:])
		c.to += n
		if err == io.EOF {
			c.ended = true
		} else if err != nil {
			return err
		}
	}
	return nil
}

// first returns the label that a head has for a text, and goes on to its end.
func (c *Cutter) first(text []byte) (first tai64.TAI64N) {
	unfit := c.inLine
	for start := 0; start < len(text); {
		end := len(text)
		if i := bytes.IndexByte(text[start:], '\n'); i >= 0 {
			end = start + i
		}
		if l, _, ok := tai64.ParseStamp(text[start:end]); ok && !c.inLine {
			if !unfit {
				unfit = true
				if l.Compare(c.top) >= 0 {
					first = l
				}
			}
			if l.Compare(c.top) > 0 {
				c.top = l
			}
		}
		c.inLine = end == len(text)
		start = end + 1
	}
	return first
}

// FirstLabel returns the first label of a text that begins with a line.
func FirstLabel(text []byte) tai64.TAI64N { return new(Cutter).first(text) }
