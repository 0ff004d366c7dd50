package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// logged are the lines with these numbers, one after the other.
func logged(f form, numbers ...int) string {
	var b []byte
	for _, n := range numbers {
		b = f.text(b, n)
	}
	return string(b)
}

// TestTheTallyKnowsEveryFault has a known answer for each, so that the verdict of
// a storm can itself be wrong only where no row looks.
func TestTheTallyKnowsEveryFault(t *testing.T) {
	t.Parallel()
	numbered, long, same := form{numbered: true}, form{numbered: true, long: 300 << 10}, form{}
	two := logged(numbered, 1, 2)
	stamp := "@400000006b0340fe0d710cc1 "
	for _, row := range []struct {
		name    string
		f       form
		in      int
		log     string
		stamped bool
		wanted  func(int) bool
		want    count
	}{
		{"all there", numbered, 4, logged(numbered, 0, 1, 2, 3), false, every, count{in: 4}},
		{"nothing in, nothing there", numbered, 0, "", false, every, count{}},
		{"nothing there", numbered, 4, "", false, every, count{in: 4, lost: 4}},
		{"one lost", numbered, 4, logged(numbered, 0, 1, 3), false, every, count{in: 4, lost: 1}},
		{"the first and the last lost", numbered, 4, two, false, every, count{in: 4, lost: 2}},
		{"one doubled", numbered, 3, logged(numbered, 0, 1, 1, 2), false, every, count{in: 3, doubled: 1}},
		{"one three times", numbered, 3, logged(numbered, 0, 1, 2, 1, 1), false, every, count{in: 3, doubled: 2}},
		{"lost and doubled do not make up for each other", numbered, 3, logged(numbered, 0, 0, 1), false, every, count{in: 3, lost: 1, doubled: 1}},
		{"one out of its place", numbered, 3, logged(numbered, 0, 2, 1), false, every, count{in: 3, torn: 1}},
		{"cut at the end", numbered, 3, logged(numbered, 0) + two[:len(two)-1], false, every, count{in: 3, lost: 1, torn: 1}},
		{"cut in the middle", numbered, 3, logged(numbered, 0) + two[:12] + two[30:], false, every, count{in: 3, lost: 2, torn: 1}},
		{"its second half as a line", numbered, 3, logged(numbered, 0) + two[:12] + "\n" + two[12:], false, every, count{in: 3, lost: 1, torn: 2}},
		{"a byte changed", numbered, 3, logged(numbered, 0) + strings.Replace(two, " b ", " B ", 1), false, every, count{in: 3, lost: 1, torn: 1}},
		{"an empty line", numbered, 2, logged(numbered, 0) + "\n" + logged(numbered, 1), false, every, count{in: 2, torn: 1}},
		{"a line that never went in", numbered, 2, logged(numbered, 0, 1, 2), false, every, count{in: 2, torn: 1}},
		{"selected", numbered, 7, logged(numbered, 0, 3, 6), false, marked, count{in: 3}},
		{"selected, one lost", numbered, 7, logged(numbered, 0, 6), false, marked, count{in: 3, lost: 1}},
		{"one that was not selected", numbered, 7, logged(numbered, 0, 1, 3, 6), false, marked, count{in: 3, torn: 1}},
		{"stamped", numbered, 1, stamp + logged(numbered, 0), true, every, count{in: 1}},
		{"no stamp", numbered, 2, stamp + logged(numbered, 0, 1), true, every, count{in: 2, lost: 1, torn: 1}},
		{"longer than any buffer", long, 3, logged(long, 0, 1, 2), false, every, count{in: 3}},
		{"longer than any buffer, one lost", long, 3, logged(long, 0, 2), false, every, count{in: 3, lost: 1}},
		{"identical", same, 3, logged(same, 0, 0, 0), false, every, count{in: 3}},
		{"identical, one lost", same, 3, logged(same, 0, 0), false, every, count{in: 3, lost: 1}},
		{"identical, one doubled", same, 3, logged(same, 0, 0, 0, 0), false, every, count{in: 3, doubled: 1}},
		{"identical, one torn", same, 3, logged(same, 0, 0) + "all lines are\n", false, every, count{in: 3, lost: 1, torn: 1}},
	} {
		got, err := tally(strings.NewReader(row.log), row.f, row.in, row.stamped, row.wanted)
		if got != row.want || err != nil {
			t.Errorf("%s: %+v, %v; want %+v", row.name, got, err, row.want)
		}
		if clean := row.want.lost+row.want.doubled+row.want.torn == 0; got.clean() != clean {
			t.Errorf("%s: clean is %v", row.name, got.clean())
		}
	}
}

// TestALogIsReadInItsOrder: archives by name, then previous unless it is the
// newest archive, then current; nothing else.
func TestALogIsReadInItsOrder(t *testing.T) {
	t.Parallel()
	f := form{numbered: true}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"@400000006b0340fe00000001.u": logged(f, 0, 1),
		"@400000006b0340fe00000002.s": logged(f, 2),
		"current":                     logged(f, 4, 5),
		"state":                       "of a processor",
		"spool":                       logged(f, 5),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(filepath.Join(dir, "@400000006b0340fe00000002.s"), filepath.Join(dir, "previous")); err != nil {
		t.Fatal(err)
	}
	got, err := tallyDir(dir, f, 6, false, every)
	if want := (count{in: 6, lost: 1}); got != want || err != nil {
		t.Errorf("previous has a name: %+v, %v; want %+v", got, err, want)
	}
	if err := os.Remove(filepath.Join(dir, "previous")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "previous"), []byte(logged(f, 3)), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err = tallyDir(dir, f, 6, false, every)
	if want := (count{in: 6}); got != want || err != nil {
		t.Errorf("previous has no name: %+v, %v; want %+v", got, err, want)
	}
}

// TestOneLineInThreeIsMarked: selections go by a capital A anywhere in a line.
func TestOneLineInThreeIsMarked(t *testing.T) {
	t.Parallel()
	for n := range 1000 {
		if got := slices.Contains((form{numbered: true}).text(nil, n), 'A'); got != marked(n) {
			t.Fatalf("line %d: %v", n, got)
		}
	}
}
