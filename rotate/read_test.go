package rotate

import (
	"fmt"
	"strings"
	"testing"
)

// readAllLines returns what a reader gives: the texts, "+" behind what goes on
// and "~" behind what is open.
func readAllLines(t *testing.T, dirs []string, opt ReadOptions) (lines []string) {
	t.Helper()
	r := NewReader(dirs, opt)
	for l, err := range r.Lines(t.Context()) {
		if err != nil {
			lines = append(lines, err.Error())
			continue
		}
		mark := ""
		if l.More {
			mark = "+"
		}
		if l.Open {
			mark = "~"
		}
		lines = append(lines, string(l.Text)+mark)
	}
	return lines
}

// stampAt is the text of a label n nanoseconds after a fixed one.
func stampAt(n int) string { return labelAt(n).String() }

func TestAHistoryIsReadInOrder(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	l.put("@400000000000000000000010.s", "a\nb\n", 0o744)
	l.put("@400000000000000000000020.u", "c\nhal", 0o644)
	l.put("@400000000000000000000030.gz", "d\ne", 0o644)
	l.put("previous", "f\n", 0o644)
	l.put("current", "g\nh", 0o644)
	l.put("other", "no\n", 0o644)
	got := strings.Join(readAllLines(t, []string{l.name}, ReadOptions{}), " ")
	if want := "a b c hal~ d e+ f g h~"; got != want {
		t.Errorf("read %q, want %q", got, want)
	}
}

func TestDirectoriesAreMergedByLabel(t *testing.T) {
	t.Parallel()
	var dirs []string
	for i := range 5 {
		l := newLogDir(t)
		var text strings.Builder
		for n := i; n < 1000; n += 5 {
			fmt.Fprintf(&text, "%s line %d\n", stampAt(n), n)
		}
		l.put("current", text.String(), 0o644)
		dirs = append(dirs, l.name)
	}
	for i, line := range readAllLines(t, dirs, ReadOptions{}) {
		if want := fmt.Sprintf("%s line %d", stampAt(i), i); line != want {
			t.Fatalf("line %d is %q, want %q", i, line, want)
		}
	}
}
