package tai64

import (
	"encoding"
	"strings"
	"testing"
	"time"
)

// label is what all three types have in common.
type label interface {
	encoding.TextAppender
	encoding.TextMarshaler
	encoding.BinaryAppender
	encoding.BinaryMarshaler
	String() string
	Time() time.Time
}

// form is one of the three types: how it reads text and bytes.
type form struct {
	name   string
	parse  func(string) (label, error)
	text   func([]byte) (label, error)
	binary func([]byte) (label, error)
}

var forms = []form{
	{"TAI64",
		func(s string) (label, error) { return ParseTAI64(s) },
		func(b []byte) (label, error) { var l TAI64; err := l.UnmarshalText(b); return l, err },
		func(b []byte) (label, error) { var l TAI64; err := l.UnmarshalBinary(b); return l, err }},
	{"TAI64N",
		func(s string) (label, error) { return ParseTAI64N(s) },
		func(b []byte) (label, error) { var l TAI64N; err := l.UnmarshalText(b); return l, err },
		func(b []byte) (label, error) { var l TAI64N; err := l.UnmarshalBinary(b); return l, err }},
	{"TAI64NA",
		func(s string) (label, error) { return ParseTAI64NA(s) },
		func(b []byte) (label, error) { var l TAI64NA; err := l.UnmarshalText(b); return l, err },
		func(b []byte) (label, error) { var l TAI64NA; err := l.UnmarshalBinary(b); return l, err }},
}

func TestLabelsMeanTheirTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, time string }{
		{"@400000000000000a00000000", "1970-01-01T00:00:00Z"},
		{"@400000000000000900000000", "1969-12-31T23:59:59Z"},
		{"@4000000037c219bf2ef02e94", "1999-08-24T04:04:05.7874925Z"},
		{"@40000000fffffff500000000", "2106-02-07T06:27:55Z"},
		{"@3fffffff0000000000000000", "1833-11-24T17:31:34Z"},
	} {
		want, err := time.Parse(time.RFC3339Nano, c.time)
		if err != nil {
			t.Fatal(err)
		}
		n, err := ParseTAI64N(c.text)
		if err != nil || !n.Time().Equal(want) || At(want) != n {
			t.Errorf("%s is %v, %v; the label of %s is %v", c.text, n.Time(), err, c.time, At(want))
		}
		s, err := ParseTAI64(c.text[:17])
		if err != nil || !s.Time().Equal(want.Truncate(time.Second)) || TAI64At(want) != s {
			t.Errorf("%s is %v, %v", c.text[:17], s.Time(), err)
		}
		a, err := ParseTAI64NA(c.text + "00000000")
		if err != nil || !a.Time().Equal(want) || TAI64NAAt(want) != a {
			t.Errorf("%s00000000 is %v, %v", c.text, a.Time(), err)
		}
	}
}

func TestLabelsSurviveTextAndBytes(t *testing.T) {
	t.Parallel()
	for i, texts := range [][]string{
		{"@0000000000000000", "@7fffffffffffffff", "@400000000000000a", "@0123456789abcdef"},
		{"@000000000000000000000000", "@7fffffffffffffff3b9ac9ff", "@4000000037c219bf2ef02e94"},
		{"@00000000000000000000000000000000", "@7fffffffffffffff3b9ac9ff3b9ac9ff",
			"@4000000037c219bf2ef02e9400000001"},
	} {
		for _, text := range texts {
			l, err := forms[i].parse(text)
			if err != nil || l.String() != text {
				t.Errorf("%s: parsed as %v, %v", text, l, err)
			}
			checkRoundTrip(t, forms[i], l)
		}
	}
}

// checkRoundTrip holds that l comes back from each of its encodings, and that
// appending leaves what is there.
func checkRoundTrip(t *testing.T, f form, l label) {
	t.Helper()
	text, err1 := l.MarshalText()
	appended, err2 := l.AppendText([]byte("x"))
	if err1 != nil || err2 != nil || string(text) != l.String() || string(appended) != "x"+l.String() {
		t.Errorf("%v: text %q, appended %q, %v, %v", l, text, appended, err1, err2)
	}
	if back, err := f.text(text); err != nil || back != l {
		t.Errorf("%v: text reads back as %v, %v", l, back, err)
	}
	bytes, err1 := l.MarshalBinary()
	appended, err2 = l.AppendBinary([]byte("x"))
	if err1 != nil || err2 != nil || string(appended) != "x"+string(bytes) || len(bytes) != len(text)/2 {
		t.Errorf("%v: bytes %x, appended %x, %v, %v", l, bytes, appended, err1, err2)
	}
	if back, err := f.binary(bytes); err != nil || back != l {
		t.Errorf("%v: bytes read back as %v, %v", l, back, err)
	}
}

func TestBytesAreBigEndian(t *testing.T) {
	t.Parallel()
	l := TAI64NA{Sec: 0x0102030405060708, Nano: 0x090a0b0c, Atto: 0x0d0e0f10}
	b, _ := l.MarshalBinary()
	if string(b) != "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10" {
		t.Errorf("got %x", b)
	}
}

func TestMalformedTextIsRefusedWithAReason(t *testing.T) {
	t.Parallel()
	const good = "@4000000037c219bf2ef02e9400000000"
	for i, f := range forms {
		good := good[:17+8*i]
		for _, c := range []struct{ text, reason string }{
			{"", "does not begin with @"},
			{good[1:], "does not begin with @"},
			{" " + good, "does not begin with @"},
			{"@", "has 0 bytes after @"},
			{good[:len(good)-1], "bytes after @"},
			{good + "0", "bytes after @"},
			{good + "\n", "bytes after @"},
			{strings.ToUpper(good), "is not one of 0-9a-f"},
			{good[:5] + "g" + good[6:], "byte 5 is not one of 0-9a-f"},
			{good[:5] + "-" + good[6:], "byte 5 is not one of 0-9a-f"},
			{"@8" + good[2:], "reserved"},
			{good + strings.Repeat("0", 1000), `"...: has`},
		} {
			checkRefused(t, f, c.text, c.reason)
		}
	}
	checkRefused(t, forms[1], good[:17]+"3b9aca00", "nanoseconds 1000000000")
	checkRefused(t, forms[1], good[:17]+"ffffffff", "nanoseconds 4294967295")
	checkRefused(t, forms[2], good[:17]+"3b9aca0000000000", "nanoseconds 1000000000")
	checkRefused(t, forms[2], good[:17]+"000000003b9aca00", "attoseconds 1000000000")
}

func checkRefused(t *testing.T, f form, text, reason string) {
	t.Helper()
	if l, err := f.parse(text); err == nil || !strings.Contains(err.Error(), reason) {
		t.Errorf("%s %q: got %v, error %v, want %q", f.name, text, l, err, reason)
	}
	if l, err := f.text([]byte(text)); err == nil || l.Time() != unixTime(0, 0) {
		t.Errorf("%s %q: UnmarshalText left %v, error %v", f.name, text, l, err)
	}
}

func TestMalformedBytesAreRefused(t *testing.T) {
	t.Parallel()
	for i, f := range forms {
		size := 8 + 4*i
		for _, b := range []string{
			"", strings.Repeat("\x00", size-1), strings.Repeat("\x00", size+1),
			"\x80" + strings.Repeat("\x00", size-1),
			strings.Repeat("\x00", 8) + strings.Repeat("\x3b\x9a\xca\x00", i),
		} {
			if i == 0 && len(b) == 8 && b[0] == 0 {
				continue // the last row is a good TAI64
			}
			if l, err := f.binary([]byte(b)); err == nil {
				t.Errorf("%s %x: read as %v", f.name, b, l)
			}
		}
	}
}

func TestCompareLooksAtEachField(t *testing.T) {
	t.Parallel()
	rising := []TAI64NA{{}, {0, 0, 1}, {0, 1, 0}, {0, 1, 9}, {1, 0, 0}, {1, 2, 0}, {reserved - 1, 0, 0}}
	for i, a := range rising {
		for j, b := range rising {
			want := 0
			switch {
			case i < j:
				want = -1
			case i > j:
				want = 1
			}
			if got := a.Compare(b); got != want || strings.Compare(a.String(), b.String()) != want {
				t.Errorf("%v against %v: got %d, want %d", a, b, got, want)
			}
			if a.Atto == 0 && b.Atto == 0 && (TAI64N{a.Sec, a.Nano}).Compare(TAI64N{b.Sec, b.Nano}) != want {
				t.Errorf("%v against %v: TAI64N disagrees", a, b)
			}
			if a.Nano+a.Atto+b.Nano+b.Atto == 0 && TAI64(a.Sec).Compare(TAI64(b.Sec)) != want {
				t.Errorf("%v against %v: TAI64 disagrees", a, b)
			}
		}
	}
}

func TestAddCarriesBetweenSecondsAndNanoseconds(t *testing.T) {
	t.Parallel()
	const most = time.Duration(1<<63 - 1)
	for _, c := range []struct {
		l    TAI64N
		d    time.Duration
		want TAI64N
	}{
		{TAI64N{5, 0}, 0, TAI64N{5, 0}},
		{TAI64N{5, 1}, 1, TAI64N{5, 2}},
		{TAI64N{5, 999999999}, 1, TAI64N{6, 0}},
		{TAI64N{5, 0}, -1, TAI64N{4, 999999999}},
		{TAI64N{5, 1}, -1, TAI64N{5, 0}},
		{TAI64N{5, 500000000}, 2500 * time.Millisecond, TAI64N{8, 0}},
		{TAI64N{5, 400000000}, -2500 * time.Millisecond, TAI64N{2, 900000000}},
		{TAI64N{5, 0}, -5 * time.Second, TAI64N{}},
		{TAI64N{5, 0}, -5*time.Second - 1, firstLabel},
		{TAI64N{}, -1, firstLabel},
		{TAI64N{1, 0}, -1 << 63, firstLabel},
		{TAI64N{reserved - 1, 999999998}, 1, lastLabel},
		{TAI64N{reserved - 1, 999999999}, 1, lastLabel},
		{TAI64N{reserved - 5, 0}, most, lastLabel},
		{TAI64N{epoch, 0}, most, TAI64N{epoch + 9223372036, 854775807}},
		{TAI64N{epoch, 0}, -1 << 63, TAI64N{epoch - 9223372037, 145224192}},
	} {
		if got := c.l.Add(c.d); got != c.want {
			t.Errorf("%v + %d: got %v, want %v", c.l, c.d, got, c.want)
		}
	}
}

func TestTimesOutsideTheScaleStopAtItsEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		unix int64
		want TAI64N
	}{
		{-epoch, TAI64N{0, 7}},
		{-epoch - 1, firstLabel},
		{-1 << 62, TAI64N{10, 7}},
		{reserved - 1 - epoch, TAI64N{reserved - 1, 7}},
		{reserved - epoch, lastLabel},
	} {
		if got := At(time.Unix(c.unix, 7)); got != c.want {
			t.Errorf("%d: got %v, want %v", c.unix, got, c.want)
		}
		if got := TAI64At(time.Unix(c.unix, 7)); uint64(got) != c.want.Sec {
			t.Errorf("%d: got %v, want %v", c.unix, got, c.want)
		}
	}
}

func TestAppendingLabelsAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 64)
	l := TAI64NA{epoch, 1, 2}
	allocs := testing.AllocsPerRun(100, func() {
		buf, _ = TAI64(l.Sec).AppendText(buf[:0])
		buf, _ = TAI64N{l.Sec, l.Nano}.AppendText(buf[:0])
		buf, _ = l.AppendText(buf[:0])
		buf, _ = TAI64(l.Sec).AppendBinary(buf[:0])
		buf, _ = TAI64N{l.Sec, l.Nano}.AppendBinary(buf[:0])
		buf, _ = l.AppendBinary(buf[:0])
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "@", "@400000000000000a", "@4000000037c219bf2ef02e94",
		"@4000000037c219bf2ef02e9400000001", "@4000000037C219BF2EF02E94", "@8000000000000000",
		"@40000000000000003b9aca00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, form := range forms {
			l, err := form.parse(s)
			if back, err2 := form.text([]byte(s)); (err == nil) != (err2 == nil) || err == nil && back != l {
				t.Errorf("%s %q: %v, %v as string, %v, %v as bytes", form.name, s, l, err, back, err2)
			}
			if err != nil {
				continue
			}
			if l.String() != s {
				t.Errorf("%s %q: round trip gives %v", form.name, s, l)
			}
			checkRoundTrip(t, form, l)
		}
	})
}
