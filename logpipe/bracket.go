package logpipe

import (
	"math/bits"
	"strings"
)

// byteSet is a set of bytes, a bit for each.
type byteSet [4]uint64

func (s *byteSet) add(c byte) { s[c>>6] |= 1 << (c & 63) }

func (s *byteSet) addRange(lo, hi byte) {
	for c := int(lo); c <= int(hi); c++ {
		s.add(byte(c))
	}
}

func (s *byteSet) has(c byte) bool { return s[c>>6]>>(c&63)&1 != 0 }

func (s byteSet) not() byteSet {
	for i := range s {
		s[i] = ^s[i]
	}
	return s
}

// only returns the byte of a set that has one.
func (s *byteSet) only() (byte, bool) {
	at, n := 0, 0
	for i, word := range s {
		n += bits.OnesCount64(word)
		if word != 0 {
			at = 64*i + bits.TrailingZeros64(word)
		}
	}
	return byte(at), n == 1
}

// bracketing is the reading of one bracket expression. Besides bytes and
// ranges of bytes ([a-z]) one may hold classes ([:digit:]), and single bytes as
// collating symbols ([.-.]) or equivalence classes ([=a=]), which in the C
// locale are all there are.
type bracketing struct {
	text string // what is left of the pattern
	set  byteSet

	// bad is set by what cannot be in an expression, such as an unknown class.
	// The C library gives up there: what stands before it still counts, what
	// comes after does not, and a negated expression matches nothing.
	bad bool
}

// bracket reads the bracket expression at the start of text, and returns the
// bytes it stands for and what follows it. It is none if its end is missing.
func bracket(text string) (set byteSet, rest string, ok bool) {
	b := bracketing{text: text[1:]}
	negated := b.skip("!") || b.skip("^")
	for first := true; ; first = false {
		if b.text == "" {
			return byteSet{}, "", false
		}
		if !first && b.skip("]") {
			break
		}
		if !b.item() {
			return byteSet{}, "", false
		}
	}
	switch {
	case negated && b.bad:
		b.set = byteSet{}
	case negated:
		b.set = b.set.not()
	}
	return b.set, b.text, true
}

// skip takes a prefix off the text, if it is there.
func (b *bracketing) skip(prefix string) bool {
	rest, ok := strings.CutPrefix(b.text, prefix)
	b.text = rest
	return ok
}

// item reads one item, and is false where the text ends within it.
func (b *bracketing) item() bool {
	if b.class() || b.equivalence() {
		return true
	}
	lo, ok := b.endpoint()
	if !ok {
		return false
	}
	hi := lo
	if strings.HasPrefix(b.text, "-") && !strings.HasPrefix(b.text, "-]") {
		b.text = b.text[1:]
		if hi, ok = b.endpoint(); !ok {
			return false
		}
	}
	if !b.bad {
		b.set.addRange(lo, hi)
	}
	return true
}

// endpoint reads one byte, bare, behind a backslash or as a collating symbol.
func (b *bracketing) endpoint() (c byte, ok bool) {
	if strings.HasPrefix(b.text, "[.") {
		return b.symbol()
	}
	b.skip(`\`)
	if b.text == "" {
		return 0, false
	}
	c = b.text[0]
	b.text = b.text[1:]
	return c, true
}

// symbol reads a collating symbol. The only ones there are have one byte.
func (b *bracketing) symbol() (c byte, ok bool) {
	name, rest, ok := strings.Cut(b.text[2:], ".]")
	if !ok {
		return 0, false
	}
	b.text = rest
	if len(name) != 1 {
		b.bad = true
		return 0, true
	}
	return name[0], true
}

// equivalence reads an equivalence class, if there is one.
func (b *bracketing) equivalence() bool {
	t := b.text
	if len(t) < 5 || t[:2] != "[=" || t[3:5] != "=]" {
		return false
	}
	if !b.bad {
		b.set.add(t[2])
	}
	b.text = t[5:]
	return true
}

// class reads a class, if there is one: anything else that begins with "[:"
// is a bracket and a colon.
func (b *bracketing) class() bool {
	inner, ok := strings.CutPrefix(b.text, "[:")
	if !ok {
		return false
	}
	name, rest, ok := strings.Cut(inner, ":]")
	if !ok || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") != "" {
		return false
	}
	b.text = rest
	ranges := classOf(name)
	b.bad = b.bad || ranges == ""
	for i := 0; i < len(ranges) && !b.bad; i += 2 {
		b.set.addRange(ranges[i], ranges[i+1])
	}
	return true
}

// classOf returns the bytes of a class in the C locale, as pairs of first and
// last, or nothing if there is no such class. It is a function and not a map,
// for that would cost every command of the toolkit its memory.
func classOf(name string) string {
	switch name {
	case "alnum":
		return "09AZaz"
	case "alpha":
		return "AZaz"
	case "blank":
		return "\t\t  "
	case "cntrl":
		return "\x00\x1f\x7f\x7f"
	case "digit":
		return "09"
	case "graph":
		return "!~"
	case "lower":
		return "az"
	case "print":
		return " ~"
	case "punct":
		return "!/:@[`{~"
	case "space":
		return "\t\r  "
	case "upper":
		return "AZ"
	case "xdigit":
		return "09AFaf"
	}
	return ""
}
