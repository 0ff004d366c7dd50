package chain

import (
	"strings"
	"testing"
)

// Section 21.6 of the specification.
func TestLinesOfSectionsSetVariables(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ content, want string }{
		{"", ""},
		{"A=1\n", "A=1"},
		{"A=1", "A=1"},
		{"  A \t = \t 1  \t\n", "A=1"},
		{"A=\n", "A="},
		{"A = x = y\n", "A=x = y"},
		{"A=b c ; d\n", "A=b c ; d"},
		{"A=1\nA=2\n", "A=2"},
		{"[S]\nA=1\n[T]\nA=2\n", "S_A=1|T_A=2"},
		{" [S] \nA=1\n", "S_A=1"},
		{"[]\nA=1\n", "_A=1"},
		{"[S T]\nA=1\n", "S T_A=1"},
		{"A=1\n[S]\nB=2\n", "A=1|S_B=2"},
		{"[S\nA=1\n", "A=1"},
		{"[S\nx]=1\nA=1\n", "x]=1|A=1"},
		{"; A=1\n  ;B=2\n", ""},
		{"#A=1\n # B = 2\n", ""},
		{"a b=c\n", ""},
		{"A\n", ""},
		{"=1\n = 1\n", ""},
		{"\n\n  \n", ""},
		{"A=1\r\n", "A=1\r"},
	} {
		var v environ
		v.fromSections(c.content, "")
		if got := strings.Join(v, "|"); got != c.want {
			t.Errorf("%q: %q, want %q", c.content, got, c.want)
		}
	}
}

func TestThePrefixIsInFrontOfTheSection(t *testing.T) {
	t.Parallel()
	var v environ
	v.fromSections("A=1\n[S]\nB=2\n", "P_")
	if got, want := strings.Join(v, "|"), "P_A=1|P_S_B=2"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Whatever is in a file, an entry of the environment is one line with an
// equals sign and without blanks at its end.
func FuzzSectionsSetProperVariables(f *testing.F) {
	f.Add("A = 1\n[S]\nB=2;")
	f.Add("[x\n]=\n;=\n#=")
	f.Fuzz(func(t *testing.T, content string) {
		var v environ
		v.fromSections(content, "")
		for _, entry := range v {
			if !strings.Contains(entry, "=") || strings.Contains(entry, "\n") || strings.TrimRight(entry, blanks) != entry {
				t.Errorf("%q in %q", entry, content)
			}
		}
	})
}
