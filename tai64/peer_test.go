//go:build peer

package tai64

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// These tests run the programs of daemontools 0.76 side by side with this
// package: go test -tags peer. They need the programs and the zone files.
//
// Not compared: rules without dates, which the C library may take from its file
// posixrules, and malformed rules, of which it may keep a part.

// peer runs a program of daemontools; an environment of its own is used for TZ.
func peer(t *testing.T, name, input string, env ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path)
	cmd.Stdin, cmd.Env = strings.NewReader(input), env
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), err
}

var peerZones = []string{
	"", ":", "UTC", "Etc/GMT+5", "EST", "America/Los_Angeles", ":America/New_York", "EST5EDT",
	"Europe/Berlin", "Europe/Dublin", "Africa/Casablanca", "Africa/Monrovia", "America/Sao_Paulo",
	"America/Nuuk", "Asia/Gaza", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe",
	"Antarctica/Troll", "Pacific/Apia", "/usr/share/zoneinfo/Asia/Tokyo", "../zoneinfo/UTC",
	"right/UTC", "right/US/Pacific", "right/America/Los_Angeles", "right/Europe/Berlin",
	"right/Australia/Lord_Howe", ":/usr/share/zoneinfo/right/Asia/Tokyo",
	"CST6CDT,M3.2.0,M11.1.0", "<+03>-3", "AEST-10AEDT,M10.1.0,M4.1.0/3", "XXX-14", "XXX14",
	"AAA3:30", "AAA+3:30:15", "AAA25", "AAA3BBB2,J60,J300", "AAA3BBB,0/0,365/25",
	"AAA3BBB,M3.4.4/50,M10.4.4/-3", "AAA3BBB4,M3.2.0,M11.1.0", "<+03>-3<+04>,J10,J20",
	"<+03>-3<+04>-5,J59,59", "AAA0BBB,M2.5.0,M12.5.6", "AAA3BBB,M3.2.0/200,M11.1.0/167",
	"EST5EDT4,M3.2.0/2:30:10,M11.1.0/1:00:05", "Foo/Bar", "AA3", "/etc", "/dev/zero",
}

// peerTimes are Unix seconds: of the years around now and far away, at the leap
// seconds, and at the ends of the calendar, a day inside of them.
func peerTimes(rnd *rand.Rand) (times []int64) {
	for range 300 {
		times = append(times,
			rnd.Int64N(1<<32)-1<<30,
			rnd.Int64N(1<<35)-1<<34,
			rnd.Int64N(civilEnd-civilMin-4*daySeconds)+civilMin+2*daySeconds,
			civilEnd-2*daySeconds-rnd.Int64N(1<<36))
	}
	for year := int64(1960); year < 2120; year++ {
		for range 12 {
			times = append(times, yearStart(year)*daySeconds+rnd.Int64N(366*daySeconds))
		}
		for second := int64(-15); second < 15; second++ {
			times = append(times, yearStart(year)*daySeconds+second)
		}
	}
	for _, l := range Leaps {
		for second := int64(-3); second < 40; second++ {
			times = append(times, l.Unix+second)
		}
	}
	return append(times, civilMin+2*daySeconds, civilEnd-2*daySeconds, -62167219200, 67767976233532799, 67767976233532800)
}

func TestLocalTimeEqualsTheOriginal(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(14, 15))
	for _, tz := range peerZones {
		times := peerTimes(rnd)
		var in strings.Builder
		for _, unix := range times {
			in.WriteString(TAI64N{uint64(unix + epoch), 7}.String() + " x\n")
		}
		want, err := peer(t, "tai64nlocal", in.String(), "TZ="+tz)
		if err != nil {
			t.Errorf("%q: the original ends with %v", tz, err)
			continue
		}
		z, err := LoadZone(tz)
		if err != nil {
			z = &Zone{}
		}
		compareLines(t, tz, in.String(), localString(t, strings.NewReader(in.String()), z), want)
	}
}

func compareLines(t *testing.T, name, in, got, want string) {
	t.Helper()
	ins, gots, wants := strings.Split(in, "\n"), strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(gots), len(wants)) {
		if gots[i] != wants[i] {
			t.Errorf("%q, line %d, %q: got %q, want %q", name, i, ins[min(i, len(ins)-1)], gots[i], wants[i])
			return
		}
	}
	if got != want {
		t.Errorf("%q: got %d lines, want %d", name, len(gots), len(wants))
	}
}

func TestTheSystemZoneEqualsTheOriginal(t *testing.T) {
	t.Parallel()
	z, err := localZone("", false)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if err != nil {
		z = &Zone{}
	}
	const in = "@4000000037c219bf2ef02e94 x\n@4000000027c219bf2ef02e94 x\n"
	want, err := peer(t, "tai64nlocal", in)
	if got := localString(t, strings.NewReader(in), z); err != nil || got != want {
		t.Errorf("got %q, want %q, %v", got, want, err)
	}
}

func TestEveryLineEqualsTheOriginal(t *testing.T) {
	t.Parallel()
	for _, c := range shownUTC {
		out, err := peer(t, "tai64nlocal", c.in, "TZ=UTC")
		if strings.HasPrefix(c.name, "crash") {
			if err == nil {
				t.Errorf("%s: the original prints %q", c.name, out)
			}
		} else if err != nil || out != c.want {
			t.Errorf("%s: the original prints %.80q, %v, want %.80q", c.name, out, err, c.want)
		}
	}
}

// The original is asked line by line where a line may end it.
func TestTheOriginalCrashesWhereLinesPassUnchanged(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(16, 17))
	for _, tz := range []string{"UTC", "XXX-14", "XXX14", "America/Los_Angeles", "AEST-10AEDT,M10.1.0,M4.1.0/3", "right/US/Pacific"} {
		z, err := LoadZone(tz)
		if err != nil {
			t.Fatal(err)
		}
		for range 150 {
			unix := []int64{civilMin, civilEnd}[rnd.IntN(2)] + rnd.Int64N(2*daySeconds) - daySeconds
			in := TAI64N{uint64(unix + epoch), 7}.String() + " x\n"
			got := localString(t, strings.NewReader(in), z)
			want, err := peer(t, "tai64nlocal", in, "TZ="+tz)
			if (err != nil) != (got == in) || err == nil && got != want {
				t.Errorf("%s, %d: got %q; the original prints %q, %v", tz, unix, got, want, err)
			}
		}
	}
}

func TestRandomLinesEqualTheOriginal(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(18, 19))
	for round := range 20 {
		var in bytes.Buffer
		for range 2000 {
			line := randomLine(rnd)
			if strings.HasPrefix(line, "@") && slowLocal(line) == line {
				continue // it would crash
			}
			in.WriteString(line)
		}
		in.Truncate(in.Len() - rnd.IntN(40)) // ends anywhere in a line
		want, err := peer(t, "tai64nlocal", in.String(), "TZ=UTC")
		if err != nil {
			// The end may have cut a label's terminator off, but never crashes.
			t.Errorf("round %d: the original ends with %v", round, err)
			continue
		}
		compareLines(t, "UTC", in.String(), localString(t, newSplitter(in.String(), 1), &Zone{}), want)
	}
}

func TestStampedLinesEqualTheOriginal(t *testing.T) {
	t.Parallel()
	stamp := regexp.MustCompile(`(?m)^@[0-9a-f]{24} `)
	rnd := rand.New(rand.NewPCG(20, 21))
	for range 50 {
		var in strings.Builder
		for range rnd.IntN(300) {
			in.WriteString(strings.Repeat("x", rnd.IntN(1<<rnd.IntN(13))))
			in.WriteString("\n")
		}
		in.WriteString(strings.Repeat("y", rnd.IntN(2)))
		want, err := peer(t, "tai64n", in.String())
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		if err := Stamp(&got, newSplitter(in.String(), 2), &Clock{}); err != nil {
			t.Error(err)
		}
		compareLines(t, "tai64n", in.String(), unstamp(t, got.String()), stamp.ReplaceAllString(want, ""))
	}
}

func TestTheOriginalReadsOurStamps(t *testing.T) {
	t.Parallel()
	var stamped strings.Builder
	if err := Stamp(&stamped, strings.NewReader(strings.Repeat("x\n", 1000)), &Clock{}); err != nil {
		t.Error(err)
	}
	want, err := peer(t, "tai64nlocal", stamped.String(), "TZ=UTC")
	if got := localString(t, strings.NewReader(stamped.String()), &Zone{}); err != nil || got != want {
		t.Errorf("got %.80q, want %.80q, %v", got, want, err)
	}
}
