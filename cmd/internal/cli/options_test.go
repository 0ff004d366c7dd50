package cli

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Rows of section 1.4 of the specification.
func TestOptionsFollowTheGrammarOfDaemontools(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, set, rest, said string }{
		{"", "", "", ""},
		{"child", "", "child", ""},
		{"-d child", "d", "child", ""},
		{"-dx -t child -d", "d x t", "child -d", ""},
		{"-o5 child", "o=5", "child", ""},
		{"-o 5 child", "o=5", "child", ""},
		{"-do5 child", "d o=5", "child", ""},
		{"-o -d child", "o=-d", "child", ""},
		{"-o  child", "o=", "child", ""},
		{"-d - child", "d", "- child", ""},
		{"-d -- -x child", "d", "-x child", ""},
		{"-d --foo -x child", "d", "-x child", ""},
		{"-d  -x", "d", " -x", ""},
		{"-dz child", "d", "", "called: illegal option -- z\n"},
		{"-:", "", "", "called: illegal option -- :\n"},
		{"-d -o", "d", "", "called: option requires an argument -- o\n"},
		{"-\xff", "", "", "called: illegal option -- \xff\n"},
	} {
		e := newEnv(t, "softlimit")
		e.Argv0 = "/bin/called"
		if c.args != "" {
			e.Args = strings.Split(c.args, " ")
		}
		var set []string
		rest, ok := e.Options("dxto:", func(letter byte, arg string) {
			if letter == 'o' {
				set = append(set, fmt.Sprintf("o=%s", arg))
			} else {
				set = append(set, string(letter))
			}
		})
		if got := strings.Join(set, " "); got != c.set {
			t.Errorf("%q: set %q, want %q", c.args, got, c.set)
		}
		if said := text(t, e.Err); said != c.said || ok != (said == "") {
			t.Errorf("%q: ok %v, said %q, want %q", c.args, ok, said, c.said)
		}
		if ok && !slices.Equal(rest, strings.Split(c.rest, " ")) && strings.Join(rest, " ") != c.rest {
			t.Errorf("%q: rest %q, want %q", c.args, rest, c.rest)
		}
	}
}

func TestAWrongArgumentEndsTheOptions(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{"-d -o5 child": "d", "-od -o5 -z child": "", "-dtz": "d", "-x -dd child": "xdd"} {
		e := newEnv(t, "softlimit")
		e.Args = strings.Split(args, " ")
		var set []byte
		_, ok := e.OptionsUntil("dxto:", func(letter byte, _ string) bool {
			if letter == 't' || letter == 'o' {
				return false
			}
			set = append(set, letter)
			return true
		})
		if said := text(t, e.Err); string(set) != want || said != "" || ok != (args == "-x -dd child") {
			t.Errorf("%q: set %q, ok %v, said %q, want %q and silence", args, set, ok, said, want)
		}
	}
}
