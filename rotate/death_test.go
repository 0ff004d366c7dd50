package rotate

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// namedHistory is a row of the tables that go through the rings.
type namedHistory struct {
	name string
	history
}

var histories = []namedHistory{
	{"without a processor", history{}},
	{"keeping two old files with a processor", history{num: 3, processor: true}},
	{"keeping one old file, with an empty suffix", history{num: 2, hasSuffix: true}},
	{"with a processor and a suffix", history{processor: true, suffix: "tar.gz", hasSuffix: true}},
	{"keeping so many bytes, compressed", history{total: 1500, compress: Gzip}},
	{"keeping so many bytes, compressed by zstd", history{total: 1500, compress: Zstd}},
	{"keeping nothing for long, compressed", history{age: time.Hour, num: 4, compress: Gzip}},
}

// eachHistory runs a subtest for each of them.
func eachHistory(t *testing.T, body func(*testing.T, history)) { each(t, histories, body) }

func each(t *testing.T, rows []namedHistory, body func(*testing.T, history)) {
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			body(t, row.history)
		})
	}
}

// eachDeath plays the history once for each call, dying just before it, and
// hands the disk to body. It returns the number of deaths. Dying just after a
// call leaves the same as dying before the next one; see
// TestDyingAfterACallIsDyingBeforeTheNext.
func eachDeath(t *testing.T, start func() *memDisk, play func(*memDisk) int, body func(d *memDisk, acked int, when string)) int {
	t.Helper()
	for n := 1; ; n++ {
		d := start()
		d.inject(n, dieBefore, 0)
		acked := play(d)
		if !d.dead {
			return n - 1
		}
		body(d, acked, fmt.Sprintf("die before call %d (after %q)", n, last(d.log)))
	}
}

func last(log []string) string {
	if len(log) == 0 {
		return "nothing"
	}
	return log[len(log)-1]
}

func TestDyingAfterACallIsDyingBeforeTheNext(t *testing.T) {
	t.Parallel()
	eachHistory(t, func(t *testing.T, h history) {
		var before []string
		play := func(d *memDisk) int { acked, _ := h.run(d); return acked }
		eachDeath(t, newDisk, play, func(d *memDisk, acked int, _ string) {
			before = append(before, fmt.Sprint(d.listing(), acked <= d.landed))
		})
		for n := range len(before) - 1 {
			d := newDisk()
			d.inject(n+1, dieAfter, 0)
			acked := play(d)
			if got := fmt.Sprint(d.listing(), acked <= d.landed); got != before[n+1] {
				t.Errorf("after call %d:\n%s\nbefore call %d:\n%s", n+1, got, n+2, before[n+1])
			}
		}
	})
}

// TestDyingAtAnyCallLosesNothing dies at every call of a history, then again
// at every call of the recovery, and once more lets it come to its end.
func TestDyingAtAnyCallLosesNothing(t *testing.T) {
	t.Parallel()
	eachHistory(t, func(t *testing.T, h history) {
		deaths, first, second := 0, 0, 0
		play := func(d *memDisk) int { acked, _ := h.run(d); return acked }
		first = eachDeath(t, newDisk, play, func(d *memDisk, acked int, when string) {
			start := func() *memDisk { c := d.copyOf(); c.restart(); return c }
			if deaths++; raced && deaths%8 != 0 {
				return
			}
			again := func(d *memDisk) int { _ = h.reopenLiving(d); return acked }
			second += eachDeath(t, start, again, func(d *memDisk, acked int, when2 string) {
				if err := h.reopen(d); err != nil {
					t.Fatalf("%s, %s: %v", when, when2, err)
				}
				h.check(t, d, acked, when+", in recovery "+when2)
			})
			if err := h.reopen(d); err != nil {
				t.Fatalf("%s: %v", when, err)
			}
			h.check(t, d, acked, when)
		})
		t.Logf("%d deaths, %d of their recoveries", first, second)
		if first < 50 || second < 1000 && !raced {
			t.Errorf("only %d deaths and %d in recovery", first, second)
		}
	})
}

// TestDyingTwiceInARowLosesNothing goes on writing after the first recovery
// and dies there, at calls taken by chance.
func TestDyingTwiceInARowLosesNothing(t *testing.T) {
	t.Parallel()
	eachHistory(t, func(t *testing.T, h history) {
		rnd := rand.New(rand.NewPCG(1, 2))
		for range 400 {
			d := newDisk()
			d.inject(1+rnd.IntN(60), dieBefore+fault(rnd.IntN(2)), 0)
			_, _ = h.run(d)
			when := last(d.log)
			d.restart()
			if err := h.reopenLiving(d); err != nil {
				t.Fatal(err)
			}
			next := h
			next.start = d.landed // a part of the Write that was cut short may be there
			d.restart()
			d.inject(1+rnd.IntN(60), dieBefore+fault(rnd.IntN(2)), 0)
			acked, _ := next.run(d)
			when += ", then " + last(d.log)
			if err := h.reopen(d); err != nil {
				t.Fatal(err)
			}
			h.check(t, d, acked, when)
		}
	})
}

// TestDyingWhileTheWalkGoesOnBesideTheWriterLosesNothing dies at every call of
// many interleavings of the two.
func TestDyingWhileTheWalkGoesOnBesideTheWriterLosesNothing(t *testing.T) {
	t.Parallel()
	eachHistory(t, func(t *testing.T, h history) {
		synctest.Test(t, func(t *testing.T) {
			deaths := 0
			for seed := range interleavings {
				play := func(d *memDisk) int { return h.interleaved(d, seed) }
				deaths += eachDeath(t, newDisk, play, func(d *memDisk, acked int, when string) {
					if err := h.reopen(d); err != nil {
						t.Fatalf("seed %d, %s: %v", seed, when, err)
					}
					h.check(t, d, acked, fmt.Sprintf("seed %d, %s", seed, when))
				})
			}
			t.Logf("%d deaths", deaths)
		})
	})
}

// TestNoInterleavingLosesAnything lets the walk and the writer go on in very
// many orders, without a death.
func TestNoInterleavingLosesAnything(t *testing.T) {
	t.Parallel()
	eachHistory(t, func(t *testing.T, h history) {
		synctest.Test(t, func(t *testing.T) {
			orders := map[string]bool{}
			for seed := range 300 {
				d := newDisk()
				acked := h.interleaved(d, seed)
				orders[fmt.Sprint(d.log)] = true
				if acked != batches*batch {
					t.Fatalf("seed %d: acknowledged %d bytes", seed, acked)
				}
				h.check(t, d, acked, fmt.Sprintf("seed %d", seed))
			}
			t.Logf("%d orders", len(orders))
			if len(orders) < 50 {
				t.Errorf("only %d orders", len(orders))
			}
		})
	})
}
