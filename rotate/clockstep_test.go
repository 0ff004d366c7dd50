package rotate

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailight/tailight/tai64"
)

const year = 365 * 24 * time.Hour

// clockSteps are rows: by how much the time of day is set, one after the other.
var clockSteps = []struct {
	name string
	by   []time.Duration
}{
	{"an hour back", []time.Duration{-time.Hour}},
	{"a year forward", []time.Duration{year}},
	{"a year forward and back", []time.Duration{year, -year}},
	{"an hour back and a year forward and back", []time.Duration{-time.Hour, year, -year}},
	{"half a second back, again and again", []time.Duration{-time.Second / 2, -time.Second / 2, -time.Second / 2}},
}

// stepped is a directory of stamped lines whose clock is set now and then.
type stepped struct {
	*Dir
	disk  *memDisk
	opt   Options
	now   time.Time
	lines int
	runs  int // of the processor
}

func openStepped(h history, change func(*Options)) *stepped {
	x := &stepped{disk: newDisk(), now: time.Unix(1e9, 0)}
	x.opt = h.options(x.disk)
	x.opt.Stamped, x.opt.now = true, func() time.Time { return x.now }
	x.opt.run = func(p *processing) error { x.runs++; return fakeProcessor(p) }
	if change != nil {
		change(&x.opt)
	}
	x.open()
	return x
}

// open is a process that starts.
func (x *stepped) open() {
	x.opt.Clock = &tai64.Clock{Now: func() time.Time { x.now = x.now.Add(time.Millisecond); return x.now }}
	x.Dir = must(Open("d", x.opt))
}

// write writes lines of 1000 bytes, four of which are more than a file.
func (x *stepped) write(t *testing.T, n int) {
	t.Helper()
	for range n {
		x.opt.Clock.Read()
		line := fmt.Sprintf("%v %04d %s\n", x.opt.Clock.Next(), x.lines, strings.Repeat("x", 968))
		if _, err := x.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
		x.lines++
	}
}

// order are the numbers of the lines, as the names of the files order them.
func (x *stepped) order() (numbers []int) {
	for line := range strings.Lines(string(bytes.ToLower(x.disk.content()))) {
		n := -1
		_, _ = fmt.Sscanf(line[labelSize:], "%d", &n)
		numbers = append(numbers, n)
	}
	return numbers
}

// wantsLines holds that the lines from the first one on are there, in order.
func (x *stepped) wantsLines(t *testing.T, from int) {
	t.Helper()
	got := x.order()
	if len(got) != x.lines-from {
		t.Fatalf("%d lines, want those from %d to %d:\n%d\n%s", len(got), from, x.lines-1, got, x.disk.listing())
	}
	for i, n := range got {
		if n != from+i {
			t.Fatalf("line %d is number %d\n%s", i, n, x.disk.listing())
		}
	}
}

// eachStep plays three lives, with a step of the clock in each and between them.
func (x *stepped) eachStep(t *testing.T, by []time.Duration) {
	t.Helper()
	for range 3 {
		x.write(t, 10)
		for _, step := range by {
			x.now = x.now.Add(step)
			x.write(t, 10)
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
		for _, step := range by {
			x.now = x.now.Add(step)
			x.disk.restart()
			x.open()
			x.write(t, 1)
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
		}
		x.disk.restart()
		x.open()
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRotationsKeepTheOrderOfLinesWhenTheClockSteps has every archive above those
// before it, the processor run once for each, and what goes go from the front.
func TestRotationsKeepTheOrderOfLinesWhenTheClockSteps(t *testing.T) {
	t.Parallel()
	for _, row := range clockSteps {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			for _, h := range []history{{}, {processor: true}} {
				x := openStepped(h, nil)
				x.eachStep(t, row.by)
				x.wantsLines(t, 0)
				names := archives(x.disk.Names())
				if want := len(names); len(names) < 10 || h.processor && x.runs != want {
					t.Errorf("%d archives, and the processor ran %d times", len(names), x.runs)
				}
				if slices.ContainsFunc(names, func(name string) bool { return !finished(name) }) {
					t.Errorf("archives %q", names)
				}
			}
			for _, h := range []history{{num: 4}, {total: 3 * MinSize}} {
				x := openStepped(h, nil)
				x.eachStep(t, row.by)
				left := x.order()
				x.wantsLines(t, x.lines-len(left))
				n, size := len(archives(x.disk.Names())), x.disk.archived()
				if h.num > 0 && n != h.num-1 || h.total > 0 && (size > h.total || size < h.total-MinSize) {
					t.Errorf("%d archives of %d bytes with num %d, total %d", n, size, h.num, h.total)
				}
			}
		})
	}
}

// TestArchivesOfAFutureThatWasNoneAreKeptByTheirLabels sets the clock a year forward
// and back. What keep= takes then for old goes at once, as if a machine had been off;
// afterwards nothing goes too soon, and what n says holds all the time.
func TestArchivesOfAFutureThatWasNoneAreKeptByTheirLabels(t *testing.T) {
	t.Parallel()
	const age = 100 * time.Hour
	synctest.Test(t, func(t *testing.T) {
		var ahead atomic.Int64
		now := func() time.Time { return time.Now().Round(0).Add(time.Duration(ahead.Load())) }
		d := newDisk()
		opt := history{age: age, num: 5}.options(d)
		opt.now, opt.Clock = now, &tai64.Clock{Now: now}
		dir := must(Open("d", opt))
		rotated := func(text string) {
			t.Helper()
			must(dir.Write([]byte(text + "\n")))
			if err := dir.Rotate(); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		wants := func(when, want string) {
			t.Helper()
			synctest.Wait()
			d.mu.Lock() // against timers
			defer d.mu.Unlock()
			if got := strings.ReplaceAll(string(d.content()), "\n", " "); got != want {
				t.Errorf("%s: %q is left, want %q", when, got, want)
			}
		}
		rotated("one")
		ahead.Add(-int64(time.Hour))
		rotated("two")
		time.Sleep(age + time.Hour - 3)
		wants("an hour back, nothing goes too soon", "one two ")
		ahead.Store(int64(year))
		rotated("three")
		wants("a year forward", "three ")
		ahead.Store(0)
		rotated("four")
		time.Sleep(10 * age)
		wants("and back: both have labels of that year", "three four ")
		rotated("five")
		time.Sleep(10 * age)
		rotated("six")
		wants("the number holds", "three four five six ")
		rotated("seven")
		wants("and takes the oldest", "four five six seven ")
		time.Sleep(year - 19*age - time.Hour)
		wants("before they are as old as their labels say", "four five six seven ")
		time.Sleep(2 * time.Hour)
		wants("when all are", "")
		dir.Abandon()
	})
}

// TestEveryRotatesAsOftenAsItSaysWhateverTheClockDoes sets the time of day while
// there is a line a minute.
func TestEveryRotatesAsOftenAsItSaysWhateverTheClockDoes(t *testing.T) {
	t.Parallel()
	for _, every := range []Every{Every(10 * time.Minute), EveryHour} {
		t.Run(fmt.Sprint(every), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				x := openTimed(every, func(o *Options) { o.Num, o.Size = 1000, 1<<20 })
				now := x.opt.now
				x.Abandon()
				x.disk.restart()
				x.opt.now = func() time.Time { return now().Round(0) } // it knows no other clock
				x.Dir = must(Open("d", x.opt))
				steps := map[int]time.Duration{5: year, 9: -year, 20: -time.Hour, 30: time.Hour, 40: -year, 41: year}
				for minute := range 72 * 60 {
					if minute%60 == 17 {
						x.ahead.Add(int64(steps[minute/60]))
					}
					must(x.Write([]byte("a line\n")))
					time.Sleep(time.Minute)
				}
				synctest.Wait()
				sizes, _ := x.disk.kept()
				want := 72
				if every > 0 {
					want = 72 * 6
				}
				// A step ends a file sooner, or lets it go on for an hour.
				if n := len(sizes); n < want-2*len(steps)*want/72 || n > want+2*len(steps) {
					t.Errorf("%d files in 72 hours, want about %d", n, want)
				}
				x.Abandon()
			})
		})
	}
}

// TestStampsGoOnAboveThoseOfAnEarlierProcess sets the clock back between two
// processes, however the first one ended.
func TestStampsGoOnAboveThoseOfAnEarlierProcess(t *testing.T) {
	t.Parallel()
	for _, ending := range []struct {
		name string
		end  func(*stepped) error
	}{
		{"in good order", func(x *stepped) error { return x.Close() }},
		{"by an outage", func(x *stepped) error { x.Abandon(); return nil }},
		{"after a rotation", func(x *stepped) error { err := x.Rotate(); x.Abandon(); return err }},
		{"within a line", func(x *stepped) error {
			_, err := x.Write([]byte("a line without a stamp\nand half of one"))
			x.Abandon()
			return err
		}},
	} {
		t.Run(ending.name, func(t *testing.T) {
			t.Parallel()
			for _, back := range []time.Duration{0, 500 * time.Millisecond, time.Hour} {
				x := openStepped(history{}, func(o *Options) { o.Size = 1 << 20 })
				x.write(t, 3)
				last := x.opt.Clock.Last()
				if err := ending.end(x); err != nil {
					t.Fatal(err)
				}
				reading := x.now.Add(-back)
				x.now = reading
				x.disk.restart()
				x.open()
				x.write(t, 1)
				got := x.opt.Clock.Last()
				switch {
				case back == time.Hour && (got.Compare(tai64.At(reading)) <= 0 || got.Compare(last) >= 0):
					t.Errorf("back by an hour: %v after %v, the clock shows %v", got, last, tai64.At(reading))
				case back < time.Hour && got.Compare(last) <= 0:
					t.Errorf("back by %v: %v after %v", back, got, last)
				}
				x.Abandon()
			}
		})
	}
}
