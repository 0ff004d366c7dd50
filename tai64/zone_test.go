package tai64

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tzif writes a zone file: of version 2 with 64-bit times, or of version 0.
func tzif(z *Zone, version byte, footer string) []byte {
	var b []byte
	be := binary.BigEndian
	header := func(leaps, times, types, letters int) {
		b = append(append(append(b, "TZif"...), version), make([]byte, 15)...)
		for _, n := range []int{0, 0, leaps, times, types, letters} {
			b = be.AppendUint32(b, uint32(n))
		}
	}
	stamp := func(v int64) {
		if version == 0 {
			b = be.AppendUint32(b, uint32(v))
		} else {
			b = be.AppendUint64(b, uint64(v))
		}
	}
	if version != 0 { // first a 32-bit block, which readers must skip
		header(1, 1, 1, 4)
		b = append(b, make([]byte, 4+1+6+4+8)...)
	}
	header(len(z.leaps), len(z.times), len(z.types), 4)
	for _, t := range z.times {
		stamp(t)
	}
	b = append(b, z.index...)
	for _, t := range z.types {
		b = append(be.AppendUint32(b, uint32(t.offset)), 0, 0)
		if t.dst {
			b[len(b)-2] = 1
		}
	}
	b = append(b, "LMT\x00"...)
	for _, l := range z.leaps {
		stamp(l.at)
		b = be.AppendUint32(b, uint32(l.total))
	}
	if version != 0 {
		b = append(b, "\n"+footer+"\n"...)
	}
	return b
}

// testZone has a winter and a summer, and two leap seconds by its own count.
var testZone = &Zone{
	times: []int64{1000, 2000, 3000},
	index: []uint8{0, 1, 2},
	types: []zoneType{{7200, true}, {3600, false}, {7200, true}},
	leaps: []leapRecord{{1500, 1}, {2501, 2}},
}

func TestZoneFilesOfAllVersionsAreRead(t *testing.T) {
	t.Parallel()
	for _, version := range []byte{0, '2', '3', '4'} {
		z, err := parseTZif(tzif(testZone, version, "<+03>-3"))
		if err != nil {
			t.Fatalf("version %d: %v", version, err)
		}
		late := int64(10800) // by the footer
		if version == 0 {
			late = 7200
		}
		for _, c := range []struct{ unix, sec int64 }{
			{-1 << 40, -1<<40 + 3600}, // the first type that is not summer
			{999, 999 + 3600}, {1000, 1000 + 7200}, {1499, 1499 + 7200}, {1501, 1500 + 7200},
			{1999, 1998 + 7200}, {2000, 1999 + 3600}, {2999, 2997 + 3600}, {3000, 2998 + late},
			{1 << 40, 1<<40 - 2 + late},
		} {
			if sec, leap, ok := z.local(c.unix); sec != c.sec || leap != 0 || !ok {
				t.Errorf("version %d: %d is %d, %d, %v, want %d", version, c.unix, sec, leap, ok, c.sec)
			}
		}
	}
}

func TestALeapSecondIsSecondSixty(t *testing.T) {
	t.Parallel()
	z, err := parseTZif(tzif(&Zone{
		types: []zoneType{{}}, leaps: []leapRecord{{78796800, 1}, {94694401, 2}, {200000000, 2}},
	}, '2', ""))
	if err != nil {
		t.Fatal(err)
	}
	for unix, want := range map[int64]string{
		78796799: "1972-06-30 23:59:59.", 78796800: "1972-06-30 23:59:60.", 78796801: "1972-07-01 00:00:00.",
		94694400: "1972-12-31 23:59:59.", 94694401: "1972-12-31 23:59:60.", 94694402: "1973-01-01 00:00:00.",
		200000000: "1976-05-03 19:33:18.", // the entry that tells the end of the table
	} {
		sec, leap, ok := z.local(unix)
		if got := string(appendCivil(nil, sec, leap)); got != want || !ok {
			t.Errorf("%d: got %s, want %s", unix, got, want)
		}
	}
}

func TestAZoneOfSummerTypesBeginsWithTheFirst(t *testing.T) {
	t.Parallel()
	z := &Zone{types: []zoneType{{3600, true}, {7200, true}}}
	if sec, _, _ := z.local(0); sec != 3600 {
		t.Errorf("got %d", sec)
	}
}

func TestMalformedZoneFilesAreRefused(t *testing.T) {
	t.Parallel()
	whole := tzif(testZone, '2', "UTC0")
	end := len(whole) - len("\nUTC0\n")
	for n := range end {
		if _, err := parseTZif(whole[:n]); err == nil {
			t.Errorf("%d of %d bytes are taken for a zone file", n, len(whole))
		}
	}
	for name, z := range map[string]*Zone{
		"no type":            {},
		"index out of range": {times: []int64{0}, index: []uint8{1}, types: []zoneType{{}}},
	} {
		if _, err := parseTZif(tzif(z, '2', "")); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzZoneFile(f *testing.F) {
	f.Add(tzif(testZone, '2', "CST6CDT,M3.2.0,M11.1.0"), int64(0))
	f.Add(tzif(testZone, 0, ""), int64(5000))
	f.Fuzz(func(t *testing.T, data []byte, unix int64) {
		z, err := parseTZif(data)
		if err != nil {
			return
		}
		if sec, _, ok := z.local(unix); ok && !inCivil(sec) {
			t.Errorf("%d gives %d", unix, sec)
		}
	})
}

// writeZone puts a zone file into a folder.
func writeZone(t *testing.T, dir, name string, offset int64) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, tzif(&Zone{types: []zoneType{{offset: offset}}}, '2', ""), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheVariableNamesAFileOrARule(t *testing.T) {
	dir := t.TempDir()
	path := writeZone(t, dir, "Area/City", 1234)
	writeZone(t, dir, "CST6CDT", 77)
	t.Setenv("TZDIR", dir)
	for _, c := range []struct {
		tz     string
		offset int64
		ok     bool
	}{
		{"", 0, true},
		{":", 0, true},
		{"Area/City", 1234, true},
		{":Area/City", 1234, true},
		{path, 1234, true},
		{":" + path, 1234, true},
		{"CST6CDT", 77, true}, // a file comes before the rule
		{"<+03>-3", 10800, true},
		{":ABC-5:30", 19800, true},
		{"Area", 0, false},
		{"Area/Nowhere", 0, false},
		{dir, 0, false},
		{"/dev/null", 0, false},
		{"ABC5DEF,nonsense", 0, false},
		{strings.Repeat("x", 10000), 0, false},
	} {
		z, err := LoadZone(c.tz)
		if (err == nil) != c.ok {
			t.Errorf("%.40q: error %v", c.tz, err)
		}
		if err != nil {
			z = &Zone{}
		}
		t.Setenv("TZ", c.tz)
		for _, z := range []*Zone{z, LocalZone()} {
			if sec, _, _ := z.local(0); sec != c.offset {
				t.Errorf("%.40q: offset %d, want %d", c.tz, sec, c.offset)
			}
		}
		// A nil Zone is LocalZone.
		in := "@400000000000000a00000000 x\n"
		if got, want := localString(t, strings.NewReader(in), nil), localString(t, strings.NewReader(in), z); got != want {
			t.Errorf("%.40q: nil shows %q, want %q", c.tz, got, want)
		}
	}
}

func TestAnErrorNamesTheZone(t *testing.T) {
	t.Parallel()
	if _, err := LoadZone("A\x00B"); err == nil {
		t.Error("a name with a zero byte is taken")
	}
	if _, err := LoadZone("No/Where"); err == nil || err.Error() != `time zone "No/Where": neither a zone file nor a rule` {
		t.Errorf("got %v", err)
	}
}

func TestWithoutTheVariableTheSystemFileCounts(t *testing.T) {
	t.Parallel()
	z, err := localZone("", false)
	want, wantErr := loadFile("/etc/localtime")
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("error %v, want %v", err, wantErr)
	}
	if err == nil && len(z.types) != len(want.types) {
		t.Errorf("got another zone")
	}
}

// The zone files of this system, if there are any, as the time package reads
// them.
func TestZoneFilesAgreeWithTheTimePackage(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(8, 9))
	for _, name := range []string{"UTC", "America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "Asia/Gaza", "Africa/Casablanca"} {
		z, err := loadNamed(name)
		loc, err2 := time.LoadLocation(name)
		if err != nil || err2 != nil {
			t.Logf("%s: %v, %v", name, err, err2)
			continue
		}
		for range 20000 {
			unix := rnd.Int64N(1<<33) - 1<<31
			_, offset := time.Unix(unix, 0).In(loc).Zone()
			if sec, leap, ok := z.local(unix); sec != unix+int64(offset) || leap != 0 || !ok {
				t.Errorf("%s, %d: offset %d, want %d", name, unix, sec-unix, offset)
				break
			}
		}
	}
}
