package logpipe

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// globCases follow from the text of POSIX and were seen with the C library;
// glob_peer_test.go asks it for many more.
var globCases = []struct {
	pattern, line string
	want          bool
}{
	{"", "", true},
	{"", "x", false},
	{"hello", "hello", true},
	{"hello", "hello world", false},
	{"hello", "Hello", false},
	{"*", "", true},
	{"*", "any/.thing", true},
	{"*", ".hidden", true},
	{"**", "ab", true},
	{"***", "", true},

	// Where star patterns would fail.
	{"*ab", "xaab", true},
	{"* bad", "err: a bad", true},
	{"a*bc", "aXbXbc", true},
	{"*x", "xx", true},
	{"*fatal: b", "fatal: a fatal: b", true},
	{"*ab*ba*", "xabay", false},
	{"*ab*ba*", "xabbay", true},
	{"ab*ba", "aba", false},
	{"ab*ba", "abba", true},

	{"?", "a", true},
	{"?", "/", true},
	{"?", ".", true},
	{"?", "\xff", true},
	{"?", "\x00", true},
	{"?", "", false},
	{"?", "ab", false},
	{"?*", "", false},
	{"*??*", "a", false},
	{"*??*", "ab", true},
	{"é", "é", true},
	{"?", "é", false}, // bytes, not characters
	{"??", "é", true},

	{`\*`, "*", true},
	{`\*`, "x", false},
	{`\\`, `\`, true},
	{`\a`, "a", true},
	{`\[a]`, "[a]", true},
	{`a\`, "a", false},
	{`a\`, `a\`, false},

	{"[abc]", "b", true},
	{"[abc]", "d", false},
	{"[abc]", "", false},
	{"[a-c]", "b", true},
	{"[c-a]", "b", false},
	{"[!c-a]", "b", true},
	{"[a-c-e]", "d", false},
	{"[a-c-e]", "-", true},
	{"[a-]", "-", true},
	{"[-a]", "-", true},
	{"[]-a]", "^", true},
	{"[]]", "]", true},
	{"[!]a]", "b", true},
	{"[!]a]", "]", false},
	{"[!a]", "b", true},
	{"[!a]", "a", false},
	{"[^a]", "b", true},
	{"[!!]", "!", false},
	{"[/]", "/", true},
	{"[!a]", "/", true},
	{`[\]]`, "]", true},
	{`[\a-\c]`, "b", true},
	{"[*?]", "*", true},
	{"[*?]", "x", false},
	{"[\xf0-\xff]", "\xf5", true},

	// Without its end a bracket is a byte.
	{"[", "[", true},
	{"[a", "[a", true},
	{"[]", "[]", true},
	{"[!]", "[!]", true},
	{"[a-", "[a-", true},
	{"*[", "x[", true},
	{`[\]`, "[]", true},
	{"[[:digit:]", "[1", false},
	{"[[:digit:", "[[:digit:", true},

	{"[[:digit:]]", "7", true},
	{"[[:digit:]]", "x", false},
	{"[![:digit:]]", "x", true},
	{"[[:upper:][:digit:]_]", "_", true},
	{"[[:alpha:]-z]", "-", true},
	{"[[:alpha:]]", "\xe9", false},
	{"[[:space:]]", "\v", true},
	{"[[:blank:]]", "\v", false},
	{"[[:foo:]]", "f", false},
	{"[a[:foo:]b]", "a", true},
	{"[a[:foo:]b]", "b", false},
	{"[![:foo:]]", "x", false},
	{"[[:Foo:]]", "F]", true}, // no class, but a bracket, a colon and so on
	{"[[.a.]-c]", "b", true},
	{"[a-[.c.]]", "b", true},
	{"[[.space.]]", " ", false},
	{"[[.-.]]", "-", true},
	{"[[=a=]b]", "a", true},
	{"[[=a=]b]", "b", true},
	{"[[=a]", "=", true},
}

func TestGlobsMatchAsFnmatchDoes(t *testing.T) {
	t.Parallel()
	for _, c := range globCases {
		if got := compileGlob(c.pattern).match([]byte(c.line), 0); got != c.want {
			t.Errorf("match(%q, %q) = %v, want %v", c.pattern, c.line, got, c.want)
		}
		if got := fnmatches(c.pattern, []byte(c.line)); got != c.want {
			t.Errorf("the reference has %v for %q and %q, want %v", got, c.pattern, c.line, c.want)
		}
	}
}

// fnmatches is the rules one by one: it goes through the pattern and keeps all
// places of the line that the pattern so far may reach.
func fnmatches(pattern string, line []byte) bool {
	at := make([]bool, len(line)+1)
	at[0] = true
	for pattern != "" {
		next := make([]bool, len(line)+1)
		rest := pattern[1:]
		if pattern[0] == '*' {
			for i := range next {
				next[i] = at[i] || i > 0 && next[i-1]
			}
		} else {
			_, rest = fnmatchesOne(pattern, 0)
			for i, c := range line {
				fits, _ := fnmatchesOne(pattern, c)
				next[i+1] = at[i] && fits
			}
		}
		at, pattern = next, rest
	}
	return at[len(line)]
}

// fnmatchesOne reports whether the first element of a pattern stands for c.
func fnmatchesOne(pattern string, c byte) (fits bool, rest string) {
	switch {
	case pattern[0] == '?':
		return true, pattern[1:]
	case pattern == `\`:
		return false, ""
	case pattern[0] == '\\':
		return pattern[1] == c, pattern[2:]
	case pattern[0] == '[':
		if fits, rest, ok := fnmatchesBracket(pattern[1:], c); ok {
			return fits, rest
		}
	}
	return pattern[0] == c, pattern[1:]
}

// fnmatchesBracket reads a bracket expression for one byte.
func fnmatchesBracket(p string, c byte) (fits bool, rest string, ok bool) {
	want := true
	if p != "" && (p[0] == '!' || p[0] == '^') {
		want, p = false, p[1:]
	}
	in, dead := false, false
	put := func(is bool) { in = in || is && !dead }
	for first := true; p != ""; first = false {
		if p[0] == ']' && !first {
			if dead && !want {
				return false, p[1:], true
			}
			return in == want, p[1:], true
		}
		if name, after, ok := named(p, ':'); ok && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") == "" {
			member, known := memberOf[name]
			dead = dead || !known
			put(!dead && member(c))
			p = after
			continue
		}
		if name, after, ok := named(p, '='); ok && len(name) == 1 {
			put(name[0] == c)
			p = after
			continue
		}
		lo, after, alive, ok := single(p)
		if !ok {
			return false, "", false
		}
		dead = dead || !alive
		hi := lo
		if len(after) > 1 && after[0] == '-' && after[1] != ']' {
			if hi, after, alive, ok = single(after[1:]); !ok {
				return false, "", false
			}
			dead = dead || !alive
		} else if after == "-" {
			return false, "", false
		}
		put(lo <= c && c <= hi)
		p = after
	}
	return false, "", false
}

// named reads [:name:], [=name=] or [.name.].
func named(p string, mark byte) (name, rest string, ok bool) {
	if len(p) < 2 || p[0] != '[' || p[1] != mark {
		return "", p, false
	}
	end := strings.Index(p[2:], string(mark)+"]")
	if mark == '=' {
		end = strings.Index(p[min(3, len(p)):], "=]") + 1 // [===] is of one byte too
	}
	if end < 0 || mark == '=' && end == 0 {
		return "", p, false
	}
	return p[2 : 2+end], p[2+end+2:], true
}

// single reads an end of a range.
func single(p string) (c byte, rest string, alive, ok bool) {
	if strings.HasPrefix(p, "[.") {
		name, rest, ok := named(p, '.')
		if !ok {
			return 0, "", false, false
		}
		return (name + "\x00")[0], rest, len(name) == 1, true
	}
	if p[0] == '\\' {
		p = p[1:]
	}
	if p == "" {
		return 0, "", false, false
	}
	return p[0], p[1:], true, true
}

// memberOf says it as the standard does.
var memberOf = map[string]func(c byte) bool{
	"upper":  func(c byte) bool { return strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZ", c) >= 0 },
	"lower":  func(c byte) bool { return strings.IndexByte("abcdefghijklmnopqrstuvwxyz", c) >= 0 },
	"digit":  func(c byte) bool { return strings.IndexByte("0123456789", c) >= 0 },
	"xdigit": func(c byte) bool { return strings.IndexByte("0123456789ABCDEFabcdef", c) >= 0 },
	"blank":  func(c byte) bool { return c == ' ' || c == '\t' },
	"space":  func(c byte) bool { return strings.IndexByte(" \t\n\v\f\r", c) >= 0 },
	"cntrl":  func(c byte) bool { return c < 32 || c == 127 },
	"print":  func(c byte) bool { return c >= 32 && c < 127 },
	"graph":  func(c byte) bool { return c > 32 && c < 127 },
	"alpha":  func(c byte) bool { return c|32 >= 'a' && c|32 <= 'z' },
	"alnum":  func(c byte) bool { return c|32 >= 'a' && c|32 <= 'z' || c >= '0' && c <= '9' },
	"punct":  func(c byte) bool { return strings.IndexByte("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", c) >= 0 },
}

// randomGlob makes a pattern of what the grammar has, and sometimes a bracket
// without its end.
func randomGlob(rnd *rand.Rand) string {
	var b strings.Builder
	for range rnd.IntN(7) {
		b.WriteString(oneOf(rnd, "*", "*", "?", "a", "b", "/", `\*`, `\[`, `\a`, "]", "-", ".", bracketed(rnd), bracketed(rnd)))
	}
	return b.String() + oneOf(rnd, "", "", "", "*", "[a", "[!b", `\`)
}

func bracketed(rnd *rand.Rand) string {
	var b strings.Builder
	b.WriteString("[" + oneOf(rnd, "", "", "!", "^") + oneOf(rnd, "", "", "]", "-", "]-a"))
	for range 1 + rnd.IntN(4) {
		b.WriteString(oneOf(rnd, "a", "b", "z", "/", ".", "!", "^", "*", `\]`, `\-`, `\\`, "a-c", "b-a", "0-9", "a-[.b.]", "[.a.]-z",
			"[:alpha:]", "[:punct:]", "[:space:]", "[:upper:]", "[:foo:]", "[.-.]", "[.].]", "[.ab.]", "[=a=]", "[=]=]"))
	}
	// The C library of Debian 12 forgets the symbol in "[[.a.]-]".
	if dash := oneOf(rnd, "", "", "-"); !strings.HasSuffix(b.String(), ".]") {
		b.WriteString(dash)
	}
	return b.String() + "]"
}

func randomGlobText(rnd *rand.Rand) string {
	var b strings.Builder
	for range rnd.IntN(6) {
		b.WriteString(oneOf(rnd, "a", "a", "b", "b", "z", "/", ".", "-", "[", "]", "*", "!", " ", "A", "7", `\`, "\xff"))
	}
	return b.String()
}

func oneOf(rnd *rand.Rand, from ...string) string { return from[rnd.IntN(len(from))] }

func TestRandomGlobsAgreeWithTheReference(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(rand.Uint64(), 0))
	yes := 0
	for range 5000 {
		pattern := randomGlob(rnd)
		g := compileGlob(pattern)
		for range 10 {
			text := []byte(randomGlobText(rnd))
			want := fnmatches(pattern, text)
			if got := g.match(text, 0); got != want {
				t.Fatalf("match(%q, %q) = %v, want %v", pattern, text, got, want)
			}
			if want {
				yes++
			}
		}
	}
	if yes < 500 {
		t.Errorf("only %d matches", yes)
	}
}

func FuzzGlob(f *testing.F) {
	for _, c := range globCases {
		f.Add(c.pattern, []byte(c.line))
	}
	f.Fuzz(func(t *testing.T, pattern string, line []byte) {
		if len(pattern) > 200 || len(line) > 200 {
			return // the reference takes its time
		}
		if got, want := compileGlob(pattern).match(line, 0), fnmatches(pattern, line); got != want {
			t.Errorf("match(%q, %q) = %v, want %v", pattern, line, got, want)
		}
	})
}

// TestAGlobOfManyStarsTakesNoTime has the pattern on which a matcher that
// tries every place of every star does not come to an end.
func TestAGlobOfManyStarsTakesNoTime(t *testing.T) {
	t.Parallel()
	line := bytes.Repeat([]byte("a"), headSize)
	for _, pattern := range []string{strings.Repeat("a*", 200) + "b", strings.Repeat("[ab]*", 200) + "[bc]", strings.Repeat("*[!b]?", 200) + "b*"} {
		g := compileGlob(pattern)
		start := time.Now()
		if g.match(line, 0) {
			t.Errorf("%.20q... matches", pattern)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%.20q... took %v", pattern, took)
		}
	}
}
