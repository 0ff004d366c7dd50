package logs

import (
	"testing"
	"time"

	"github.com/tailight/tailight/tai64"
)

// berlin has summer time, and needs no zone file.
const berlin = "CET-1CEST,M3.5.0,M10.5.0/3"

func clockAt(t testing.TB, now, tz string) clock {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, now)
	must(t, err)
	z, err := tai64.LoadZone(tz)
	must(t, err)
	return clock{tai64.At(at), z}
}

func TestTimesAreRead(t *testing.T) {
	t.Parallel()
	c := clockAt(t, "2026-11-25T16:00:00.5Z", berlin) // 17:00 on the wall
	for _, row := range []struct{ text, want string }{
		{"now", "2026-11-25T16:00:00.5Z"},
		{"today", "2026-11-24T23:00:00Z"},
		{"yesterday", "2026-11-23T23:00:00Z"},
		{"yesterday 10:00", "2026-11-24T09:00:00Z"},
		{"today 23:59:59.999999999", "2026-11-25T22:59:59.999999999Z"},
		{"10:00", "2026-11-25T09:00:00Z"},
		{"10:00:01", "2026-11-25T09:00:01Z"},
		{"10:00:01.25", "2026-11-25T09:00:01.25Z"},
		{"00:30", "2026-11-24T23:30:00Z"},
		{"2026-11-25", "2026-11-24T23:00:00Z"},
		{"2026-07-01", "2026-06-30T22:00:00Z"},
		{"2026-07-01 10:00", "2026-07-01T08:00:00Z"},
		{"2026-07-01T10:00:30", "2026-07-01T08:00:30Z"},
		{"2026-07-01T10:00:30Z", "2026-07-01T10:00:30Z"},
		{"2026-07-01T10:00:30.123456789-03:30", "2026-07-01T13:30:30.123456789Z"},
		{"2026-07-01 10:00+0200", "2026-07-01T08:00:00Z"},
		{"10:00Z", "2026-11-25T10:00:00Z"},
		{"2024-02-29", "2024-02-28T23:00:00Z"},
		{"10m", "2026-11-25T15:50:00.5Z"},
		{"10m ago", "2026-11-25T15:50:00.5Z"},
		{"1h30m", "2026-11-25T14:30:00.5Z"},
		{"3d", "2026-11-22T16:00:00.5Z"},
		{"2w", "2026-11-11T16:00:00.5Z"},
		{"0s", "2026-11-25T16:00:00.5Z"},
		{"1764061572", "2025-11-25T09:06:12Z"},
		{"1764061572.123456", "2025-11-25T09:06:12.123456Z"},
		{"@400000006b0340fe0d710cc1", "2026-11-22T19:22:02.225512641Z"},
	} {
		got, err := c.parse(row.text, false)
		at := got.Time().Format(time.RFC3339Nano)
		if err != nil || (at != row.want && row.text[0] != '@') {
			t.Errorf("%s: %s, %v, want %s", row.text, at, err, row.want)
		}
		if row.text[0] == '@' && got.String() != row.text {
			t.Errorf("%s: %s", row.text, got)
		}
	}
}

func TestATimeThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	c := clockAt(t, "2026-11-25T16:00:00Z", berlin)
	for _, text := range []string{
		"", " ", "tomorrow", "10", "10:0", "24:00", "10:60", "10:00:60", "10:00:", "10:00:00.", "10:00:00.1234567890", "1:00",
		"2026-11-31", "2026-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "26-01-01", "2026-1-1", "2026-11-25 ", "2026-11-25T",
		"2026-11-25 10:00 ", "2026-11-25 10:00+1", "2026-11-25 10:00+01:60", "2026-11-25 10:00 CET", "m", "10", "10x", "1m ", "-1m", "+1m",
		"1.5h", "99999999999999999999s", "9223372036s9223372036s", "@", "@4000", "@400000006b0340fe0d710cg1", "@400000006b0340feffffffff",
		"12345678", "123456789.", "1764061572.1234567890", "9999999999999999999", "today yesterday", "now ago", " ago", "-2026-11-25", "2026-+1-25",
	} {
		if got, err := c.parse(text, false); err == nil {
			t.Errorf("%q is taken for %v", text, got.Time())
		}
	}
}

func TestALocalTimeThatIsShownTwiceIsTheFirstOrTheLast(t *testing.T) {
	t.Parallel()
	c := clockAt(t, "2026-11-25T16:00:00Z", berlin)
	for last, want := range map[bool]string{false: "2026-10-25T00:30:00Z", true: "2026-10-25T01:30:00Z"} {
		got, err := c.parse("2026-10-25 02:30", last)
		if at := got.Time().Format(time.RFC3339); err != nil || at != want {
			t.Errorf("last %v: %s, %v, want %s", last, at, err, want)
		}
	}
}

// FuzzWhen proves that no text makes the parser panic, that what it takes is a
// label, and that it takes back whatever svlog prints for that.
func FuzzWhen(f *testing.F) {
	for _, s := range []string{"now", "yesterday 10:00", "10m", "2026-11-25T10:00:00.5+01:00", "@400000006b0340fe0d710cc1", "1764061572.5", "9999-12-31 23:59"} {
		f.Add(s, true)
	}
	c := clockAt(f, "2026-11-25T16:00:00Z", berlin)
	f.Fuzz(func(t *testing.T, s string, last bool) {
		l, err := c.parse(s, last)
		if err != nil {
			return
		}
		if l.Nano >= 1e9 || l.Sec >= 1<<63 {
			t.Fatalf("%q: %v", s, l)
		}
		for i, name := range styleNames {
			shown := string((&stamps{zone: c.zone, style: style(i), precision: 9}).append(nil, l))
			if name == "none" || name == "unix" && unixOf(l) < 1e8 || shown == l.String() && name != "tai64n" {
				continue
			}
			back, err := c.parse(shown, last)
			if err != nil || back != l {
				t.Fatalf("%q is %v, shown as %s by %s, which is %v, %v", s, l, shown, name, back, err)
			}
		}
	})
}
