package tai64

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// shownUTC are lines and what they become in UTC; most are printed like that by
// the original, those marked crash end it.
var shownUTC = []struct{ name, in, want string }{
	{"a label", "@4000000037c219bf2ef02e94 mark\n", "1999-08-24 04:04:05.787492500 mark\n"},
	{"the epoch", "@400000000000000a00000000 epoch\n", "1970-01-01 00:00:00.000000000 epoch\n"},
	{"before the epoch", "@400000000000000900000000 before\n", "1969-12-31 23:59:59.000000000 before\n"},
	{"no space", "@4000000037c219bf2ef02e94mark\n", "1999-08-24 04:04:05.787492500mark\n"},
	{"upper case text", "@4000000037c219bf2ef02e94ABC\n", "1999-08-24 04:04:05.787492500ABC\n"},
	{"label alone", "@4000000037c219bf2ef02e94\nx\n", "1999-08-24 04:04:05.787492500\nx\n"},
	{"a leading digit too many", "@04000000037c219bf2ef02e94 x\n", "1999-08-24 04:04:05.787492500 x\n"},
	{"many leading digits", "@" + strings.Repeat("f", 99999) + "4000000037c219bf2ef02e94 x\n", "1999-08-24 04:04:05.787492500 x\n"},
	{"nanoseconds too large", "@4000000037c219bfffffffff x\n", "1999-08-24 04:04:05.4294967295 x\n"},
	{"a second of nanoseconds", "@4000000037c219bf3b9aca00 x\n", "1999-08-24 04:04:05.1000000000 x\n"},
	{"few nanoseconds", "@4000000037c219bf00000001 x\n", "1999-08-24 04:04:05.000000001 x\n"},
	{"year 2106", "@40000000fffffff500000000 y\n", "2106-02-07 06:27:55.000000000 y\n"},
	{"year 10680", "@4000003fffffffff00000000 y\n", "10680-07-14 06:08:53.000000000 y\n"},
	{"year 1833", "@3fffffff0000000000000000 y\n", "1833-11-24 17:31:34.000000000 y\n"},
	{"negative year", "@3ffffff00000000000000000 y\n", "18446744073709551408-05-13 16:27:34.000000000 y\n"},
	{"leading blank", " @4000000037c219bf2ef02e94 x\n", " @4000000037c219bf2ef02e94 x\n"},
	{"second label", "x @4000000037c219bf2ef02e94\n", "x @4000000037c219bf2ef02e94\n"},
	{"two labels", "@4000000037c219bf2ef02e94 @4000000037c219bf2ef02e94\n", "1999-08-24 04:04:05.787492500 @4000000037c219bf2ef02e94\n"},
	{"two at signs", "@4000000037c219bf2ef02e94@\n", "1999-08-24 04:04:05.787492500@\n"},
	{"no label", "hello\n\nworld", "hello\n\nworld"},
	{"no input", "", ""},
	{"partial last line", "@4000000037c219bf2ef02e94 x", "1999-08-24 04:04:05.787492500 x"},
	{"end within a label", "x\n@4000000037c219bf2ef02e94", "x\n"},
	{"end after the at sign", "x\n@", "x\n"},
	{"end within a short label", "x\n@400", "x\n"},
	{"crash: no digits", "@ x\n@foo\n@\n", "@ x\n@foo\n@\n"},
	{"crash: TAI64", "@4000000037c219bf x\n", "@4000000037c219bf x\n"},
	{"crash: upper case", "@4000000037C219BF2EF02E94 x\n", "@4000000037C219BF2EF02E94 x\n"},
	{"crash: 23 digits", "@400000037c219bf2ef02e94 x\n", "@400000037c219bf2ef02e94 x\n"},
	{"crash: 25 digits", "@4000000037c219bf2ef02e940 x\n", "@4000000037c219bf2ef02e940 x\n"},
	{"crash: 32 digits", "@4000000037c219bf2ef02e9400000000 x\n", "@4000000037c219bf2ef02e9400000000 x\n"},
	{"crash: zeros", "@000000000000000000000000 x\n", "@000000000000000000000000 x\n"},
	{"crash: the last label", "@7fffffffffffffff00000000 x\n", "@7fffffffffffffff00000000 x\n"},
	{"crash: zero bytes", "@" + strings.Repeat("\x00", 16) + "00000000 x\n", "@" + strings.Repeat("\x00", 16) + "00000000 x\n"},
	{"crash: many digits", "@" + strings.Repeat("f", 99999) + " x\n", "@" + strings.Repeat("f", 99999) + " x\n"},
	{"crash: good lines around", "@4000000037c219bf2ef02e94 a\n@foo\n@4000000037c219bf2ef02e94 b\n",
		"1999-08-24 04:04:05.787492500 a\n@foo\n1999-08-24 04:04:05.787492500 b\n"},
}

func localString(t *testing.T, r io.Reader, z *Zone) string {
	t.Helper()
	var out strings.Builder
	if err := Local(&out, r, z); err != nil {
		t.Error(err)
	}
	return out.String()
}

func TestLabelsAreShownAsLocalTime(t *testing.T) {
	t.Parallel()
	for _, c := range shownUTC {
		for how, r := range map[string]io.Reader{
			"whole":       strings.NewReader(c.in),
			"halves":      iotest.HalfReader(strings.NewReader(c.in)),
			"single":      iotest.OneByteReader(strings.NewReader(c.in)),
			"with an end": iotest.DataErrReader(strings.NewReader(c.in)),
		} {
			if got := localString(t, r, &Zone{}); got != c.want {
				t.Errorf("%s, %s: got %.80q, want %.80q", c.name, how, got, c.want)
			}
		}
	}
}

func TestTheLastAndFirstSecondOfTheCLibraryAreShown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		unix int64
		want string // empty: unchanged
	}{
		{civilMin, "18446744071562069868-01-01 00:00:00.000000000 x\n"},
		{civilMin - 1, ""},
		{civilEnd - 1, "18446744071562069867-12-31 23:59:59.000000000 x\n"},
		{civilEnd, ""},
		{67767976233532799, "2147483647-12-31 23:59:59.000000000 x\n"},
		{67767976233532800, "18446744071562067968-01-01 00:00:00.000000000 x\n"},
		{-62167219200, "0-01-01 00:00:00.000000000 x\n"},
		{-62167219201, "18446744073709551615-12-31 23:59:59.000000000 x\n"},
		{math.MaxInt64 - epoch, ""},
	} {
		in := TAI64N{uint64(c.unix + epoch), 0}.String() + " x\n"
		if c.want == "" {
			c.want = in
		}
		if got := localString(t, strings.NewReader(in), &Zone{}); got != c.want {
			t.Errorf("%d: got %q, want %q", c.unix, got, c.want)
		}
	}
}

func TestDigitsBeyondTheLimitPassUnchanged(t *testing.T) {
	t.Parallel()
	const label = "4000000037c219bf2ef02e94"
	atLimit := strings.Repeat("0", maxRun-1-len(label)) + label
	if got := localString(t, strings.NewReader("@"+atLimit+" x\n"), &Zone{}); got != "1999-08-24 04:04:05.787492500 x\n" {
		t.Errorf("at the limit: got %.80q", got)
	}
	in := "@" + strings.Repeat("0", maxRun) + label + " x\n@" + label + " y\n"
	want := in[:len(in)-len(label)-4] + "1999-08-24 04:04:05.787492500 y\n"
	if got := localString(t, strings.NewReader(in), &Zone{}); got != want {
		t.Errorf("beyond the limit: %d bytes, want %d", len(got), len(want))
	}
}

func TestALongRunIsNotKept(t *testing.T) {
	t.Parallel()
	s := localStream{w: io.Discard, zone: &Zone{}}
	for _, in := range []string{"@" + strings.Repeat("f", 4<<20), strings.Repeat("f", 1<<20), " x\n"} {
		if err := s.process([]byte(in)); err != nil {
			t.Error(err)
		}
	}
	if cap(s.run) > readMax || cap(s.out) > 4*readMax {
		t.Errorf("%d and %d bytes are kept", cap(s.run), cap(s.out))
	}
}

func TestANewSecondIsShownAnew(t *testing.T) {
	t.Parallel()
	in := "@400000000000000a00000000\n@400000000000000b00000000\n@400000000000000b00000001\n@400000000000000a00000000\n"
	want := "1970-01-01 00:00:00.000000000\n1970-01-01 00:00:01.000000000\n1970-01-01 00:00:01.000000001\n1970-01-01 00:00:00.000000000\n"
	if got := localString(t, strings.NewReader(in), &Zone{}); got != want {
		t.Errorf("got %q", got)
	}
}

func TestAllButAnOpenLabelIsWrittenBeforeTheNextRead(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	want := []string{"", "1999-08-24 04:04:05.787492500 a", "1999-08-24 04:04:05.787492500 ab\n", "1999-08-24 04:04:05.787492500 ab\n"}
	r := &steps{pieces: []string{"@4000000037c219bf2ef02e94 a", "b\n@40000", "00037c2"}, err: io.EOF}
	r.before = func(i int) error {
		if out.String() != want[i] {
			t.Errorf("before read %d: %q", i, out.String())
		}
		return nil
	}
	if err := Local(&out, r, &Zone{}); err != nil {
		t.Error(err)
	}
}

// slowLocal is Local in UTC over a whole input, by other means: line by line,
// with the calendar of the time package.
func slowLocal(in string) string {
	var out strings.Builder
	for line := range strings.SplitAfterSeq(in, "\n") {
		if !strings.HasPrefix(line, "@") {
			out.WriteString(line)
			continue
		}
		rest := strings.TrimLeft(line[1:], "0123456789abcdef")
		if rest == "" {
			break // no byte ends the label, so the input has ended
		}
		digits := line[1 : len(line)-len(rest)]
		if shown, ok := slowTime(digits); ok {
			line = shown + rest
		}
		out.WriteString(line)
	}
	return out.String()
}

func slowTime(digits string) (string, bool) {
	digits = strings.Repeat("0", 24) + digits
	digits = digits[len(digits)-24:]
	sec, _ := strconv.ParseUint(digits[:16], 16, 64)
	nano, _ := strconv.ParseUint(digits[16:], 16, 64)
	t := time.Unix(int64(sec-4611686018427387914), 0).UTC()
	if y := int64(t.Year()) - 1900; y < math.MinInt32 || y > math.MaxInt32 {
		return "", false
	}
	year := uint64(int64(int32(t.Year())))
	return fmt.Sprintf("%d-%s.%09d", year, t.Format("01-02 15:04:05"), nano), true
}

func FuzzLocal(f *testing.F) {
	for _, c := range shownUTC {
		if len(c.in) < 1000 {
			f.Add(c.in, uint64(1))
		}
	}
	f.Fuzz(func(t *testing.T, in string, seed uint64) {
		want := slowLocal(in)
		if got := localString(t, strings.NewReader(in), &Zone{}); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
		if got := localString(t, newSplitter(in, seed), &Zone{}); got != want {
			t.Errorf("%q in pieces: got %q, want %q", in, got, want)
		}
	})
}

// splitter is a Reader that ends each Read at random.
type splitter struct {
	rest string
	rnd  *rand.Rand
}

func newSplitter(s string, seed uint64) *splitter {
	return &splitter{s, rand.New(rand.NewPCG(seed, 0))}
}

func (s *splitter) Read(b []byte) (int, error) {
	if s.rest == "" {
		return 0, io.EOF
	}
	n := copy(b, s.rest[:min(len(s.rest), 1+s.rnd.IntN(30))])
	s.rest = s.rest[n:]
	return n, nil
}

// Labels near the ends of the calendar, of all lengths, among text.
func TestRandomLinesAreShownAsTheReferenceShowsThem(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(5, 6))
	var in bytes.Buffer
	for range 20000 {
		in.WriteString(randomLine(rnd))
	}
	want := slowLocal(in.String())
	if got := localString(t, newSplitter(in.String(), 7), &Zone{}); got != want {
		t.Error("pieces differ from the reference")
	}
	if got := localString(t, bytes.NewReader(in.Bytes()), &Zone{}); got != want {
		t.Error("whole differs from the reference")
	}
}

// randomLine is text, or a label that the original can show, or else one that
// it cannot.
func randomLine(rnd *rand.Rand) string {
	if rnd.IntN(4) == 0 {
		return []string{"\n", "text\n", "a@400000000000000a00000000\n", "@foo\n", "@\n", "@400 x\n", "@8\n"}[rnd.IntN(7)]
	}
	unix := rnd.Int64() >> (1 + rnd.IntN(62))
	if rnd.IntN(2) == 0 {
		unix = -unix
	}
	digits := fmt.Sprintf("%016x%08x", uint64(unix)+epoch, rnd.Uint32())
	if rnd.IntN(8) == 0 {
		digits = strings.Repeat("0123456789abcdef", rnd.IntN(3)) + digits
	}
	return "@" + digits + []string{"", " x", "x", "G"}[rnd.IntN(4)] + "\n"
}
