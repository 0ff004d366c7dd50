package tai64

import (
	"testing"
	"time"
)

func TestTheLeapTableRisesByOneSecondAtNewYearOrJuly(t *testing.T) {
	t.Parallel()
	for i, e := range Leaps {
		if e.Offset != int64(10+i) {
			t.Errorf("entry %d: offset %d", i, e.Offset)
		}
		at := time.Unix(e.Unix, 0).UTC()
		if at.Day() != 1 || at.Month() != time.January && at.Month() != time.July || e.Unix%daySeconds != 0 {
			t.Errorf("entry %d: at %v", i, at)
		}
	}
	if n := len(Leaps); n != 28 || Leaps[n-1] != (Leap{1483228800, 37}) || Leaps[0] != (Leap{63072000, 10}) {
		t.Errorf("the table has %d entries, %v to %v", n, Leaps[0], Leaps[n-1])
	}
}

// exact pairs a UTC time with its exact label.
type exact struct {
	name, time string
	sec        uint64 // of the label, less 2^62
	leap       bool   // the label is of the 23:59:60 that follows time
}

var exactTimes = []exact{
	{"before 1972 the offset is 10", "1970-01-01T00:00:00Z", 10, false},
	{"far before 1972", "1900-01-01T00:00:00Z", 1<<64 - 2208988800 + 10, false},
	{"last second of 1971", "1971-12-31T23:59:59Z", 63071999 + 10, false},
	{"first second of 1972", "1972-01-01T00:00:00Z", 63072000 + 10, false},
	{"before the first leap second", "1972-06-30T23:59:59Z", 78796799 + 10, false},
	{"the first leap second", "1972-06-30T23:59:59Z", 78796799 + 11, true},
	{"after the first leap second", "1972-07-01T00:00:00Z", 78796800 + 11, false},
	{"between two leap seconds", "2010-06-01T12:00:00Z", 1275393600 + 34, false},
	{"before the last leap second", "2016-12-31T23:59:59Z", 1483228799 + 36, false},
	{"the last leap second", "2016-12-31T23:59:59Z", 1483228799 + 37, true},
	{"after the last leap second", "2017-01-01T00:00:00Z", 1483228800 + 37, false},
	{"after the end of the table", "2500-01-01T00:00:00Z", 16725225600 + 37, false},
}

func TestExactLabelsCountLeapSeconds(t *testing.T) {
	t.Parallel()
	for _, c := range exactTimes {
		want, err := time.Parse(time.RFC3339, c.time)
		if err != nil {
			t.Fatal(err)
		}
		want = want.Add(250 * time.Millisecond) // fractions pass through
		l := TAI64N{1<<62 + c.sec, 250000000}
		got, leap := Leaps.Time(l)
		if !got.Equal(want) || leap != c.leap {
			t.Errorf("%s: label %v is %v, %v", c.name, l, got, leap)
		}
		if c.leap {
			l.Sec-- // a time.Time cannot say 23:59:60, it means 23:59:59
		}
		if got := Leaps.At(want); got != l {
			t.Errorf("%s: %v has label %v, want %v", c.name, want, got, l)
		}
	}
}

func TestEverySecondAroundALeapSecondHasItsLabel(t *testing.T) {
	t.Parallel()
	for i := 1; i < len(Leaps); i++ {
		e := Leaps[i]
		for s := e.Unix - 3; s < e.Unix+3; s++ {
			l := Leaps.At(time.Unix(s, 5))
			if got, leap := Leaps.Time(l); got.Unix() != s || got.Nanosecond() != 5 || leap {
				t.Errorf("%d comes back as %d, %v", s, got.Unix(), leap)
			}
		}
		if gap := Leaps.At(time.Unix(e.Unix, 0)).sub(Leaps.At(time.Unix(e.Unix-1, 0))); gap != 2*time.Second {
			t.Errorf("leap second %d: the seconds around it are %v apart", i, gap)
		}
	}
}

func TestARemovedSecondSharesTheNextLabel(t *testing.T) {
	t.Parallel()
	table := LeapTable{{0, 10}, {1000, 9}}
	for _, c := range []struct {
		unix  int64
		label uint64
		back  int64
	}{{998, 1008, 998}, {999, 1009, 1000}, {1000, 1009, 1000}, {1001, 1010, 1001}} {
		l := table.At(time.Unix(c.unix, 0))
		back, leap := table.Time(l)
		if l.Sec != 1<<62+c.label || back.Unix() != c.back || leap {
			t.Errorf("%d: label %d, and back %d, %v", c.unix, l.Sec-1<<62, back.Unix(), leap)
		}
	}
}

func TestAnEmptyTableIsTheUsualConvention(t *testing.T) {
	t.Parallel()
	for _, unix := range []int64{-1 << 40, 0, 1483228800, 1 << 40} {
		at := time.Unix(unix, 1)
		l := LeapTable(nil).At(at)
		if back, leap := LeapTable(nil).Time(l); l != At(at) || !back.Equal(at) || leap {
			t.Errorf("%v: label %v, and back %v, %v", at, l, back, leap)
		}
	}
}
