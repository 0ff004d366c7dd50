package tai64

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// unixText formats a label by way of the standard library.
func unixText(l TAI64N) string {
	t := l.Time()
	return fmt.Sprintf("%d.%06d ", t.Unix(), t.Nanosecond()/1000)
}

func TestUnixStampsAreTheLabelsCutToMicroseconds(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(5, 6))
	now := clockStart
	read := func() time.Time { return now }
	fast, slow := &Clock{Now: read}, &Clock{Now: read}
	s := NewUnixStamper(fast)
	for range 600 {
		now = now.Add(time.Duration(rnd.Int64N(int64(time.Millisecond))))
		if rnd.IntN(3) == 0 { // just below a carry
			at := []int64{999, 9999, 99999, 999999, 9999999, 99999999, 999999999}[rnd.IntN(7)]
			now = time.Unix(now.Unix()+1, at-rnd.Int64N(40))
		}
		fast.Read()
		slow.Read()
		for range rnd.IntN(2500) {
			want := "abc" + unixText(slow.Next())
			if got := string(s.Append([]byte("abc"))); got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
	}
}

func TestUnixStampsHaveTheirForm(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		sec, nano int64
		want      string
	}{
		{0, 0, "0.000000 "}, {0, 999, "0.000000 "}, {0, 1000, "0.000001 "}, {9, 999999999, "9.999999 "},
		{1000000000, 123456789, "1000000000.123456 "}, {1e10, 5e8, "10000000000.500000 "}, {-1, 5e8, "-1.500000 "},
	} {
		s := NewUnixStamper(&Clock{Now: func() time.Time { return time.Unix(row.sec, row.nano) }})
		if got := string(s.Append(nil)); got != row.want {
			t.Errorf("%d s and %d ns: %q, want %q", row.sec, row.nano, got, row.want)
		}
	}
}

func TestUnixStampsFallOnlyWhereTheClockIsSet(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	s := NewUnixStamper(&Clock{Now: func() time.Time { return now }})
	for _, row := range []struct {
		step time.Duration
		want string
	}{
		{0, "1000000000.000000 "}, {time.Microsecond, "1000000000.000001 "}, {-time.Second / 2, "1000000000.000001 "},
		{time.Second, "1000000000.500001 "}, {-time.Hour, "999996400.500001 "},
	} {
		now = now.Add(row.step)
		s.Clock.Read()
		if got := string(s.Append(nil)); got != row.want {
			t.Errorf("after a step of %v: %q, want %q", row.step, got, row.want)
		}
	}
}

func TestAUnixStampIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, sec := range []uint64{0, 1, 999999999, 1000000000, 1 << 40, 1<<62 - 11} {
		for _, nano := range []uint32{0, 1000, 999999000} {
			want := TAI64N{Sec: sec + epoch, Nano: nano}
			want.Nano += 999 // what the stamp does not show
			text := appendUnix(nil, want)
			want.Nano -= 999
			if got, ok := ParseUnixStamp(append(text, "1 text"...)); !ok || got != want {
				t.Errorf("%q is read as %v, %v, want %v", text, got, ok, want)
			}
		}
	}
	for _, line := range []string{
		"", " ", "1", "1.", "1.12345", "1.123456", "1.123456x", "1.1234567 ", "1.12345 ", ".123456 ", " 1.123456 ", "-1.123456 ",
		"1,123456 ", "1.12345x ", "x.123456 ", "1 .123456 ", "12345678901234567890.123456 ", "9223372036854775807.123456 ",
		"4611686018427387894.000000 ", "@400000003b9aca0a00000000 ",
	} {
		if l, ok := ParseUnixStamp([]byte(line)); ok {
			t.Errorf("%q is read as %v", line, l)
		}
	}
}

func FuzzParseUnixStamp(f *testing.F) {
	f.Add([]byte("1000000000.123456 text"))
	f.Add([]byte("0.000000 "))
	f.Fuzz(func(t *testing.T, line []byte) {
		l, ok := ParseUnixStamp(line)
		if !ok {
			return
		}
		if err := checkFields(l.Sec, l.Nano, 0); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for len(line) > 1 && line[0] == '0' && line[1] != '.' {
			line = line[1:]
		}
		if text := appendUnix(nil, l); string(line[:len(text)]) != string(text) {
			t.Fatalf("%q is read as %q", line, text)
		}
	})
}

func TestUnixStampsAllocateNothing(t *testing.T) {
	now := clockStart
	s := NewUnixStamper(&Clock{Now: func() time.Time { now = now.Add(time.Microsecond); return now }})
	buf := s.Append(make([]byte, 0, 64))
	allocs := testing.AllocsPerRun(1000, func() { buf = s.Append(buf[:0]) })
	allocs += testing.AllocsPerRun(1000, func() { s.Clock.Read(); buf = s.Append(buf[:0]) })
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkUnixStamper(b *testing.B) {
	s := NewUnixStamper(&Clock{})
	buf := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		buf = s.Append(buf[:0])
	}
}
