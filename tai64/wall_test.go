package tai64

import (
	"testing"
	"time"
)

func zone(t testing.TB, tz string) *Zone {
	t.Helper()
	z, err := LoadZone(tz)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// berlin is a zone without its file.
const berlin = "CET-1CEST,M3.5.0,M10.5.0/3"

func TestTheWallShowsLocalTime(t *testing.T) {
	t.Parallel()
	z := zone(t, berlin)
	for _, c := range []struct {
		utc  string
		wall string
		east int64
	}{
		{"2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", 3600},
		{"2026-03-29T00:59:59Z", "2026-03-29T01:59:59Z", 3600},
		{"2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z", 7200},
		{"2026-10-25T00:59:59Z", "2026-10-25T02:59:59Z", 7200},
		{"2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z", 3600},
	} {
		wall, east, ok := z.Wall(unix(t, c.utc))
		if want := unix(t, c.wall); wall != want || east != c.east || !ok {
			t.Errorf("%s: %d, %d, %v, want %d, %d", c.utc, wall, east, ok, want, c.east)
		}
	}
	if _, _, ok := z.Wall(1 << 62); ok {
		t.Error("it shows a time that the C library cannot show")
	}
}

func unix(t testing.TB, s string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.Unix()
}

func TestATimeOnTheWallIsFoundAgain(t *testing.T) {
	t.Parallel()
	z := zone(t, berlin)
	for _, c := range []struct{ wall, first, last string }{
		{"2026-01-01T01:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"},
		{"2026-10-25T01:59:59Z", "2026-10-24T23:59:59Z", "2026-10-24T23:59:59Z"},
		{"2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"}, // twice
		{"2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z", "2026-10-25T02:00:00Z"},
		{"2026-03-29T02:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T01:30:00Z"}, // never
		{"2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"},
	} {
		for _, last := range []bool{false, true} {
			want := unix(t, c.first)
			if last {
				want = unix(t, c.last)
			}
			if got, ok := z.Unix(unix(t, c.wall), last); got != want || !ok {
				t.Errorf("%s, last %v: %d, %v, want %d", c.wall, last, got, ok, want)
			}
		}
	}
	if _, ok := z.Unix(1<<62, false); ok {
		t.Error("it finds a time that the C library cannot show")
	}
}

// Every hour of a year is shown, and found again.
func TestUnixIsTheInverseOfWall(t *testing.T) {
	t.Parallel()
	for _, tz := range []string{"", berlin, "NZST-12NZDT,M9.5.0,M4.1.0/3", "<-0330>3:30<-0230>,M3.2.0,M11.1.0", "<+1345>-13:45"} {
		z := zone(t, tz)
		for at := unix(t, "2026-01-01T00:00:00Z"); at < unix(t, "2027-01-01T00:00:00Z"); at += 1800 {
			wall, _, ok := z.Wall(at)
			if !ok {
				t.Fatal(at)
			}
			first, _ := z.Unix(wall, false)
			last, _ := z.Unix(wall, true)
			if first > last || at != first && at != last {
				t.Fatalf("%q: %d is shown as %d, found as %d and %d", tz, at, wall, first, last)
			}
		}
	}
}
