package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tailight/tailight/rotate"
)

// The loggers rotate while somebody looks on.
func TestAFollowerSeesEveryLineOnceAcrossRotations(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "main")
	log, err := rotate.Open(dir, rotate.Options{Size: 4096, Num: 100})
	if err != nil {
		t.Fatal(err)
	}
	f := &follower{path: filepath.Join(dir, "current")}
	defer f.close()
	var wrote, seen []string
	for i := range 1000 { // some ten rotations
		line := fmt.Sprintf("line %03d of those that have to be seen", i)
		wrote = append(wrote, line)
		if _, err := fmt.Fprintln(log, line); err != nil {
			t.Fatal(err)
		}
		if i%7 == 0 { // less than a file apart
			seen = append(seen, f.lines()...)
		}
	}
	seen = append(seen, f.lines()...)
	if !slices.Equal(seen, wrote) {
		t.Errorf("saw %d lines, want the %d that were written", len(seen), len(wrote))
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if archives, _ := filepath.Glob(filepath.Join(dir, "@*.s")); len(archives) < 5 {
		t.Errorf("%d archives, want rotations", len(archives))
	}
}

func TestAFollowerWaitsForTheEndOfALine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "current")
	f := &follower{path: path}
	defer f.close()
	if got := f.lines(); got != nil {
		t.Errorf("%q of no file", got)
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, c := range []struct {
		wrote string
		want  []string
	}{{"a\nb", []string{"a"}}, {"c", nil}, {"\n\nd\ne", []string{"bc", "", "d"}}} {
		if _, err := file.WriteString(c.wrote); err != nil {
			t.Fatal(err)
		}
		if got := f.lines(); !slices.Equal(got, c.want) {
			t.Errorf("%q shows %q, want %q", c.wrote, got, c.want)
		}
	}
}

func TestAFollowerCanBeginAtTheEnd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "current")
	if err := os.WriteFile(path, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := &follower{path: path, fromEnd: true}
	defer f.close()
	first := f.lines()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString("new\n"); err != nil {
		t.Fatal(err)
	}
	if got := append(first, f.lines()...); !slices.Equal(got, []string{"new"}) {
		t.Errorf("%q, want the new line", got)
	}
}
