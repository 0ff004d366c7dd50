package tai64

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestRulesAreReadAsTheCLibraryReadsThem(t *testing.T) {
	t.Parallel()
	us := [2]change{{monthDay, 3, 2, 0, 7200}, {monthDay, 11, 1, 0, 7200}}
	for _, c := range []struct {
		tz   string
		want rule
	}{
		{"UTC0", rule{}},
		{"ABC3", rule{std: -10800}},
		{"ABC+3:30:15", rule{std: -12615}},
		{"<-03>3", rule{std: -10800}},
		{"<A+1>-14", rule{std: 50400}},
		{"ABC25", rule{std: -86400}},
		{"ABC-3:99", rule{std: 10800 + 59*60}},
		{"CST6CDT", rule{-21600, -18000, true, us[0], us[1]}},
		{"CST6CDT,", rule{-21600, -18000, true, us[0], us[1]}},
		{"CST6CDT4", rule{-21600, -14400, true, us[0], us[1]}},
		{"CST6CDT,M3.2.0,M11.1.0", rule{-21600, -18000, true, us[0], us[1]}},
		{"CST6CDT5:30,J60/1,365/-3:30", rule{-21600, -19800, true,
			change{julian, 0, 0, 60, 3600}, change{yearDay, 0, 0, 365, -12600}}},
		{"EET-2EEST,M3.4.4/50,M10.4.4/50", rule{7200, 10800, true,
			change{monthDay, 3, 4, 4, 180000}, change{monthDay, 10, 4, 4, 180000}}},
	} {
		if r, ok := parseRule(c.tz); !ok || *r != c.want {
			t.Errorf("%s: got %+v, %v, want %+v", c.tz, r, ok, c.want)
		}
	}
}

func TestMalformedRulesAreRefused(t *testing.T) {
	t.Parallel()
	for _, tz := range []string{
		"", "A", "AB3", "ABC", "ABC+", "ABC:3", "<AB>3", "<ABC3", "A1C3", "ABC3x", "ABC3:", "ABC3DE",
		"ABC3DEF,1", "ABC3DEF,1,", "ABC3DEF,1,2x", "ABC3DEF,1,2,3", "ABC3DEF,366,1",
		"ABC3DEF,J0,1", "ABC3DEF,J366,1", "ABC3DEF,M0.1.0,1", "ABC3DEF,M13.1.0,1", "ABC3DEF,M1.0.0,1",
		"ABC3DEF,M1.6.0,1", "ABC3DEF,M1.1.7,1", "ABC3DEF,M1.1,1", "ABC3DEF,M1,1", "ABC3DEF,M,1",
		"ABC3DEF,1/,2", "ABC3DEF,1/2:,2", "ABC3DEF,1/--2,2", "ABC3DEF,-1,2", "Europe/Berlin",
	} {
		if r, ok := parseRule(tz); ok {
			t.Errorf("%q: got %+v", tz, r)
		}
	}
}

// A location of the time package reads a rule only from a zone file, behind a
// transition.
func TestRulesAgreeWithTheTimePackage(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(10, 11))
	for _, tz := range []string{
		"CST6CDT,M3.2.0,M11.1.0", "AEST-10AEDT,M10.1.0,M4.1.0/3", "<+03>-3", "ABC3DEF2,J60,J300",
		"ABC3DEF,59/0,300/25", "EET-2EEST,M3.4.4/50,M10.4.4/50", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
		"IST-1GMT0,M10.5.0,M3.5.0/1", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "ABC0DEF,M2.5.0,M12.4.6",
	} {
		z, err := LoadZone(tz)
		if err != nil {
			t.Fatal(err)
		}
		far := &Zone{times: []int64{-1 << 40}, index: []uint8{0}, types: []zoneType{{}}}
		loc, err := time.LoadLocationFromTZData("test", tzif(far, '2', tz))
		if err != nil {
			t.Fatal(err)
		}
		for range 20000 {
			unix := 366*daySeconds + rnd.Int64N(1<<(32+rnd.IntN(9)))
			_, offset := time.Unix(unix, 0).In(loc).Zone()
			if sec, _, ok := z.local(unix); sec != unix+int64(offset) || !ok {
				t.Errorf("%s, %d: offset %d, want %d", tz, unix, sec-unix, offset)
				break
			}
		}
	}
}

// The C library takes the days of change of 1970 for all earlier years.
func TestUpTo1970TheNorthHasWinterAndTheSouthSummer(t *testing.T) {
	t.Parallel()
	for tz, want := range map[string]int64{"CST6CDT,M3.2.0,M11.1.0": -21600, "AEST-10AEDT,M10.1.0,M4.1.0/3": 39600} {
		z, err := LoadZone(tz)
		if err != nil {
			t.Fatal(err)
		}
		for month := range int64(24) {
			unix := -(month + 1) * 30 * daySeconds
			if sec, _, _ := z.local(unix); sec-unix != want {
				t.Errorf("%s, %d: offset %d, want %d", tz, unix, sec-unix, want)
			}
		}
	}
}

// As printed by the original with the GNU C library on a 64-bit system.
func TestFarYearsAreThoseOfTheCLibrary(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tz     string
		unix   int64
		offset int64
		ok     bool
	}{
		{"CST6CDT,M3.2.0,M11.1.0", 40000000000, -18000, true},
		{"PST8PDT,M3.2.0,M11.1.0", 56139652557617612, -28800, true}, // October 1778996739
		{"AEST-10AEDT,M10.1.0,M4.1.0/3", 67767976249084800, 39600, true},
		{"XXX14", civilEnd - 1, -50400, true},
		{"XXX14", civilEnd, 0, false},
		{"XXX-14", civilMin, 50400, true},
		{"XXX-14", civilMin - 1, 0, false},
		{"XXX-14", civilEnd - 50401, 50400, true},
		{"XXX-14", civilEnd - 50400, 0, false},
	} {
		z, err := LoadZone(c.tz)
		if err != nil {
			t.Fatal(err)
		}
		if sec, _, ok := z.local(c.unix); ok != c.ok || ok && sec-c.unix != c.offset {
			t.Errorf("%s, %d: offset %d, %v, want %d", c.tz, c.unix, sec-c.unix, ok, c.offset)
		}
	}
}

func TestTheCalendarAgreesWithTheTimePackage(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(12, 13))
	for range 200000 {
		unix := rnd.Int64N(civilEnd-civilMin) + civilMin
		if rnd.IntN(2) == 0 {
			unix >>= rnd.IntN(40)
		}
		want := time.Unix(unix, 0).UTC()
		year, month, day, rest := civil(unix)
		y, m, d := want.Date()
		if year != int64(y) || month != int(m) || day != d || rest != want.Hour()*3600+want.Minute()*60+want.Second() {
			t.Fatalf("%d: got %d-%d-%d %d, want %v", unix, year, month, day, rest, want)
		}
		if got := yearStart(year) + int64(want.YearDay()) - 1; got*daySeconds+int64(rest) != unix {
			t.Fatalf("%d: the year %d starts on day %d", unix, year, yearStart(year))
		}
	}
}
