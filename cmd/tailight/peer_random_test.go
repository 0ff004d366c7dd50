//go:build linux && peer

package main

import (
	"math/rand/v2"
	"strings"
)

func newScenario(r *rand.Rand) *scenario {
	s := &scenario{words: randomWords(r)}
	stamped := strings.HasPrefix(s.words[0], "t")
	input := randomInput(r)
	if s.loose = r.IntN(5) == 0; s.loose {
		s.loosen()
	}
	var parts [][]byte
	switch {
	case s.loose:
		parts = randomParts(r, input)
	case stamped:
		parts = pieces(input, 26)
	default:
		parts = pieces(input, 0)
	}
	kind := fed
	if s.loose {
		kind = poured
	}
	for _, p := range parts {
		s.acts = append(s.acts, act{kind: kind, data: p})
		switch n := r.IntN(60); {
		case n == 0:
			s.acts = append(s.acts, act{kind: alarmed})
		case n == 1 && !s.loose: // loose input may be in memory when the kill comes
			s.acts = append(s.acts, act{kind: killed})
		case n == 2 && r.IntN(3) == 0:
			s.acts = append(s.acts, act{kind: terminated}, act{kind: poured, data: randomInput(r)})
			return s
		}
	}
	return s
}

// loosen takes the words away whose effect depends on where files part.
func (s *scenario) loosen() {
	for i, w := range s.words {
		if strings.HasPrefix(w, "n") || strings.HasPrefix(w, "!") {
			s.words[i] = "n1000"
		}
	}
}

func randomWords(r *rand.Rand) []string {
	var words []string
	switch r.IntN(8) {
	case 0, 1, 2:
		words = append(words, "t")
	case 3:
		words = append(words, "tx")
	}
	stamped := len(words) > 0
	dirs := []string{"./a", "./b", "./c", "./d"}
	for range 1 + r.IntN(7) {
		switch n := r.IntN(24); {
		case n < 6:
			words = append(words, "-+"[n%2:n%2+1]+randomPattern(r, stamped))
		case n < 8:
			words = append(words, "e")
		case n < 10:
			words = append(words, "="+pick(r, "f", "g", "h"))
		case n < 13:
			words = append(words, pick(r, "s4096", "s4100", "s5000", "s6000", "s8192", "s4095x", "s18446744073709555712", "s0"))
		case n < 15:
			words = append(words, pick(r, "n2", "n3", "n4", "n100", "n0", "n5x"))
		case n < 16 && r.IntN(2) == 0:
			words = append(words, "!"+pick(r, processors...))
		case n < 17:
			words = append(words, pick(r, "", "junk", "t", "Tx", "?", "e.", "#", "x-*", "\xff", "b=c"))
		case n < 18 && r.IntN(10) == 0:
			words = append(words, pick(r, "./no/d", "./a", "/dev/null/x", "=no/f"))
		case len(dirs) > 0:
			words = append(words, dirs[0])
			dirs = dirs[1:]
		}
	}
	if len(words) == 0 {
		words = append(words, "./a")
	}
	if !stamped && words[0] == "t" {
		words[0] = "Tx" // the patterns do not count with stamps
	}
	return words
}

// The processors leave stamps as they are, so that they can be masked.
var processors = []string{"cat", "tr '*' +", "sed -n 1p", "wc -c", "cat; cat <&4 >&5; echo x >&5", "tail -n +2", "cat >/dev/null", "", "tail -n 2; cat <&4; echo s >&5"}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// randomPattern has the stamp's digits, which no two runs share, behind its
// first star.
func randomPattern(r *rand.Rand, stamped bool) string {
	var b strings.Builder
	if stamped {
		b.WriteString(pick(r, "@* ", "@* ", "@* ", "a"))
	}
	if r.IntN(3) == 0 {
		b.WriteString("*")
	}
	for range r.IntN(4) {
		b.WriteString(pick(r, "a", "b", "*", "ab", " ", "* "))
	}
	if r.IntN(2) == 0 {
		b.WriteString("*")
	}
	return b.String()
}

// randomInput has lines of all the lengths where something changes.
func randomInput(r *rand.Rand) []byte {
	var b []byte
	for total := r.IntN(9000); len(b) < total; b = append(b, '\n') {
		b = append(b, randomLine(r)...)
	}
	if r.IntN(3) == 0 {
		b = append(b, randomLine(r)...)
	}
	return b
}

func randomLine(r *rand.Rand) []byte {
	n := r.IntN(12)
	switch r.IntN(14) {
	case 0, 1, 2, 3:
		n = r.IntN(120)
	case 4:
		n = 172 + r.IntN(32)
	case 5:
		n = 484 + r.IntN(32)
	case 6:
		n = 970 + r.IntN(8)
	case 7:
		n = 996 + r.IntN(8)
	case 8:
		n = 1020 + r.IntN(8)
	case 9:
		if r.IntN(4) == 0 {
			n = r.IntN(6000)
		}
	}
	const few = "ab ab ab*"
	line := make([]byte, n)
	for i := range line {
		line[i] = few[r.IntN(len(few))]
		if r.IntN(40) == 0 {
			if line[i] = byte(r.IntN(256)); line[i] == '\n' {
				line[i] = 0
			}
		}
	}
	return line
}

func randomParts(r *rand.Rand, input []byte) [][]byte {
	var parts [][]byte
	for len(input) > 0 {
		n := min(1+r.IntN(1500), len(input))
		parts, input = append(parts, input[:n]), input[n:]
	}
	return parts
}
