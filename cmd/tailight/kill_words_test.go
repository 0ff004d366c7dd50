//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const numberedFox = "%08d the quick\x01 brown fox jumps over the lazy dog\n"

// TestSIGKILLOfWordsAboutLines is TestSIGKILL for the words that choose, change or
// count lines: after a kill they come to the same.
func TestSIGKILLOfWordsAboutLines(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		words   []string
		becomes map[string]func(line string) []string
	}{
		{"prefix, line and replace", []string{"t", "n100000", "s20000", "./d", "prefix=p: ", "line=20", "replace=?", "!cat", "s4096", "./e"},
			map[string]func(string) []string{"e": func(line string) []string {
				line = strings.ReplaceAll(strings.TrimSuffix(line, "\n"), "\x01", "?")
				var pieces []string
				for ; len(line) > 20; line = line[20:] {
					pieces = append(pieces, "p: "+line[:20]+"\\\n")
				}
				return append(pieces, "p: "+line+"\n")
			}}},
		{"select and drop by regular expressions, ISO stamps", []string{"stamp=iso", "n100000", "s20000", "./d", "drop=", "select=[0-4] the quick", "drop=2 the", "every=3ms", "./e"},
			map[string]func(string) []string{"e": func(line string) []string {
				if digit := line[7]; digit > '4' || digit == '2' {
					return nil
				}
				return []string{line}
			}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := storm{t: t, bin: ours(t), dir: t.TempDir(), words: row.words, line: numberedFox, becomes: row.becomes}
			s.run(*killsFlag)
			s.check("./d")
			s.check("./e")
		})
	}
}

// TestSIGKILLOfARateCountsEveryLine: each line is there or told of.
func TestSIGKILLOfARateCountsEveryLine(t *testing.T) {
	t.Parallel()
	for _, words := range [][]string{
		{"t", "n100000", "s4096", "rate=20000/s:50", "./d"},
		{"n100000", "s4096", "rate=20000/s:50", "./d"},
	} {
		t.Run(words[0], func(t *testing.T) {
			t.Parallel()
			s := storm{t: t, bin: ours(t), dir: t.TempDir(), words: words, line: numberedFox}
			s.run(4 * *killsFlag) // what one batch decides for the next is seldom hit
			next := s.logged(s.files("./d"))
			there, told, last := 0, 0, -1
			for line, ok := next("d"); ok; line, ok = next("d") {
				n := -1
				if _, err := fmt.Sscanf(line, "tailight: suppressed %d line", &n); err == nil {
					told += n
					continue
				}
				if _, err := fmt.Sscanf(line, "%08d the", &n); err != nil || n <= last || line != s.text(n) {
					t.Fatalf("%.80q after line %d", line, last)
				}
				there, last = there+1, n
			}
			if there+told != s.lines || there == 0 || told == 0 {
				t.Errorf("%d lines are there and %d are told of, of %d", there, told, s.lines)
			}
		})
	}
}

// TestSIGKILLLosesNothingOfTee: a kill may double a piece of what was printed, or the
// part of a line, and loses none; the directory is exact.
func TestSIGKILLLosesNothingOfTee(t *testing.T) {
	t.Parallel()
	s := storm{t: t, bin: ours(t), dir: t.TempDir(), words: []string{"n100000", "s20000", "tee=1", "./d"}, line: numberedFox}
	out, err := os.OpenFile(filepath.Join(s.dir, "out"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	s.out = out
	s.run(*killsFlag)
	s.check("./d")
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	next, doubled := 0, 0
	size := len(s.text(0))
	for in := bufio.NewReader(out); ; {
		line, err := in.ReadString('\n')
		if err == io.EOF && line == "" {
			break
		}
		line = line[max(len(line)-size, 0):] // behind a part that a kill has cut
		n := -1
		if _, err := fmt.Sscanf(line, "%08d the", &n); err != nil || n > next || line != s.text(n) {
			t.Fatalf("%.80q is printed, want line %d", line, next)
		}
		if n < next {
			doubled++
		}
		next = n + 1
	}
	if next != s.lines || doubled > *killsFlag {
		t.Errorf("%d lines of %d are printed, and %d times some are again", next, s.lines, doubled)
	}
	t.Logf("%d kills doubled something", doubled)
}
