package rotate

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata")

// TestTheCallsOfARotationHaveTheirOrder compares the calls of the life of a
// directory with a transcript: two calls that change places show as a
// difference, to be judged by what a crash between them leaves.
func TestTheCallsOfARotationHaveTheirOrder(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		h     history
		start func() *memDisk
	}{
		{"rotation", history{}, newDisk},
		{"rotation-processor", history{processor: true}, newDisk},
		{"recovery", history{}, afterOutage},
		{"recovery-processor", history{processor: true}, afterOutage},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			checkGolden(t, row.name+".txt", transcript(t, row.h, row.start()))
		})
	}
}

// afterOutage is a disk with a previous that is complete and a current that
// was in use.
func afterOutage() *memDisk {
	d := newDisk()
	d.put("lock", "", 0o600)
	d.put("state", "", 0o644)
	d.put("previous", "old\n", 0o744)
	d.put("processed", "OL", 0o644)
	d.put("newstate", "", 0o644)
	d.put("current", "new\n", 0o644)
	return d
}

// transcript opens the directory, writes a line, rotates, writes another,
// closes and opens again: the calls of each step under its heading.
func transcript(t *testing.T, h history, d *memDisk) string {
	t.Helper()
	var b strings.Builder
	section := func(title string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", title, err)
		}
		fmt.Fprintf(&b, "# %s\n", title)
		for _, call := range d.log {
			b.WriteString(call + "\n")
		}
		d.log = nil
	}
	dir, err := Open("d", h.options(d))
	section("Open", err)
	_, err = fmt.Fprintln(dir, "one")
	section("Write", err)
	section("Rotate", dir.Rotate())
	_, err = fmt.Fprintln(dir, "two")
	section("Write", err)
	section("Close", dir.Close())
	dir, err = Open("d", h.options(d))
	section("Open what was closed in good order", err)
	section("Close", dir.Close())
	return b.String()
}

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	is, should := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range is {
		if i >= len(should) || is[i] != should[i] {
			t.Errorf("%s, line %d: %q\nthe calls are now:\n%s", path, i+1, is[i], got)
			return
		}
	}
	t.Errorf("%s: has more calls than are done now:\n%s", path, got)
}
