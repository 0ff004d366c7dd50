package tai64

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// steps is a Reader of one given piece per call, and then of err.
type steps struct {
	pieces []string
	err    error
	last   error             // comes together with the last piece
	before func(i int) error // each call asks first, if set
	calls  int
}

func (s *steps) Read(b []byte) (int, error) {
	i := s.calls
	s.calls++
	if s.before != nil {
		if err := s.before(i); err != nil {
			return 0, err
		}
	}
	if i >= len(s.pieces) {
		return 0, s.err
	}
	n := copy(b, s.pieces[i])
	if i == len(s.pieces)-1 {
		return n, s.last
	}
	return n, nil
}

// ticking is a Clock that is a second later at each reading.
func ticking() *Clock {
	now := time.Unix(0, 0)
	return &Clock{Now: func() time.Time { now = now.Add(time.Second); return now }}
}

// stampOf is the stamp of a line: reading n of ticking, line i of that reading.
func stampOf(n uint64, i uint32) string { return TAI64N{epoch + n, i}.String() + " " }

func TestEachLineGetsTheStampOfItsFirstByte(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		pieces []string
		want   string
	}{
		{"no input", nil, ""},
		{"one line", []string{"a\n"}, stampOf(1, 0) + "a\n"},
		{"two lines in a read", []string{"a\nb\n"}, stampOf(1, 0) + "a\n" + stampOf(1, 1) + "b\n"},
		{"two reads", []string{"a\n", "b\n"}, stampOf(1, 0) + "a\n" + stampOf(2, 0) + "b\n"},
		{"empty lines", []string{"\n\n"}, stampOf(1, 0) + "\n" + stampOf(1, 1) + "\n"},
		{"partial last line", []string{"a\nb"}, stampOf(1, 0) + "a\n" + stampOf(1, 1) + "b"},
		{"a line in pieces", []string{"a", "b", "", "c\nd"}, stampOf(1, 0) + "abc\n" + stampOf(3, 0) + "d"},
		{"newline in a read of its own", []string{"a", "\n", "b\n"}, stampOf(1, 0) + "a\n" + stampOf(3, 0) + "b\n"},
		{"any bytes", []string{"\x00\xff\r\n@x"}, stampOf(1, 0) + "\x00\xff\r\n" + stampOf(1, 1) + "@x"},
	} {
		var out strings.Builder
		err := Stamp(&out, &steps{pieces: c.pieces, err: io.EOF}, ticking())
		if err != nil || out.String() != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.name, out.String(), err, c.want)
		}
	}
}

func TestStampedOutputKeepsEveryByte(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		strings.Repeat("\n", 60000),
		strings.Repeat("x", 700000) + "\n" + strings.Repeat("y", 700000),
		strings.Repeat(strings.Repeat("line ", 20)+"\n", 20000),
	} {
		for _, r := range []io.Reader{strings.NewReader(in), iotest.HalfReader(strings.NewReader(in))} {
			var out bytes.Buffer
			if err := Stamp(&out, r, &Clock{}); err != nil {
				t.Error(err)
			}
			if got := unstamp(t, out.String()); got != in {
				t.Errorf("%.10q...: %d bytes come back as %d other ones", in, len(in), len(got))
			}
		}
	}
}

// unstamp takes the stamp off each line, and holds that they rise.
func unstamp(t *testing.T, s string) string {
	t.Helper()
	var b strings.Builder
	var last TAI64N
	for line := range strings.SplitAfterSeq(s, "\n") {
		if line == "" {
			break // the last line was whole
		}
		l, err := ParseTAI64N(line[:min(len(line), stampSize-1)])
		if err != nil || line[stampSize-1] != ' ' || l.Compare(last) <= 0 {
			t.Fatalf("after %v: no stamp in front of %.40q: %v", last, line, err)
		}
		b.WriteString(line[stampSize:])
		last = l
	}
	return b.String()
}

// writes keeps the length of each Write.
type writes struct {
	sizes []int
	bytes.Buffer
}

func (w *writes) Write(b []byte) (int, error) {
	w.sizes = append(w.sizes, len(b))
	return w.Buffer.Write(b)
}

func TestAReadOfUsualLinesIsOneWrite(t *testing.T) {
	t.Parallel()
	var w writes
	piece := strings.Repeat(strings.Repeat("x", 70)+"\n", 50)
	if err := Stamp(&w, &steps{pieces: []string{piece, piece, piece}, err: io.EOF}, &Clock{}); err != nil {
		t.Error(err)
	}
	if len(w.sizes) != 3 {
		t.Errorf("%d writes for 3 reads", len(w.sizes))
	}
}

func TestOutputMemoryIsBounded(t *testing.T) {
	t.Parallel()
	var w writes
	if err := Stamp(&w, strings.NewReader(strings.Repeat("\n", 1<<20)), &Clock{}); err != nil {
		t.Error(err)
	}
	for _, size := range w.sizes {
		if size > pendMax {
			t.Errorf("a write of %d bytes", size)
		}
	}
}

// streams are both programs, with an input line and how long its output is.
var streams = []struct {
	name string
	run  func(io.Writer, io.Reader) error
}{
	{"Stamp", func(w io.Writer, r io.Reader) error { return Stamp(w, r, &Clock{}) }},
	{"Local", func(w io.Writer, r io.Reader) error { return Local(w, r, &Zone{}) }},
}

func TestAllIsWrittenBeforeTheNextRead(t *testing.T) {
	t.Parallel()
	for _, s := range streams {
		var out strings.Builder
		pieces := []string{"one\n", "two", "\nthree\n", "4"}
		r := &steps{pieces: pieces, err: io.EOF}
		r.before = func(i int) error {
			written := out.String()
			if i > 0 && !strings.HasSuffix(written, pieces[i-1]) && !strings.HasSuffix(written, "three\n") {
				t.Errorf("%s: before read %d only %q is written", s.name, i, written)
			}
			return nil
		}
		if err := s.run(&out, r); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
	}
}

func TestErrorsEndTheStream(t *testing.T) {
	t.Parallel()
	readErr, writeErr := errors.New("read"), errors.New("write")
	for _, s := range streams {
		var out strings.Builder
		err := s.run(&out, &steps{pieces: []string{"one\n", "two\n"}, last: readErr})
		if err != readErr || !strings.HasSuffix(out.String(), "two\n") {
			t.Errorf("%s: bytes with a read error: %v after %q", s.name, err, out.String())
		}
		out.Reset()
		err = s.run(&out, &steps{pieces: []string{"one\n", "two\n"}, last: io.EOF})
		if err != nil || !strings.HasSuffix(out.String(), "two\n") {
			t.Errorf("%s: bytes with the end of input: %v after %q", s.name, err, out.String())
		}
		if err := s.run(&out, &steps{err: readErr}); err != readErr {
			t.Errorf("%s: read error alone: %v", s.name, err)
		}
		r := &steps{pieces: []string{"one\n", "two\n"}, last: readErr}
		if err := s.run(failing{writeErr}, r); err != writeErr || r.calls != 1 {
			t.Errorf("%s: write error: %v after %d reads", s.name, err, r.calls)
		}
		if err := s.run(failing{}, &steps{pieces: []string{"one\n"}, err: io.EOF}); err != io.ErrShortWrite {
			t.Errorf("%s: short write: %v", s.name, err)
		}
		if err := s.run(&out, &steps{}); err != io.ErrNoProgress {
			t.Errorf("%s: reads that give nothing: %v", s.name, err)
		}
	}
}

// failing is a Writer that takes nothing.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// lengths keeps the length of the buffer of each Read.
type lengths struct {
	io.Reader
	seen []int
}

func (l *lengths) Read(b []byte) (int, error) {
	l.seen = append(l.seen, len(b))
	return l.Reader.Read(b)
}

func TestTheBufferGrowsOnlyWhenAReadFillsIt(t *testing.T) {
	t.Parallel()
	for _, s := range streams {
		slow := &lengths{Reader: iotest.OneByteReader(strings.NewReader(strings.Repeat("x\n", 10000)))}
		if err := s.run(io.Discard, slow); err != nil {
			t.Error(err)
		}
		if last := slow.seen[len(slow.seen)-1]; last != readMin {
			t.Errorf("%s: small reads use a buffer of %d bytes", s.name, last)
		}
		fast := &lengths{Reader: strings.NewReader(strings.Repeat("x\n", 500000))}
		if err := s.run(io.Discard, fast); err != nil {
			t.Error(err)
		}
		if last := fast.seen[len(fast.seen)-1]; last != readMax {
			t.Errorf("%s: large reads use a buffer of %d bytes", s.name, last)
		}
	}
}

func TestStreamsAllocateNothingPerLine(t *testing.T) {
	line := "@4000000037c219bf2ef02e94 " + strings.Repeat("x", 70) + "\n"
	few, many := strings.Repeat(line, 20000), strings.Repeat(line, 40000)
	for _, s := range streams {
		cost := func(in string) float64 {
			return testing.AllocsPerRun(3, func() {
				if err := s.run(io.Discard, strings.NewReader(in)); err != nil {
					t.Error(err)
				}
			})
		}
		// The buffers cost the same for both.
		if more := cost(many) - cost(few); more >= 1 {
			t.Errorf("%s: %v allocations for 20000 more lines", s.name, more)
		}
	}
}

// endless is a Reader of the same bytes over and over, n in all.
type endless struct {
	text []byte
	n    int
}

func (e *endless) Read(b []byte) (int, error) {
	if e.n == 0 {
		return 0, io.EOF
	}
	m := 0
	for m+len(e.text) <= len(b) && e.n > 0 {
		m += copy(b[m:], e.text)
		e.n--
	}
	return m, nil
}

// Both benchmarks use lines of 97 bytes; one operation is one line.
func BenchmarkStamp(b *testing.B) {
	line := []byte(strings.Repeat("x", 96) + "\n")
	b.ReportAllocs()
	b.SetBytes(int64(len(line)))
	if err := Stamp(io.Discard, &endless{line, b.N}, &Clock{}); err != nil {
		b.Error(err)
	}
}

func BenchmarkLocal(b *testing.B) {
	line := []byte("@4000000037c219bf2ef02e94 " + strings.Repeat("x", 70) + "\n")
	b.ReportAllocs()
	b.SetBytes(int64(len(line)))
	if err := Local(io.Discard, &endless{line, b.N}, &Zone{}); err != nil {
		b.Error(err)
	}
}
