package logpipe

import (
	"bytes"
	"testing"
)

// matchCases are the examples of section 2.5 of the specification, seen with
// the original, and then some that follow from its rules.
var matchCases = []struct {
	pattern, line string
	want          bool
}{
	{"hello", "hello world", false},
	{"*", "", true},
	{"", "", true},
	{"", "x", false},
	{"*ab", "xab", true},
	{"*ab", "aab", false},
	{"*ab", "xaab", false},
	{"* bad", "err: bad", true},
	{"* bad", "err: a bad", false},
	{"*fatal: b", "fatal: a fatal: b", false},
	{"a*bc", "aXbc", true},
	{"a*bc", "aXbXbc", false},
	{"*x", "xx", false},
	{"*:", "x:y:z", false},
	{"*:*", "x:y:z", true},
	{"*a*", "bab", true},
	{"**", "a*b", true},
	{"**", "*", true},
	{"**", "ab", false},

	{"hello", "hello", true},
	{"hello", "hell", false},
	{"hello", "Hello", false},
	{"*", "anything at all", true},
	{"a*", "a", true},
	{"a*", "b", false},
	{"*a", "", false},
	{"***", "*", true},
	{"***", "a*b", true},
	{"***", "ab", false},
	{"**x", "*x", true},
	{"**x", "a*b*x", true},
	{"**x", "ab*xx", false},
	{"*\x00*", "a\x00b", true},
	{"\xff*\xfe", "\xff\xff\xfe", true},
	{`\*`, "*", false},
	{"[ab]?", "a1", false},
	{"é*", "é", true},
	{"@* *Z", "@400000000000000000000000 abcZ", true},
}

// matchText matches as a script of this one pattern does.
func matchText(text string, line []byte) bool {
	s := new(Script)
	s.choice(choose, text, false)
	return s.actions[0].matches(line, 0)
}

// TestPatternsInARowMatchAsEachAlone: those that are alike become one action.
func TestPatternsInARowMatchAsEachAlone(t *testing.T) {
	t.Parallel()
	row := []string{"* ERROR *", "* WARN *", "* *", "*b*", "*bc*", "a* *", "*a*b*", "*  *"}
	for _, line := range []string{"", " ", "a b", "svc: ERROR x", "svc: WARN x", "x ERROR", "abcab ", "*", "b a", "bc"} {
		for _, one := range matchCases {
			for cut := range row {
				matched := false
				choose, drop := []string{"-*"}, []string{}
				for _, text := range append([]string{one.pattern}, row[cut:]...) {
					choose, drop = append(choose, "+"+text), append(drop, "-"+text)
					matched = matched || matches([]byte(text), []byte(line))
				}
				for _, c := range []struct {
					words []string
					want  bool
				}{{choose, matched}, {drop, !matched}, {append(choose, drop...), false}} {
					if got := selects(t, c.words, line); got != c.want {
						t.Errorf("%q: %q selected: %v, want %v", c.words, line, got, c.want)
					}
				}
			}
		}
	}
}

func selects(t *testing.T, words []string, line string) bool {
	f, err := ParseFilter(words)
	must(t, err)
	return f.Selects([]byte(line), 0)
}

func TestLikePatternsOfOneKindAreOneAction(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		words   []string
		actions int
	}{
		{[]string{"+* A *", "+* B *", "+* *"}, 1},
		{[]string{"+* A *", "-* B *", "+* C *"}, 3},
		{[]string{"+*A*", "+*B*", "+*AB*"}, 3},
		{[]string{"+* A *", "+* B", "+* C *"}, 3},
		{[]string{"+* A *", "F", "+* B *", "S", "+* C *"}, 3},
		{[]string{"+* A *", "e", "+* B *"}, 3},
		{[]string{"+**", "+***", "+*", "+* *x*"}, 4},
	} {
		s, err := Parse(c.words)
		must(t, err)
		if len(s.actions) != c.actions {
			t.Errorf("%q: %d actions, want %d", c.words, len(s.actions), c.actions)
		}
	}
}

func TestPatternsMatchAsTheSpecificationSays(t *testing.T) {
	t.Parallel()
	for _, c := range matchCases {
		if got := matchText(c.pattern, []byte(c.line)); got != c.want {
			t.Errorf("match(%q, %q) = %v, want %v", c.pattern, c.line, got, c.want)
		}
		if got := matches([]byte(c.pattern), []byte(c.line)); got != c.want {
			t.Errorf("the reference has %v for %q and %q, want %v", got, c.pattern, c.line, c.want)
		}
	}
}

func TestAPatternOfAllVisibleBytesMatchesALongerLine(t *testing.T) {
	t.Parallel()
	all := bytes.Repeat([]byte("a"), headSize)
	for _, c := range []struct {
		pattern int
		line    int
		want    bool
	}{
		{headSize, headSize, true}, {headSize, headSize + 1, true}, {headSize, 3 * headSize, true},
		{headSize, headSize - 1, false}, {headSize - 1, headSize, false},
	} {
		var alerts int
		p := opened(t, Options{Alert: func([]byte) { alerts++ }}, "-*", "+"+string(all[:c.pattern]), "e")
		put(t, p, append(bytes.Repeat([]byte("a"), c.line), '\n'))
		if got := alerts == 1; got != c.want {
			t.Errorf("pattern of %d bytes, line of %d: selected %v, want %v", c.pattern, c.line, got, c.want)
		}
	}
}

// matches is the rules of section 2.5 one by one and byte by byte.
func matches(pattern, line []byte) bool {
	for len(pattern) > 0 {
		if pattern[0] != '*' {
			if len(line) == 0 || line[0] != pattern[0] {
				return false
			}
			pattern, line = pattern[1:], line[1:]
			continue
		}
		pattern = pattern[1:]
		if len(pattern) == 0 {
			return true // a star at the end matches the rest
		}
		for len(line) > 0 && line[0] != pattern[0] {
			line = line[1:]
		}
		if len(line) == 0 {
			return false // no such byte
		}
		// Matching goes on with that byte of the pattern, a star or not.
	}
	return len(line) == 0
}

func FuzzMatch(f *testing.F) {
	for _, c := range matchCases {
		f.Add([]byte(c.pattern), []byte(c.line))
	}
	f.Fuzz(func(t *testing.T, pattern, line []byte) {
		if got, want := matchText(string(pattern), line), matches(pattern, line); got != want {
			t.Errorf("match(%q, %q) = %v, want %v", pattern, line, got, want)
		}
		p := compile(string(pattern))
		if got, want := p.match(line, 0), matches(pattern, line); got != want {
			t.Errorf("compiled: match(%q, %q) = %v, want %v", pattern, line, got, want)
		}
	})
}
