package rotate

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tailight/tailight/tai64"
)

// turnedBack writes a directory over steps of the clock, and says where in its lines
// each step was.
func turnedBack(t *testing.T, size int64, by ...time.Duration) (name string, d *stamped, now *time.Time, at []int) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "main")
	d = openStamped(t, name, Options{Size: size, Num: 1000})
	moment := time.Unix(1e9, 0)
	d.stamper.Clock.Now = func() time.Time { moment = moment.Add(time.Millisecond); return moment }
	for i := 0; ; i++ {
		for range max(11-i, 10) { // files of two batches: a step is within one
			if err := d.batch(5, 200); err != nil {
				t.Fatal(err)
			}
		}
		if i == len(by) {
			return name, d, &moment, at
		}
		at = append(at, len(d.texts))
		moment = moment.Add(by[i])
	}
}

// TestAReaderKeepsTheOrderOfLinesOverStepsOfTheClock has steps within files, and
// between any two lines that a cursor may lie at.
func TestAReaderKeepsTheOrderOfLinesOverStepsOfTheClock(t *testing.T) {
	t.Parallel()
	for _, by := range [][]time.Duration{{-time.Hour}, {year}, {year, -year}, {-time.Hour, year, -year}} {
		for _, size := range []int64{MinSize, 1 << 20} {
			name, d, _, _ := turnedBack(t, size, by...)
			if got := readAllLines(t, []string{name}, ReadOptions{}); !slices.Equal(got, d.texts) {
				t.Errorf("%v: %d lines, want %d%s", by, len(got), len(d.texts), brief(got, d.texts))
			}
			var got []string
			var after *Cursor
			for len(got) < len(d.texts) {
				r := NewReader([]string{name}, ReadOptions{After: after})
				n := 0
				for l, err := range r.Lines(t.Context()) {
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, string(l.Text))
					if n++; n == 7 {
						break
					}
				}
				if after = r.Cursor(); n == 0 {
					break
				}
			}
			if !slices.Equal(got, d.texts) {
				t.Errorf("%v: by a cursor %d lines, want %d%s\nwant%s", by, len(got), len(d.texts), brief(got, d.texts), brief(d.texts, got))
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestAFollowerGoesOnOverStepsOfTheClock steps while it reads, and after it was
// stopped.
func TestAFollowerGoesOnOverStepsOfTheClock(t *testing.T) {
	t.Parallel()
	name, d, now, _ := turnedBack(t, MinSize)
	f := follow(t, []string{name}, ReadOptions{})
	f.want(d.texts...)
	for _, step := range []time.Duration{year, -year, -time.Hour} {
		*now = now.Add(step)
		for range 3 {
			if err := d.batch(5, 200); err != nil {
				t.Fatal(err)
			}
			f.want(d.texts...)
		}
	}
	f.end()
	d.Abandon()
}

// TestARangeEndsBehindAFutureThatWasNone asks for what was written until now, after
// the clock was a year ahead for a while.
func TestARangeEndsBehindAFutureThatWasNone(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{MinSize, 1 << 20} {
		name, d, now, at := turnedBack(t, size, year, -year)
		want := slices.Concat(d.texts[:at[0]], d.texts[at[1]:])
		until := tai64.At(now.Add(time.Minute))
		if got := readAllLines(t, []string{name}, ReadOptions{Until: until}); !slices.Equal(got, want) {
			t.Errorf("size %d: %d lines, want %d%s\nwant%s", size, len(got), len(want), brief(got, want), brief(want, got))
		}
		slices.Reverse(want)
		if got := readAllLines(t, []string{name}, ReadOptions{Until: until, Reverse: true}); !slices.Equal(got, want) {
			t.Errorf("size %d: in reverse %d lines, want %d%s\nwant%s", size, len(got), len(want), brief(got, want), brief(want, got))
		}
		first, _ := stampOf([]byte(d.texts[at[1]]))
		if got := readAllLines(t, []string{name}, ReadOptions{Since: first}); !slices.Equal(got, d.texts[at[0]:]) {
			t.Errorf("size %d: since then %d lines, want %d", size, len(got), len(d.texts)-at[0])
		}
		d.Abandon()
	}
}
