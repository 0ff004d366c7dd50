package rotate

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tailight/tailight/tai64"
)

// modelLine is a line as a slow reader knows it.
type modelLine struct {
	source int
	label  tai64.TAI64N
	text   string
	since  tai64.TAI64N // it is after that, or of a file without labels that ends there
}

// logHistory makes a log directory of random files, and says which lines are in
// it. Labels rise; some lines have none.
func logHistory(t *testing.T, rnd *rand.Rand, source int, clock *int) (dir string, lines []modelLine) {
	l := newLogDir(t)
	var label tai64.TAI64N
	files := rnd.IntN(6)
	for f := range files + 1 {
		var text bytes.Buffer
		first, labels, bare := len(lines), false, rnd.IntN(8) == 0
		for range rnd.IntN(40) {
			lead := ""
			if !bare && rnd.IntN(4) > 0 {
				labels = true
				*clock += 1 + rnd.IntN(3)
				label = labelAt(*clock)
				lead = label.String() + " "
			}
			line := fmt.Sprintf("%sline %d %d%s", lead, source, len(lines), strings.Repeat(".", rnd.IntN(300)))
			lines = append(lines, modelLine{source, label, line, label})
			text.WriteString(line + "\n")
		}
		end := labelAt(1 << 20)
		switch {
		case f == files:
			l.put("current", text.String(), 0o644)
		case f == files-1 && rnd.IntN(2) == 0:
			l.put("previous", text.String(), 0o644)
		default:
			if rnd.IntN(3) == 0 {
				*clock++
				label = labelAt(*clock)
			}
			if !labels {
				*clock++
				label = labelAt(*clock)
			}
			end = label
			b := text.Bytes()
			b = maybePacked(rnd, b, !labels || hasStamp(b))
			l.put(archive(label, "s"), string(b), 0o744)
		}
		for i := first; i < len(lines) && !labels; i++ {
			lines[i].since = end
		}
	}
	return l.name, lines
}

func labelAt(n int) tai64.TAI64N { return tai64.TAI64N{Sec: 1<<62 + 1000, Nano: uint32(n)} }

// maybePacked compresses some, those without heads only if nothing is in the way of
// those who do not look further.
func maybePacked(rnd *rand.Rand, b []byte, simple bool) []byte {
	switch n := rnd.IntN(8); {
	case n == 0 && simple:
		return gzipped(b)
	case n == 1 && simple:
		return zstded(b)
	case n == 2, n == 3:
		return inMembers(Gzip, b, 1+rnd.IntN(2000))
	case n == 4, n == 5:
		return inMembers(Zstd, b, 1+rnd.IntN(2000))
	}
	return b
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

func init() {
	zstdReader = func(in io.Reader) (io.ReadCloser, error) {
		d, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
}

// expect is what a reader with those options has to give.
func expect(all [][]modelLine, opt ReadOptions) (texts []string) {
	var lines []modelLine
	for _, dir := range all {
		for _, l := range dir {
			if l.since.Compare(opt.Since) >= 0 && (opt.Until == tai64.TAI64N{} || l.label.Compare(opt.Until) < 0) &&
				(opt.Match == nil || opt.Match(&Line{Text: []byte(l.text)})) {
				lines = append(lines, l)
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b modelLine) int {
		if c := a.label.Compare(b.label); c != 0 {
			return c
		}
		return a.source - b.source
	})
	if opt.HasLast {
		lines = lines[max(len(lines)-opt.Last, 0):]
	}
	if opt.Reverse {
		slices.Reverse(lines)
	}
	for _, l := range lines {
		texts = append(texts, l.text)
	}
	return texts
}

func TestRangesAndMergesAreThoseOfASlowReader(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		clock := 1
		var dirs []string
		var all [][]modelLine
		for i := range 1 + rnd.IntN(4) {
			if rnd.IntN(2) == 0 {
				clock = 1
			}
			dir, lines := logHistory(t, rnd, i, &clock)
			dirs, all = append(dirs, dir), append(all, lines)
		}
		for range 20 {
			var opt ReadOptions
			opt.Warn = func(err error) { t.Errorf("seed %d: %v", seed, err) }
			if rnd.IntN(2) == 0 {
				opt.Since = labelAt(rnd.IntN(clock + 5))
			}
			if rnd.IntN(2) == 0 {
				opt.Until = labelAt(rnd.IntN(clock + 5))
			}
			opt.Reverse = rnd.IntN(3) == 0
			if rnd.IntN(3) == 0 {
				opt.HasLast, opt.Last = true, rnd.IntN(50)
			}
			if rnd.IntN(3) == 0 {
				opt.Match = func(l *Line) bool { return bytes.Contains(l.Text, []byte("3")) }
			}
			got, want := readAllLines(t, dirs, opt), expect(all, opt)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: since %v until %v last %t %d reverse %t match %t:\n got %d %s\nwant %d %s", seed,
					opt.Since, opt.Until, opt.HasLast, opt.Last, opt.Reverse, opt.Match != nil,
					len(got), brief(got, want), len(want), brief(want, got))
			}
		}
	}
}

// brief shows where lines begin to differ from others.
func brief(lines, other []string) string {
	at := 0
	for at < min(len(lines), len(other)) && lines[at] == other[at] {
		at++
	}
	var b strings.Builder
	for i := max(at-2, 0); i < min(at+4, len(lines)); i++ {
		fmt.Fprintf(&b, "\n%d %.60s", i, lines[i])
	}
	return b.String()
}
