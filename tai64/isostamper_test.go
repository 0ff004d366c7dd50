package tai64

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func isoText(l TAI64N) string { return l.Time().Format("2006-01-02T15:04:05.000000000Z ") }

func TestISOStampsAreWhatTheTimePackageWrites(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(5, 7))
	now := clockStart
	read := func() time.Time { return now }
	fast, slow := &Clock{Now: read}, &Clock{Now: read}
	s := NewISOStamper(fast)
	var all []string
	for range 600 {
		now = now.Add(time.Duration(rnd.Int64N(int64(40 * 24 * time.Hour))))
		if rnd.IntN(3) == 0 { // just below a full second
			now = time.Unix(now.Unix()+1, 999999999-rnd.Int64N(40))
		}
		fast.Read()
		slow.Read()
		for range rnd.IntN(200) {
			want := "abc" + isoText(slow.Next())
			if got := string(s.Append([]byte("abc"))); got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
			all = append(all, want)
		}
	}
	if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Error("they do not rise as text")
	}
}

func TestStampsOfEveryKindAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(6, 7))
	for range 2000 {
		want := At(time.Unix(rnd.Int64N(250_000_000_000), rnd.Int64N(billion)))
		for _, s := range []Stamps{LabelStamps, UnixStamps, ISOStamps} {
			line := s.Append(nil, want)
			size := len(line)
			got, n, ok := ParseStamp(append(line, "1 text\n"...))
			cut := want
			if s == UnixStamps {
				cut.Nano -= cut.Nano % 1000
			}
			if !ok || n != size || got != cut {
				t.Fatalf("%q is read as %v, %d, %v, want %v, %d", line, got, n, ok, cut, size)
			}
		}
	}
}

func TestWhatIsNoStampIsNotReadAsOne(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"", " ", "@", "@400000003b9aca0000000000x", "@400000003B9ACA0000000000 ", "@400000003b9aca00ffffffff ",
		"2026-11-25T10:00:00.123456789Z", "2026-11-25T10:00:00.123456789Zx", "2026-11-25 10:00:00.123456789Z ",
		"2026-11-25T10:00:00.12345678Z ", "2026-11-25T10:00:00.123456789+", "2026-13-25T10:00:00.123456789Z ",
		"2026-02-29T10:00:00.123456789Z ", "2026-11-25T24:00:00.123456789Z ", "2026-11-25T10:00:60.123456789Z ",
		"2026-11-25T10.00:00.123456789Z ", "2026-11-25T10:00:00,123456789Z ", "-026-11-25T10:00:00.123456789Z ",
	} {
		if l, n, ok := ParseStamp([]byte(line)); ok {
			t.Errorf("%q is read as %v, %d", line, l, n)
		}
	}
}

func TestAnISOStampOfAnyYearHasItsDigits(t *testing.T) {
	t.Parallel()
	for year, want := range map[int]string{
		0: "0000-01-01T00:00:00.000000000Z ", 999: "0999-01-01T00:00:00.000000000Z ", 9999: "9999-01-01T00:00:00.000000000Z ",
		10000: "+10000-01-01T00:00:00.000000000Z ", 123456: "+123456-01-01T00:00:00.000000000Z ", -1: "-0001-01-01T00:00:00.000000000Z ",
	} {
		if got := string(ISOStamps.Append(nil, At(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)))); got != want {
			t.Errorf("year %d: %q, want %q", year, got, want)
		}
	}
}

func FuzzParseStamp(f *testing.F) {
	f.Add([]byte("2026-11-25T10:00:00.123456789Z text"))
	f.Add([]byte("1000000000.123456 text"))
	f.Add([]byte("@400000003b9aca0000000000 text"))
	f.Fuzz(func(t *testing.T, line []byte) {
		l, n, ok := ParseStamp(line)
		if !ok {
			return
		}
		if err := checkFields(l.Sec, l.Nano, 0); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for _, s := range []Stamps{LabelStamps, ISOStamps} {
			if text := s.Append(nil, l); len(text) == n && string(text) == string(line[:n]) {
				return
			}
		}
		if _, ok := ParseUnixStamp(line[:n]); !ok && n != stampSize-1 {
			t.Fatalf("%q is read as %v, %d", line, l, n)
		}
	})
}

func TestISOStampsAllocateNothing(t *testing.T) {
	now := clockStart
	s := NewISOStamper(&Clock{Now: func() time.Time { now = now.Add(time.Second / 3); return now }})
	buf := s.Append(make([]byte, 0, 64))
	allocs := testing.AllocsPerRun(1000, func() { s.Clock.Read(); buf = s.Append(buf[:0]) })
	line := []byte("2026-11-25T10:00:00.123456789Z text")
	allocs += testing.AllocsPerRun(1000, func() { _, _, _ = ParseStamp(line) })
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkISOStamper(b *testing.B) {
	s := NewISOStamper(&Clock{})
	buf := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		buf = s.Append(buf[:0])
	}
}
