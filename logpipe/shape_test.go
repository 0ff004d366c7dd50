package logpipe

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tailight/tailight/tai64"
)

// What a kill does to these words is tested in rotate/kill_test.go.

// shaped runs words in front of a directory over an input in pieces.
func shaped(t testing.TB, pieces [][]byte, words ...string) string {
	t.Helper()
	return string(trial(t, append(words, "."), pieces, byWrite(t)).dirs[0])
}

func TestPrefixReplaceAndLineShapeWhatADirectoryGets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in, want string
		words          []string
	}{
		{"prefix", "one\n\ntwo", "a b: one\na b: \na b: two\n", []string{"prefix=a b: "}},
		{"the last prefix counts, an empty one is none", "x\n", "x\n", []string{"prefix=a", "prefix="}},
		{"replace", "a\tb\x00c\x1b[31md\x7f\r\né\xff\n", "a\tb?c?[31md??\né\xff\n", []string{"replace=?"}},
		{"a line that fits", "0123456789abcdef\n", "0123456789abcdef\n", []string{"line=16"}},
		{"a line that does not", "0123456789abcdefg\nx\n", "0123456789abcdef\\\ng\nx\n", []string{"line=16"}},
		{"three pieces", strings.Repeat("0123456789abcdef", 3) + "\n", "p0123456789abcdef\\\np0123456789abcdef\\\np0123456789abcdef\n", []string{"line=16", "prefix=p"}},
		{"no character is cut", "0123456789abcdeéx\n0123456789abc€é\n", "0123456789abcde\\\néx\n0123456789abc€\\\né\n", []string{"line=16"}},
		{"what is no character is", strings.Repeat("\xe4", 20) + "\n" + strings.Repeat("\x80", 20) + "\n",
			strings.Repeat("\xe4", 14) + "\\\n" + strings.Repeat("\xe4", 6) + "\n" + strings.Repeat("\x80", 16) + "\\\n\x80\x80\x80\x80\n", []string{"line=16"}},
		{"patterns see the line as it came", "x\x01\ny\x01\n", "p y?\n", []string{"prefix=p ", "replace=?", "-x\x01", "-p*", "drop=[?]"}},
	} {
		for _, n := range []int{1, 2, 3, 1000} {
			var pieces [][]byte
			for b := []byte(c.in); len(b) > 0; b = b[min(n, len(b)):] {
				pieces = append(pieces, b[:min(n, len(b))])
			}
			if got := shaped(t, pieces, c.words...); got != c.want {
				t.Errorf("%s, in pieces of %d: %q, want %q", c.name, n, got, c.want)
			}
		}
	}
}

func TestPiecesOfALineHaveStampsOfTheirOwn(t *testing.T) {
	t.Parallel()
	got := shaped(t, [][]byte{[]byte("0123456789abcdefg\nx\n")}, "stamp=iso", "prefix=p ", "line=16")
	at := func(n int) string { return stampsFor([]string{"stamp=iso"})(n) }
	if want := at(0) + "p 0123456789abcdef\\\n" + at(1) + "p g\n" + at(2) + "p x\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestShapesDoNotDependOnWhereReadsEnd also joins the pieces again.
func TestShapesDoNotDependOnWhereReadsEnd(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var input []byte
		for len(input) < 20000 {
			for range randomLength(rnd) {
				input = utf8.AppendRune(input, []rune{'a', 'b', 'é', '€', '😀', 'c'}[rnd.IntN(6)])
			}
			input = append(input, '\n')
		}
		size := 16 + rnd.IntN(2000)
		words := []string{fmt.Sprintf("line=%d", size), "drop=^ab*é", "s1g"}
		whole := shaped(t, [][]byte{input}, words...)
		if got := shaped(t, cut(rnd, input), words...); got != whole {
			t.Fatalf("seed %d: it depends on the reads", seed)
		}
		for line := range strings.Lines(whole) {
			if !utf8.ValidString(line) || len(line) > size+len(goesOn) {
				t.Fatalf("seed %d, line=%d: %d bytes, %q", seed, size, len(line), line)
			}
		}
		want := shaped(t, [][]byte{input}, words[1:]...)
		wantBytes(t, fmt.Sprintf("seed %d, joined again", seed), []byte(strings.ReplaceAll(whole, goesOn, "")), []byte(want))
	}
}

func TestAWordAboutLinesHoldsForLaterDestinationsOnly(t *testing.T) {
	t.Parallel()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	must(t, err)
	defer out.Close()
	dir := t.TempDir()
	p := opened(t, Options{Out: out}, dir+"/a", "prefix=b ", dir+"/b", "prefix=c ", "replace=.", "tee=1", "file="+dir+"/f")
	put(t, p, []byte("x\x01\n"))
	closed(t, p)
	for path, want := range map[string]string{dir + "/a/current": "x\x01\n", dir + "/b/current": "b x\x01\n", out.Name(): "c x.\n", dir + "/f": "c x.\n"} {
		wantBytes(t, path, slurp(t, path), []byte(want))
	}
}

// rated is an open pipe with a limited directory and a clock of the test's.
func rated(t *testing.T, words ...string) (p *Pipe, dir string, at *time.Time) {
	dir = filepath.Join(t.TempDir(), "d")
	now := moment
	p = opened(t, Options{Clock: &tai64.Clock{Now: func() time.Time { return now }}}, append(words, dir)...)
	return p, dir, &now
}

func TestARateLetsABurstThroughAndTellsOfTheRest(t *testing.T) {
	t.Parallel()
	p, dir, now := rated(t, "rate=10/s:3")
	put(t, p, []byte("1\n2\n3\n4\n5\n")) // 4 and 5 are too many
	*now = now.Add(100 * time.Millisecond)
	put(t, p, []byte("6\n7\n")) // there is room for one
	*now = now.Add(901 * time.Millisecond)
	put(t, p, []byte("8\n9\n10\n11\n"))
	closed(t, p)
	want := "1\n2\n3\n6\n8\n" +
		"tailight: suppressed 3 lines from 2001-09-09T01:46:40.000000003Z to 2001-09-09T01:46:40.100000001Z: more than 10/s:3\n" +
		"9\n10\n" +
		"tailight: suppressed 1 line from 2001-09-09T01:46:41.001000004Z to 2001-09-09T01:46:41.001000004Z: more than 10/s:3\n"
	wantBytes(t, dir, slurp(t, dir+"/current"), []byte(want))
}

func TestWhatWasSuppressedIsToldWhenTheInputIsSilent(t *testing.T) {
	t.Parallel()
	r, w := osPipe(t)
	p, dir, _ := rated(t, "t", "rate=1/h")
	done := make(chan error, 1)
	go func() { done <- p.Run(r) }()
	_, err := w.WriteString("1\n2\n3\nhalf")
	must(t, err)
	_, err = w.WriteString(" a line\n") // what begins must end before anything is told
	must(t, err)
	eventually(t, "a line that tells", func() bool {
		b, _ := os.ReadFile(dir + "/current")
		return bytes.Contains(b, []byte(" tailight: suppressed 3 lines from "))
	})
	must(t, w.Close())
	must(t, <-done)
	closed(t, p)
	if n := bytes.Count(slurp(t, dir+"/current"), newline); n != 2 {
		t.Errorf("%d lines, want 2", n)
	}
}

func TestARotationTellsFirst(t *testing.T) {
	t.Parallel()
	p, dir, _ := rated(t, "rate=1/h")
	put(t, p, []byte("1\n2\n"))
	p.Rotate()
	put(t, p, []byte("3\n"))
	closed(t, p)
	if names := archived(t, dir); len(names) != 1 || !bytes.Contains(slurp(t, names[0]), []byte("suppressed 1 line ")) {
		t.Errorf("archives %q", names)
	}
}

// TestAClockThatIsSetSilencesNoLog sets it while a line is suppressed. A step that is
// shorter than the burst counts as time that did not pass.
func TestAClockThatIsSetSilencesNoLog(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	for _, steps := range [][]time.Duration{{-time.Hour}, {-3 * time.Second}, {year}, {year, -year}, {-year, year}} {
		t.Run(fmt.Sprint(steps), func(t *testing.T) {
			t.Parallel()
			p, dir, now := rated(t, "rate=1/s:2")
			put(t, p, []byte("1\n2\n3\n"))
			var want strings.Builder
			want.WriteString("1\n2\n")
			for _, step := range steps {
				*now = now.Add(step)
				put(t, p, []byte("4\n5\n6\n"))
				want.WriteString("4\nTOLD\n5\n")
			}
			closed(t, p)
			got := regexp.MustCompile("tailight: suppressed 1 line .*").ReplaceAll(slurp(t, dir+"/current"), []byte("TOLD"))
			wantBytes(t, dir, got, []byte(want.String()+"TOLD\n"))
		})
	}
}

// TestARotationDoesNotChangeWhatARateLetsThrough has batches that are written in
// several parts. After a kill the rotations between these have been done already, and
// the same lines have to be let through.
func TestARotationDoesNotChangeWhatARateLetsThrough(t *testing.T) {
	t.Parallel()
	in := bytes.Repeat([]byte("x\n"), 270000)
	var logs [][]byte
	for _, size := range []string{"s1m", "s1g"} {
		now := moment
		clock := &tai64.Clock{Now: func() time.Time { now = now.Add(time.Millisecond); return now }}
		dir := filepath.Join(t.TempDir(), "d")
		p := opened(t, Options{Clock: clock}, size, "n1000", "rate=10000000/s:3000", "prefix="+strings.Repeat("p", 500), dir)
		put(t, p, in)
		closed(t, p)
		if files := len(archived(t, dir)); size == "s1m" && files < 5 {
			t.Fatalf("%d rotations", files)
		}
		// Directories read the clock for themselves, which takes time here.
		logs = append(logs, regexp.MustCompile(" from .* to .*: ").ReplaceAll(logged(t, dir), nil))
	}
	wantBytes(t, "with rotations", logs[0], logs[1])
}

func TestShapesAllocateNothing(t *testing.T) {
	for _, words := range []string{"t prefix=x: replace=? line=50 s16777215 n2 DIR/d", "rate=1000000/s:1000000 s16777215 n2 DIR/d"} {
		p := loaded(t, words)
		batch := linesOf(97, 40)
		for range 20 {
			put(t, p, batch)
		}
		if n := testing.AllocsPerRun(100, func() { _, _ = p.Write(batch) }); n != 0 {
			t.Errorf("%s: %v allocations", words, n)
		}
	}
}
