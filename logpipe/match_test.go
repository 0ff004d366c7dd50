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

func matchText(text string, line []byte) bool {
	p := compile(text)
	return p.match(line, new(first))
}

// TestPatternsInARowMatchAsEachAlone: what one has found out about a line, the
// next uses.
func TestPatternsInARowMatchAsEachAlone(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"", " ", "a b", "svc: ERROR x", "abcab ", "*", "b a"} {
		for _, one := range matchCases {
			var known first
			for _, text := range []string{one.pattern, "* ERROR *", "* *", "*b*", "a* *", one.pattern, "*a*b*"} {
				p := compile(text)
				if got, want := p.match([]byte(line), &known), matches([]byte(text), []byte(line)); got != want {
					t.Errorf("behind %q: match(%q, %q) = %v, want %v", one.pattern, text, line, got, want)
				}
			}
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
	})
}
