//go:build peer

package logpipe

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fnmatchProgram reads pairs of strings, a pattern and a text, each with its
// NUL, and answers each pair with a byte: whether they match by the C library.
const fnmatchProgram = `
#include <fnmatch.h>
#include <stdio.h>
static int string(char *s) {
	int c;
	while ((c = getchar()) != EOF && c) *s++ = c;
	*s = 0;
	return c != EOF;
}
int main(void) {
	static char pattern[65536], text[65536];
	while (string(pattern) && string(text)) putchar(fnmatch(pattern, text, 0) ? 'n' : 'y');
	return 0;
}
`

// question is a pattern and a text, without NUL.
type question struct{ pattern, text string }

// libcAnswers asks the C library, y or n.
func libcAnswers(t *testing.T, questions []question) []byte {
	t.Helper()
	source := filepath.Join(t.TempDir(), "fnmatch.c")
	program := strings.TrimSuffix(source, ".c")
	must(t, os.WriteFile(source, []byte(fnmatchProgram), 0o600))
	if out, err := exec.Command("cc", "-O1", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	var in bytes.Buffer
	for _, q := range questions {
		in.WriteString(q.pattern + "\x00" + q.text + "\x00")
	}
	cmd := exec.Command(program)
	cmd.Env, cmd.Stdin = []string{"LC_ALL=C"}, &in
	out, err := cmd.Output()
	if err != nil || len(out) != len(questions) {
		t.Fatalf("%d answers to %d questions, %v", len(out), len(questions), err)
	}
	return out
}

// agrees compares our answers, of which at least some have to be yes.
func agrees(t *testing.T, questions []question, least int) {
	t.Helper()
	yes, wrong := 0, 0
	var pattern string
	var g *glob
	for i, answer := range libcAnswers(t, questions) {
		q := questions[i]
		if g == nil || q.pattern != pattern {
			pattern, g = q.pattern, compileGlob(q.pattern)
		}
		want := answer == 'y'
		if want {
			yes++
		}
		if g.match([]byte(q.text), 0) != want && wrong < 20 {
			wrong++
			t.Errorf("%q, %q: the C library says %v", q.pattern, q.text, want)
		}
	}
	t.Logf("%d questions, %d matches", len(questions), yes)
	if yes < least {
		t.Errorf("only %d matches", yes)
	}
}

// TestEveryShortPatternIsTheCLibrarys has all patterns over the bytes that mean
// something.
func TestEveryShortPatternIsTheCLibrarys(t *testing.T) {
	t.Parallel()
	texts := []string{"", "a", "b", "c", "]", "[", "-", `\`, "!", "^", "*", "?", "/", "ab", "[]", "[a]", "a]", "[a", "-]", "[!", "[^a"}
	var questions []question
	patterns := []string{""}
	for range 5 {
		for _, p := range patterns[len(patterns)-pow(len(special), len(patterns[len(patterns)-1])):] {
			for _, c := range special {
				patterns = append(patterns, p+string(c))
			}
		}
	}
	for _, p := range patterns {
		for _, text := range texts {
			questions = append(questions, question{p, text})
		}
	}
	agrees(t, questions, 5000)
}

// special are the bytes that mean something, and two that do not.
const special = `ab-][!^\*?`

func pow(base, n int) int {
	all := 1
	for range n {
		all *= base
	}
	return all
}

// TestEveryByteIsInTheCLibrarysClasses asks for every byte and every class,
// also as its opposite, behind a byte, and before a range.
func TestEveryByteIsInTheCLibrarysClasses(t *testing.T) {
	t.Parallel()
	names := []string{"", "foo", "alphas", "alph"}
	for name := range memberOf {
		names = append(names, name)
	}
	var questions []question
	for _, name := range names {
		for _, form := range []string{"[[:%s:]]", "[![:%s:]]", "[^[:%s:]]", "[_[:%s:]]", "[[:%s:]\x80-\x90]", "[[:%s:]-]", "[[:%s:]-~]", "[![:%s:]_]"} {
			for c := 1; c < 256; c++ {
				questions = append(questions, question{fmt.Sprintf(form, name), string([]byte{byte(c)})})
			}
		}
	}
	agrees(t, questions, 5000)
}

// TestEveryRangeIsTheCLibrarys has ranges between all bytes of some kinds.
func TestEveryRangeIsTheCLibrarys(t *testing.T) {
	t.Parallel()
	ends := "\x01 !-09AZ[]^_az~\x7f\x80\xc3\xff"
	var questions []question
	for _, lo := range []byte(ends) {
		for _, hi := range []byte(ends) {
			for _, form := range []string{`[\%c-\%c]`, `[!\%c-\%c]`, "[[.%c.]-[.%c.]]", `[\%c-[.%c.]x]`} {
				pattern := bytes.ReplaceAll([]byte(form), []byte("%c"), []byte{0})
				pattern = bytes.Replace(bytes.Replace(pattern, []byte{0}, []byte{lo}, 1), []byte{0}, []byte{hi}, 1)
				for _, c := range []byte(ends + "x:]m\xa0") {
					questions = append(questions, question{string(pattern), string([]byte{c})})
				}
			}
		}
	}
	agrees(t, questions, 5000)
}

// TestRandomPatternsAreTheCLibrarys makes patterns by the grammar. What POSIX
// leaves undefined is left out: "[.", "[=" or "[:" without their ends, and a
// class as the end of a range.
func TestRandomPatternsAreTheCLibrarys(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	var questions []question
	for range 20000 {
		pattern := randomGlob(rnd)
		for range 20 {
			questions = append(questions, question{pattern, randomGlobText(rnd)})
		}
	}
	agrees(t, questions, 10000)
}
