//go:build linux && peer

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestPeerTai64n compares the filter that stamps.
func TestPeerTai64n(t *testing.T) {
	theirs, ours := peer(t), ours(t)
	eachSeed(t, *casesFlag/4, func(seed uint64, scratch string) error {
		r := newRand(seed)
		parts := randomParts(r, randomInput(r))
		_, err := compareFilters(theirs, ours, scratch, "tai64n", "", parts)
		return err
	})
}

// TestPeerTai64nlocal compares the filter that shows stamps, on lines full of
// what looks like one. Where 0.76 dies ours only has to live.
func TestPeerTai64nlocal(t *testing.T) {
	theirs, ours := peer(t), ours(t)
	zones := []string{"UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Pacific/Chatham", "Africa/Casablanca", "Australia/Lord_Howe",
		"America/Sao_Paulo", "EST5EDT,M3.2.0,M11.1.0", "<+0330>-3:30", "NZST-12NZDT,M9.5.0,M4.1.0/3", "No/Such"}
	var died atomic.Int64
	defer func() { t.Logf("0.76 died in %d of %d cases", died.Load(), *casesFlag/2) }()
	eachSeed(t, *casesFlag/2, func(seed uint64, scratch string) error {
		r := newRand(seed)
		var text []byte
		for range r.IntN(60) {
			text = append(text, labelled(r)...)
		}
		crashed, err := compareFilters(theirs, ours, scratch, "tai64nlocal", pick(r, zones...), randomParts(r, text))
		if crashed {
			died.Add(1)
		}
		return err
	})
}

// namedZones need the zone files of the machine, which both programs read.
var namedZones = []string{
	"UTC", "GMT", "America/New_York", "America/Los_Angeles", "America/St_Johns", "America/Sao_Paulo", "Europe/London", "Europe/Berlin", "Europe/Dublin",
	"Europe/Moscow", "Europe/Istanbul", "Africa/Casablanca", "Africa/Cairo", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tehran", "Asia/Tokyo", "Asia/Gaza",
	"Australia/Lord_Howe", "Australia/Sydney", "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati", "Antarctica/Troll", "America/Nuuk", "America/Santiago",
	":America/New_York", "/usr/share/zoneinfo/Europe/Berlin", "Etc/GMT+12", "Etc/GMT-14", "EST5EDT", "CET", "EST",
	"right/UTC", "right/Europe/London", "posix/Europe/London",
}

// TestPeerNamedZones compares local time in many places.
func TestPeerNamedZones(t *testing.T) {
	t.Parallel()
	theirs, ours := peer(t), ours(t)
	for _, tz := range namedZones {
		t.Run(tz, func(t *testing.T) {
			t.Parallel()
			died, err := compareFilters(theirs, ours, t.TempDir(), "tai64nlocal", tz, [][]byte{[]byte(manyMoments())})
			if err != nil || died {
				t.Errorf("0.76 died: %v; %v", died, err)
			}
		})
	}
}

// labelled is a line with labels and almost labels.
func labelled(r *rand.Rand) []byte {
	var b bytes.Buffer
	if r.IntN(4) == 0 {
		b.WriteString(pick(r, "x", " ", "\t", "x@", "1", "\x00"))
	}
	seconds := r.Int64N(1<<33) - 1<<31
	switch r.IntN(6) {
	case 0:
		seconds = r.Int64N(1<<40) - 1<<39
	case 1:
		seconds = r.Int64N(1<<56) - 1<<55
	}
	nano := r.Uint32()
	if r.IntN(2) == 0 {
		nano %= 1e9
	}
	l := at(seconds, nano)
	switch r.IntN(12) {
	case 0:
		l = "@" + pick(r, "0", "f", "40", "0123456789abcdef0123456789") + l[1:]
	case 1:
		if r.IntN(20) == 0 {
			l = pick(r, "@", "@x", l[:20], strings.ToUpper(l), l+"0")
		}
	case 2:
		l = pick(r, "x", " ", "plain")
	}
	b.WriteString(l)
	b.WriteString(pick(r, "", " x", "x", "X", " ", "@", ":", "\r", "\x00", " "+l, "g", "G0", "\xff"))
	if r.IntN(10) == 0 {
		b.Write(randomLine(r))
	}
	if r.IntN(60) != 0 {
		b.WriteString("\n")
	}
	return b.Bytes()
}

// compareFilters gives both programs the same input; died says that 0.76 did
// not survive it.
func compareFilters(theirs, ours, scratch, name, tz string, parts [][]byte) (died bool, err error) {
	var texts [2]string
	for i, bin := range []string{theirs, ours} {
		dir := filepath.Join(scratch, fmt.Sprint(i))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return false, err
		}
		end, text, err := filter(bin, dir, name, tz, parts)
		if err != nil {
			return false, err
		}
		texts[i] = end + "\n" + strings.Join(quoteLines(text), "\n")
	}
	switch {
	case strings.HasPrefix(texts[0], "killed by SEGV"):
		if !strings.HasPrefix(texts[1], "exit 0") {
			return true, fmt.Errorf("where 0.76 dies, ours ends with %s\nTZ=%q %q", texts[1], tz, bytes.Join(parts, nil))
		}
		return true, nil
	case texts[0] != texts[1]:
		return false, fmt.Errorf("(- 0.76, + ours)\nTZ=%q\n%q\n%s", tz, bytes.Join(parts, nil), diff(texts[0], texts[1]))
	}
	return false, nil
}

func filter(bin, dir, name, tz string, parts [][]byte) (end, text string, err error) {
	w, err := newWorld(dir, bin)
	if err != nil {
		return "", "", err
	}
	defer w.close()
	w.tz = tz
	if err := w.start([]string{name}); err != nil {
		return "", "", err
	}
	for _, p := range parts {
		if err := w.pipe.pour(w.job, p); err != nil && !w.job.gone() {
			return "", "", err
		}
	}
	if err := w.finish(); err != nil {
		return "", "", err
	}
	w.collect()
	return w.record.ends[0], w.record.stdout, nil
}

func quoteLines(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	for i, l := range lines {
		lines[i] = fmt.Sprintf("%q", l)
	}
	return lines
}
