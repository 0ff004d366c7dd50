package tai64

import (
	"math/rand/v2"
	"testing"
	"time"
)

var clockStart = time.Unix(1e9, 0)

// handClock is a Clock whose hands the test moves.
type handClock struct {
	Clock
	now   time.Time
	reads int
}

func newHandClock() *handClock {
	h := &handClock{now: clockStart}
	h.Now = func() time.Time { h.reads++; return h.now }
	return h
}

// at moves the hands to an offset from the start and reads them.
func (h *handClock) at(d time.Duration) {
	h.now = clockStart.Add(d)
	h.Read()
}

// want holds that the next stamps are at these offsets.
func (h *handClock) want(t *testing.T, step string, offsets ...time.Duration) {
	t.Helper()
	for _, d := range offsets {
		got, want := h.Next(), At(clockStart.Add(d))
		if got != want || h.Last() != want {
			t.Errorf("%s: next stamp %v, last %v, want %v (+%v)", step, got, h.Last(), want, d)
		}
	}
}

func TestTheFirstStampIsTheReading(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	h.at(0)
	h.want(t, "first batch", 0, 1, 2)
	h.at(time.Millisecond)
	h.want(t, "second batch", time.Millisecond, time.Millisecond+1)
	h.at(time.Millisecond + 1)
	h.want(t, "reading equal to the last stamp", time.Millisecond+2)
	h.at(time.Millisecond + 3)
	h.want(t, "reading just above the last stamp", time.Millisecond+3, time.Millisecond+4)
}

func TestAnEarlierReadingNeverTakesStampsBack(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	as := func(d time.Duration) { h.ReadAs(At(clockStart.Add(d))) }
	as(time.Second)
	h.want(t, "the first", time.Second, time.Second+1)
	h.at(time.Hour)
	early := h.Reading()
	as(2 * time.Second)
	h.want(t, "later", 2*time.Second, 2*time.Second+1)
	as(2*time.Second + 1)
	h.want(t, "equal to the last stamp", 2*time.Second+2)
	as(-time.Hour)
	h.want(t, "far below", 2*time.Second+3)
	h.ReadAs(early)
	h.want(t, "a reading of the clock", time.Hour)
	h.at(0)
	h.want(t, "a clock that was set back", 0)
}

func TestStampsCarryIntoTheNextSecond(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	h.at(time.Second - 2)
	h.want(t, "across a second", time.Second-2, time.Second-1, time.Second, time.Second+1)
}

func TestABackwardStepUpToASecondIsAbsorbed(t *testing.T) {
	t.Parallel()
	for _, back := range []time.Duration{0, 1, time.Microsecond, time.Second - 1, time.Second} {
		h := newHandClock()
		h.at(0)
		h.want(t, "before the step", 0)
		h.at(-back)
		h.want(t, "after a step of "+back.String(), 1, 2)
		h.at(-back + 2)
		h.want(t, "going on", 3)
		h.at(10)
		h.want(t, "caught up", 10)
	}
}

func TestALargerBackwardStepIsFollowed(t *testing.T) {
	t.Parallel()
	for _, back := range []time.Duration{time.Second + 1, time.Minute, 10000 * time.Hour} {
		h := newHandClock()
		h.at(0)
		h.want(t, "before the step", 0)
		h.at(-back)
		h.want(t, "after a step of "+back.String(), -back, -back+1)
	}
}

func TestTheStepIsMeasuredAgainstTheLastStamp(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	h.at(0)
	h.want(t, "ten stamps", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	h.at(-time.Second + 9)
	h.want(t, "a second below the last", 10)
	h.at(-time.Second + 9)
	h.want(t, "a second and 1 ns below the last", -time.Second+9)
}

func TestACenturyBackIsFollowedWithoutOverflow(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	h.now = time.Unix(1<<61, 0)
	h.Next()
	h.now = time.Unix(-1<<61, 0)
	h.Read()
	if got := h.Next(); got != At(h.now) {
		t.Errorf("got %v, want %v", got, At(h.now))
	}
}

func TestAReadWithoutStampsChangesNothing(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	h.at(0)
	h.want(t, "first", 0)
	h.at(time.Hour)
	h.at(5)
	h.want(t, "the latest reading counts", 5)
}

func TestTheClockIsReadOncePerRead(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	for range 10 {
		h.Next()
	}
	if h.reads != 1 {
		t.Errorf("a clock never read before: %d readings, want 1", h.reads)
	}
	h.Read()
	h.Above(TAI64N{})
	for range 10 {
		h.Next()
	}
	if h.reads != 2 {
		t.Errorf("after one Read: %d readings, want 2", h.reads)
	}
}

func TestAboveHoldsForTheNextStamp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		floor time.Duration
		want  []time.Duration
	}{
		{"far below the clock", -time.Hour, []time.Duration{0, 1}},
		{"at the reading", 0, []time.Duration{1, 2}},
		{"just above the clock", 5, []time.Duration{6, 7}},
		{"end of a second", time.Second - 1, []time.Duration{time.Second, time.Second + 1}},
		{"far above the clock", time.Hour, []time.Duration{time.Hour + 1, time.Hour + 2}},
	} {
		h := newHandClock()
		h.Above(At(clockStart.Add(c.floor)))
		h.want(t, c.name, c.want...)
	}
}

func TestAboveWorksAtAnyMoment(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	h.at(0)
	h.want(t, "first", 0)
	h.Above(At(clockStart.Add(100)))
	h.Above(At(clockStart.Add(50))) // a lower one takes nothing back
	h.want(t, "within a batch", 101, 102)
	h.Above(At(clockStart.Add(20)))
	h.want(t, "a floor already passed", 103, 104)
	h.Above(At(clockStart.Add(time.Hour)))
	h.want(t, "a floor far above the clock", time.Hour+1)
	h.Above(TAI64N{})
	h.want(t, "the old reading does not count again", time.Hour+2)
	h.Above(At(clockStart.Add(-time.Minute)))
	h.at(-2 * time.Minute)
	h.want(t, "a step back below the floor", -time.Minute+1, -time.Minute+2)
	h.at(-2 * time.Minute)
	h.want(t, "the floor is spent", -2*time.Minute)
}

// The clock jitters by less than a second each way, batches have any size.
func TestStampsAreStrictlyRising(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	h := newHandClock()
	var last TAI64N
	for range 10000 {
		h.now = h.now.Add(time.Duration(rnd.Int64N(int64(1500*time.Millisecond))) - 700*time.Millisecond)
		if behind := last.Time().Sub(h.now); behind > time.Second {
			h.now = last.Time().Add(-time.Second)
		}
		h.Read()
		for range rnd.IntN(4) {
			if l := h.Next(); l.Compare(last) <= 0 {
				t.Fatalf("stamp %v after %v", l, last)
			}
			last = h.Last()
		}
	}
}

func TestTheZeroClockTellsTheTime(t *testing.T) {
	t.Parallel()
	var c Clock
	if c.Last() != (TAI64N{}) {
		t.Errorf("last stamp before the first: %v", c.Last())
	}
	before := At(time.Now())
	l := c.Next()
	if after := At(time.Now()); l.Compare(before) < 0 || l.Compare(after) > 0 {
		t.Errorf("stamp %v is not between %v and %v", l, before, after)
	}
}

// TestPeekTellsTheNextStamp and takes nothing, whatever the state of the clock.
func TestPeekTellsTheNextStamp(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	for _, d := range []time.Duration{0, 5, 3, time.Second, -time.Hour, time.Hour} {
		h.at(d)
		for range 3 {
			last, peeked := h.Last(), h.Peek()
			if h.Last() != last {
				t.Errorf("at %v: a peek has taken a stamp", d)
			}
			if got := h.Next(); got != peeked {
				t.Errorf("at %v: peeked %v, then got %v", d, peeked, got)
			}
		}
	}
}

// TestRestoreGivesTheSameStampsAgain, also below those given since.
func TestRestoreGivesTheSameStampsAgain(t *testing.T) {
	t.Parallel()
	h := newHandClock()
	h.at(time.Minute)
	h.Restore(At(clockStart.Add(100)))
	h.want(t, "restored", 101, 102)
	h.at(time.Minute)
	h.want(t, "read again", time.Minute)
	h.Restore(At(clockStart.Add(100)))
	h.want(t, "restored once more", 101)
}
