// What is known to be untested here: all that only a process of its own can
// show, which is in cmd/tailight, and systems other than Linux.

package chain

import (
	"slices"
	"strings"
	"testing"
)

// A change is NAME=VALUE, or NAME to remove it.
func TestTheEnvironmentIsEditedAsTheOriginalDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ before, changes, after string }{
		{"", "A=1", "A=1"},
		{"", "A", ""},
		{"A=1 B=2 C=3", "A=9", "C=3 B=2 A=9"},
		{"A=1 B=2 C=3", "C=9", "A=1 B=2 C=9"},
		{"A=1 B=2 C=3", "A", "C=3 B=2"},
		{"A=1 B=2 C=3", "C", "A=1 B=2"},
		{"A=1 B=2 C=3", "D=4", "A=1 B=2 C=3 D=4"},
		{"A=1 B=2 C=3", "A B C", ""},
		{"A=1 B=2 A=3", "A=9", "A=3 B=2 A=9"},
		{"A=1 B=2 A=3", "A", "A=3 B=2"},
		{"A=1 B=2 A=3", "A A", "B=2"},
		{"AB=1 A=2", "A=9", "AB=1 A=9"},
		{"A B=2", "A=9", "A B=2 A=9"},
		{"A=1", "A=x=y", "A=x=y"},
		{"A=1 =2", "=9", "A=1 =9"},
	} {
		v := environ(strings.Fields(c.before))
		for change := range strings.FieldsSeq(c.changes) {
			v.change(change)
		}
		if got := strings.Join(v, " "); got != c.after {
			t.Errorf("%s, then %s: %s, want %s", c.before, c.changes, got, c.after)
		}
	}
}

func TestUnsettingANameWithAnEqualsSignSets(t *testing.T) {
	t.Parallel()
	v := environ{"G=1", "A=2"}
	v.unset("G=H")
	if want := (environ{"A=2", "G=H"}); !slices.Equal(v, want) {
		t.Errorf("%q, want %q", v, want)
	}
}

// Whatever a directory holds, a variable that is set has its value, and the
// others are what they were.
func FuzzEnvironChangesOneVariable(f *testing.F) {
	f.Add("A=1\nB=2\nA=3", "A", "x", true)
	f.Add("", "", "", false)
	f.Add("A=1", "A=B", "", false)
	f.Fuzz(func(t *testing.T, before, name, value string, set bool) {
		v := environ(strings.Split(before, "\n"))
		was := slices.Clone(v)
		if set {
			v.set(name, value)
		} else {
			v.unset(name)
		}
		variable, _, inName := strings.Cut(name, "=")
		want := name
		if set {
			want += "=" + value
		}
		if (set || inName) && v[len(v)-1] != want {
			t.Errorf("%q is not at the end of %q", want, v)
		}
		if others(was, variable) != others(v, variable) {
			t.Errorf("%q changed other variables: %q, then %q", name, was, v)
		}
	})
}

// others are the variables of other names, sorted.
func others(v environ, name string) string {
	rest := slices.DeleteFunc(slices.Clone(v), func(s string) bool { return strings.HasPrefix(s, name+"=") })
	slices.Sort(rest)
	return strings.Join(rest, "\x00")
}
