package logpipe

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A filter lets those lines pass that multilog writes with the same words.
func TestAFilterSelectsWhatMultilogWrites(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	text := func(letters string, n int) string {
		b := make([]byte, rnd.IntN(n))
		for i := range b {
			b[i] = letters[rnd.IntN(len(letters))]
		}
		return string(b)
	}
	for range 60 {
		var words []string
		for range rnd.IntN(5) {
			words = append(words, []string{"-", "+", "-", "+", "F", "S", "drop=a", "select=^b|aa"}[rnd.IntN(8)])
			if last := &words[len(words)-1]; *last == "-" || *last == "+" {
				*last += text("ab*?[", 5)
			}
		}
		f, err := ParseFilter(words)
		if err != nil {
			t.Fatal(err)
		}
		var want, input strings.Builder
		for range 40 {
			line := text("ab", 5)
			if rnd.IntN(10) == 0 {
				line += strings.Repeat("a", headSize) + text("ab", 5)
			}
			fmt.Fprintln(&input, line)
			if f.Selects([]byte(line), 0) {
				fmt.Fprintln(&want, line)
			}
		}
		dir := filepath.Join(t.TempDir(), "log")
		p := opened(t, Options{}, append(words, dir)...)
		put(t, p, []byte(input.String()))
		closed(t, p)
		got, err := os.ReadFile(filepath.Join(dir, "current"))
		if err != nil || string(got) != want.String() {
			t.Fatalf("%q: %q, %v, the filter passes %q", words, got, err, want.String())
		}
	}
}

func TestAFilterTakesNoOtherWords(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"", "t", "Fx", "./main", "/main", "e", "=x", "s4096", "sync=always", "select", "x"} {
		_, err := ParseFilter([]string{"-*", word})
		if e, ok := errors.AsType[*WordError](err); !ok || e.Word != word {
			t.Errorf("%q: %v", word, err)
		}
	}
}
