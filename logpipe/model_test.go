package logpipe

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// result is where lines went, by place in the script.
type result struct {
	dirs, statuses [][]byte
	alerts         []byte
}

func wantResult(t testing.TB, what string, got, want result) {
	t.Helper()
	for i := range want.dirs {
		wantBytes(t, fmt.Sprintf("%s: directory %d", what, i), got.dirs[i], want.dirs[i])
	}
	for i := range want.statuses {
		wantBytes(t, fmt.Sprintf("%s: status file %d", what, i), got.statuses[i], want.statuses[i])
	}
	wantBytes(t, what+": alerts", got.alerts, want.alerts)
}

// model says what becomes of an input by sections 2.1, 2.3, 2.4 and 2.6 of the
// specification, and of 21.5, for the words t T - + F S e = and directories.
// stamp gives the stamp of the n-th line.
func model(words []string, input []byte, stamp func(n int) string) result {
	var r result
	for _, w := range words {
		switch {
		case strings.HasPrefix(w, "="):
			r.statuses = append(r.statuses, nil)
		case isDir(w):
			r.dirs = append(r.dirs, nil)
		}
	}
	stamped := len(words) > 0 && (strings.HasPrefix(words[0], "t") || words[0] == "T" || words[0] == "stamp=iso")
	for n := 0; len(input) > 0; n++ {
		line, rest, _ := bytes.Cut(input, []byte("\n"))
		input = rest
		if stamped {
			line = append([]byte(stamp(n)), line...)
		}
		r.line(words, line)
	}
	return r
}

// line runs the words for one line without its newline.
func (r *result) line(words []string, line []byte) {
	head := line
	if len(head) > 1000 {
		head = head[:1000]
	}
	selected, globs := true, false
	dir, file := 0, 0
	for _, w := range words {
		switch {
		case w == "":
		case w == "F":
			globs = true
		case w == "S":
			globs = false
		case strings.HasPrefix(w, "select="), strings.HasPrefix(w, "drop="):
			text := head[len(stampsFor(words)(0)):]
			_, re, _ := strings.Cut(w, "=")
			if regexp.MustCompile(re).Match(text) {
				selected = w[0] == 's'
			}
		case w[0] == '-' || w[0] == '+':
			match := matches([]byte(w[1:]), head)
			if globs {
				match = fnmatches(w[1:], head)
			}
			if match {
				selected = w[0] == '+'
			}
		case w[0] == 'e':
			if selected {
				r.alerts = append(r.alerts, alertOf(head)...)
			}
		case w[0] == '=':
			if selected {
				r.statuses[file] = statusOf(head)
			}
			file++
		case isDir(w):
			if selected {
				r.dirs[dir] = append(append(r.dirs[dir], line...), '\n')
			}
			dir++
		}
	}
}

func isDir(w string) bool { return strings.HasPrefix(w, ".") || strings.HasPrefix(w, "/") }

func alertOf(head []byte) string {
	if len(head) > 200 {
		return string(head[:200]) + "...\n"
	}
	return string(head) + "\n"
}

func statusOf(head []byte) []byte {
	return []byte(string(head) + strings.Repeat("\n", 1001-len(head)))
}

// trial runs a script over an input that comes in pieces, and says where the
// lines went. Directories and status files of the words are replaced by new
// ones; those are kept nowhere else.
func trial(t testing.TB, words []string, pieces [][]byte, feed func(*Pipe, [][]byte)) result {
	t.Helper()
	root := t.TempDir()
	var dirs, files []string
	real := slices.Clone(words)
	for i, w := range words {
		switch {
		case strings.HasPrefix(w, "="):
			files = append(files, filepath.Join(root, "status"+strconv.Itoa(i)))
			real[i] = "=" + files[len(files)-1]
		case isDir(w):
			dirs = append(dirs, filepath.Join(root, "dir"+strconv.Itoa(i)))
			real[i] = dirs[len(dirs)-1]
		}
	}
	var r result
	p := opened(t, Options{
		Clock: fixedClock(),
		Spool: runtime.GOOS == "linux" && len(pieces)%2 == 0, // of no use to Write
		Alert: func(line []byte) { r.alerts = append(r.alerts, line...) },
		Warn:  func(err error, _ bool) { t.Error(err) },
	}, real...)
	feed(p, pieces)
	closed(t, p)
	for _, d := range dirs {
		r.dirs = append(r.dirs, logged(t, d))
	}
	for _, f := range files {
		r.statuses = append(r.statuses, slurp(t, f))
	}
	return r
}

// byWrite feeds a pipe by its Write.
func byWrite(t testing.TB) func(*Pipe, [][]byte) {
	return func(p *Pipe, pieces [][]byte) {
		for _, b := range pieces {
			put(t, p, b)
		}
	}
}

// byRun feeds a pipe by its Run from a pipe of the system.
func byRun(t testing.TB) func(*Pipe, [][]byte) {
	return func(p *Pipe, pieces [][]byte) {
		r, w := osPipe(t)
		go func() {
			for _, b := range pieces {
				_, _ = w.Write(b) // a failure shows in the result
			}
			_ = w.Close()
		}()
		within(t, "Run to the end of its input", func() {
			if err := p.Run(r); err != nil {
				t.Error(err)
			}
		})
	}
}

// cut cuts b at random places.
func cut(rnd *rand.Rand, b []byte) [][]byte {
	var all [][]byte
	longest := 1 << rnd.IntN(14)
	for len(b) > 0 {
		n := min(1+rnd.IntN(longest), len(b))
		all = append(all, b[:n])
		b = b[n:]
	}
	return all
}

// letters are those of random lines and patterns. None of them is a digit of
// a stamp, so that no pattern depends on the time.
const letters = "xyzxyzxyzXYZ *@?[]\\\x00\xff"

func randomText(rnd *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[rnd.IntN(len(letters))]
	}
	return b
}

// randomLength favours the places where something changes.
func randomLength(rnd *rand.Rand) int {
	switch rnd.IntN(20) {
	case 0:
		return []int{173, 174, 175, 199, 200, 201}[rnd.IntN(6)]
	case 1:
		return []int{973, 974, 975, 999, 1000, 1001, 1002, 2000}[rnd.IntN(8)]
	case 2:
		return rnd.IntN(6000)
	}
	return rnd.IntN(40)
}

func randomInput(rnd *rand.Rand, atMost int) []byte {
	var b []byte
	for {
		line := randomText(rnd, randomLength(rnd))
		if len(b)+len(line) >= atMost {
			break
		}
		b = append(append(b, line...), '\n')
	}
	if len(b) > 0 && rnd.IntN(2) == 0 {
		b = b[:len(b)-1] // a partial last line, if it is not empty
	}
	return b
}

func randomScript(rnd *rand.Rand, rotating bool) []string {
	var words []string
	if first := oneOf(rnd, "t", "T", "stamp=iso", "", ""); first != "" {
		words = append(words, first)
	}
	if rotating {
		words = append(words, "s4096", "n100000")
	}
	for range rnd.IntN(8) {
		switch rnd.IntN(12) {
		case 10:
			words = append(words, "select="+randomRegex(rnd))
		case 11:
			words = append(words, "drop="+randomRegex(rnd))
		case 8:
			words = append(words, "F")
		case 9:
			words = append(words, "S")
		case 0, 1:
			words = append(words, "-"+randomPattern(rnd))
		case 2, 3:
			words = append(words, "+"+randomPattern(rnd))
		case 4:
			words = append(words, "e")
		case 5:
			words = append(words, "=")
		default:
			words = append(words, ".")
		}
	}
	return append(words, ".")
}

func randomPattern(rnd *rand.Rand) string {
	pattern := randomText(rnd, rnd.IntN(3))
	for i := range pattern {
		if rnd.IntN(2) == 0 {
			pattern[i] = '*'
		}
	}
	return string(pattern) + []string{"", "*", "*", "*"}[rnd.IntN(4)]
}

func randomRegex(rnd *rand.Rand) string {
	return oneOf(rnd, "", "^", "$", "^x", "x$", "^$", "[xX]y*z", "z.z", "\\x00", "^(x|y)+", "[^xyz]{3}", "(?i)xyz")
}

func TestRandomScriptsAgreeWithTheModel(t *testing.T) {
	t.Parallel()
	seeds := []uint64{rand.Uint64()}
	for i := range uint64(100) {
		seeds = append(seeds, i)
	}
	for _, seed := range seeds {
		rnd := rand.New(rand.NewPCG(seed, 0))
		rotating := rnd.IntN(3) == 0
		words, input := randomScript(rnd, rotating), randomInput(rnd, 1<<rnd.IntN(16))
		feed := byWrite(t)
		if rnd.IntN(2) == 0 {
			feed = byRun(t)
		}
		got := trial(t, words, cut(rnd, input), feed)
		stamp := stampsFor(words)
		if rotating && (words[0][0]|32 == 't' || words[0] == "stamp=iso") {
			// Names of old files take stamps of the same clock.
			got.mask()
			stamp = func(n int) string { return masked(stampsFor(words)(n)) }
		}
		wantResult(t, fmt.Sprintf("seed %d, words %q", seed, words), got, model(words, input, stamp))
		if t.Failed() {
			return
		}
	}
}

// stampsFor returns the stamps of a fixed clock for a script.
func stampsFor(words []string) func(int) string {
	if len(words) > 0 && words[0] == "stamp=iso" {
		return func(n int) string { return moment.UTC().Format("2006-01-02T15:04:05.") + fmt.Sprintf("%09dZ ", n) }
	}
	if len(words) > 0 && words[0] == "T" {
		return func(n int) string { return fmt.Sprintf("%d.%06d ", moment.Unix(), n/1000) }
	}
	if len(words) == 0 || !strings.HasPrefix(words[0], "t") {
		return func(int) string { return "" }
	}
	return fixedStamp
}

// masked is a stamp with zeros for its digits.
func masked(stamp string) string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune("@. -:TZ", c) {
			return c
		}
		return '0'
	}, stamp)
}

// mask makes all digits of the stamps 0.
func (r *result) mask() {
	for _, lines := range append(append(slices.Clone(r.dirs), r.statuses...), r.alerts) {
		for at := 0; at < len(lines); {
			if stamp := stampLine.Find(lines[at:]); stamp != nil {
				copy(lines[at:], masked(string(stamp)))
			}
			end := bytes.IndexByte(lines[at:], '\n')
			if end < 0 {
				break
			}
			at += end + 1
		}
	}
}

// stampLine is a line's stamp of either kind, as a fixed clock gives them.
var stampLine = regexp.MustCompile(`^(@[0-9a-f]{24}|1000000000\.[0-9]{6}|2001-09-09T01:46:40\.[0-9]{9}Z) `)

func FuzzPipe(f *testing.F) {
	f.Add("t\n-*\n+* xy*\n.\ne\n=", []byte("xyz\nxy\n\nab"), uint64(1))
	f.Add("-*\n.\n+x*\n.\ne\n-*2\n=\n.", []byte("x1\nx2\ny\n"), uint64(2))
	f.Add("T\n-*x\nF\n+*[x-z]\nS\n.\nF\n-?*\ne\n=\n.", []byte("x1\nxyz\n\ny\n"), uint64(5))
	f.Add("stamp=iso\n-*x\n.\ne\n=\n.", []byte("x1\nxyz\n\ny\n"), uint64(6))
	f.Add("e\n.", bytes.Repeat([]byte("0123456789"), 120), uint64(3))
	f.Add("", []byte("\x00\n\n\n"), uint64(4))
	f.Fuzz(func(t *testing.T, script string, input []byte, seed uint64) {
		var words []string
		for w := range strings.SplitSeq(script, "\n") {
			// No numbers, processors or plain files: they change nothing
			// in the ways of lines, or run what the fuzzer has made up.
			if w == "" || w == "stamp=iso" || strings.Contains("tT-+FSe=.", w[:1]) {
				words = append(words, w)
			}
		}
		if len(words) > 16 || len(input) > 50000 {
			return // rotations take stamps
		}
		pieces := cut(rand.New(rand.NewPCG(seed, 0)), input)
		got := trial(t, words, pieces, byWrite(t))
		wantResult(t, fmt.Sprintf("%q", words), got, model(words, input, stampsFor(words)))
	})
}
