package rotate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailight/tailight/tai64"
)

// Zones by rules, so that no test needs a file. In hole a day begins at 01:00 when
// the clocks go forward, and has 23 o'clock twice when they go back.
var (
	utc    = must(tai64.LoadZone(""))
	berlin = must(tai64.LoadZone("CET-1CEST,M3.5.0,M10.5.0/3"))
	kabul  = must(tai64.LoadZone("<+0430>-4:30"))
	hole   = must(tai64.LoadZone("<-03>3<-02>,M10.3.0/0,M2.3.0/0"))
	howe   = must(tai64.LoadZone("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"))
)

func TestHoursAndDaysEndByTheClockOnTheWall(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name       string
		every      Every
		zone       *tai64.Zone
		begin, end string // in UTC
	}{
		{"an hour", EveryHour, utc, "2026-11-25 10:00:01", "2026-11-25 11:00:00"},
		{"a full hour", EveryHour, utc, "2026-11-25 10:00:00", "2026-11-25 11:00:00"},
		{"the last second", EveryHour, utc, "2026-11-25 10:59:59", "2026-11-25 11:00:00"},
		{"an hour where it is half past elsewhere", EveryHour, kabul, "2026-11-25 10:00:01", "2026-11-25 10:30:00"},
		{"an hour that is there twice", EveryHour, berlin, "2026-10-25 00:10:00", "2026-10-25 01:00:00"},
		{"the same again", EveryHour, berlin, "2026-10-25 01:10:00", "2026-10-25 02:00:00"},
		{"before an hour that is missing", EveryHour, berlin, "2026-03-29 00:10:00", "2026-03-29 01:00:00"},
		{"a day", EveryDay, utc, "2026-11-25 10:00:01", "2026-11-26 00:00:00"},
		{"midnight", EveryDay, utc, "2026-11-25 00:00:00", "2026-11-26 00:00:00"},
		{"a second before midnight", EveryDay, utc, "2026-11-25 23:59:59", "2026-11-26 00:00:00"},
		{"the new year", EveryDay, berlin, "2026-12-31 22:59:59", "2026-12-31 23:00:00"},
		{"a day of 25 hours", EveryDay, berlin, "2026-10-24 22:00:00", "2026-10-25 23:00:00"},
		{"a day of 23 hours", EveryDay, berlin, "2026-03-28 23:00:00", "2026-03-29 22:00:00"},
		{"a day that begins at one", EveryDay, hole, "2026-10-17 12:00:00", "2026-10-18 03:00:00"},
		{"that day", EveryDay, hole, "2026-10-18 03:00:00", "2026-10-19 02:00:00"},
		{"a day with 23 o'clock twice, in the first", EveryDay, hole, "2026-02-15 01:30:00", "2026-02-15 03:00:00"},
		{"in the second", EveryDay, hole, "2026-02-15 02:30:00", "2026-02-15 03:00:00"},
		{"half an hour back", EveryDay, howe, "2026-04-04 14:00:00", "2026-04-05 13:30:00"},
		{"before 1970", EveryDay, utc, "1969-12-31 10:00:00", "1970-01-01 00:00:00"},
		{"a duration", Every(90 * time.Minute), berlin, "2026-03-29 00:10:00", "2026-03-29 01:40:00"},
	} {
		begin := must(time.Parse(time.DateTime, row.begin))
		if end := row.every.end(begin, row.zone).UTC().Format(time.DateTime); end != row.end {
			t.Errorf("%s: from %s to %s, want %s", row.name, row.begin, end, row.end)
		}
	}
}

// TestADayEndsAtTheFirstMomentOfALaterOne compares with a look at every minute.
func TestADayEndsAtTheFirstMomentOfALaterOne(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	for name, zone := range map[string]*tai64.Zone{"utc": utc, "berlin": berlin, "kabul": kabul, "hole": hole, "howe": howe} {
		for range 500 {
			begin := 1_700_000_000 + rnd.Int64N(100_000_000)
			end := EveryDay.end(time.Unix(begin, 0), zone).Unix()
			day := wallAt(zone, begin) / 86400
			want := begin - begin%60 + 60
			for wallAt(zone, want)/86400 <= day {
				want += 60
			}
			if end != want {
				t.Errorf("%s: from %d to %d, want %d", name, begin, end, want)
			}
		}
	}
}

// timed is a directory under a fake time that may be ahead of the timers.
type timed struct {
	*Dir
	disk  *memDisk
	ahead atomic.Int64 // nanoseconds
	opt   Options
}

func openTimed(every Every, change func(*Options)) *timed {
	x := &timed{disk: newDisk()}
	x.opt = history{}.options(x.disk)
	x.opt.Every, x.opt.zone, x.opt.Clock = every, utc, new(tai64.Clock)
	x.opt.now = func() time.Time { return time.Now().Add(time.Duration(x.ahead.Load())) }
	if change != nil {
		change(&x.opt)
	}
	x.Dir = must(Open("d", x.opt))
	return x
}

// wants waits and counts the archives.
func (x *timed) wants(t *testing.T, wait time.Duration, archives int, when string) {
	t.Helper()
	time.Sleep(wait)
	synctest.Wait()
	if sizes, _ := x.disk.kept(); len(sizes) != archives {
		t.Errorf("%s: %d archives, want %d", when, len(sizes), archives)
	}
}

func TestCurrentIsRotatedWhenItIsOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := openTimed(Every(10*time.Minute), nil)
		x.wants(t, 100*time.Hour, 0, "an empty current")
		calls := x.disk.callsSoFar()
		must(x.Write([]byte("one\n")))
		x.wants(t, 6*time.Minute, 0, "after 6 minutes")
		must(x.Write([]byte("two\n")))
		x.wants(t, 4*time.Minute-1, 0, "just before 10 minutes")
		x.wants(t, 1, 1, "after 10 minutes of the first line")
		if x.disk.callsSoFar() == calls {
			t.Error("no calls")
		}
		calls = x.disk.callsSoFar()
		x.wants(t, 100*time.Hour, 1, "without lines")
		if x.disk.callsSoFar() != calls {
			t.Errorf("an empty current has cost %d calls", x.disk.callsSoFar()-calls)
		}
		must(x.Write([]byte("three\n")))
		if err := x.Rotate(); err != nil {
			t.Fatal(err)
		}
		must(x.Write([]byte("four\n")))
		x.wants(t, 10*time.Minute-1, 2, "just before the age of the fourth line")
		x.wants(t, 1, 3, "at its age")
		must(x.Write([]byte("five\n")))
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
		calls = x.disk.callsSoFar()
		x.wants(t, time.Hour, 3, "after Close")
		if x.disk.callsSoFar() != calls {
			t.Error("a directory that is closed wakes up")
		}
	})
}

func TestDaysAndHoursEndWithoutALine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // it is midnight
		x := openTimed(EveryDay, nil)
		must(x.Write([]byte("one\n")))
		x.wants(t, 24*time.Hour-1, 0, "before midnight")
		x.wants(t, 1, 1, "at midnight")
		x.wants(t, 23*time.Hour, 1, "an empty day")
		must(x.Write([]byte("two\n")))
		x.wants(t, time.Hour, 2, "at the next midnight")
		x.Abandon()
	})
}

// TestTheAgeOfALineOutlivesARestart opens the directory again.
func TestTheAgeOfALineOutlivesARestart(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		line func() string
		want time.Duration // from the start on
	}{
		{"by its stamp", func() string { return tai64.At(time.Now()).String() + " one\n" }, 4 * time.Minute},
		{"by a stamp of the future, which counts from the start on", func() string { return tai64.At(time.Now().Add(time.Hour)).String() + " one\n" }, 10 * time.Minute},
		{"by the file, which is older than the line", func() string { return "one\n" }, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				x := openTimed(Every(10*time.Minute), nil)
				must(x.Write([]byte(row.line())))
				time.Sleep(6 * time.Minute)
				if err := x.Close(); err != nil {
					t.Fatal(err)
				}
				x.disk.restart()
				x.Dir = must(Open("d", x.opt))
				if row.want > 0 {
					x.wants(t, row.want-1, 0, "just before")
				}
				x.wants(t, 1, 1, "at its age")
				x.Abandon()
			})
		})
	}
}

// TestAClockThatIsSetCostsAnHourAtMost sets it forward and back by a year.
func TestAClockThatIsSetCostsAnHourAtMost(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	synctest.Test(t, func(t *testing.T) {
		x := openTimed(EveryDay, nil)
		must(x.Write([]byte("one\n")))
		time.Sleep(time.Minute)
		x.ahead.Store(int64(year))
		x.wants(t, longestAge, 1, "set forward")
		must(x.Write([]byte("two\n")))
		time.Sleep(time.Minute)
		x.ahead.Store(-int64(year))
		x.wants(t, 22*time.Hour, 1, "set back, before the next midnight")
		x.wants(t, 2*time.Hour, 2, "after it")
		x.Abandon()
	})
}

// TestWhoeverSharesTheClockIsTold has Old rotate, and only when it wants to.
func TestWhoeverSharesTheClockIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told atomic.Int32
		x := openTimed(Every(time.Minute), func(o *Options) { o.Old = func() { told.Add(1) } })
		must(x.Write([]byte("one\n")))
		if err := x.RotateOld(); err != nil {
			t.Fatal(err)
		}
		x.wants(t, 59*time.Second, 0, "a young current")
		x.wants(t, time.Hour, 0, "until RotateOld is called")
		if n := told.Load(); n != 1 {
			t.Errorf("told %d times", n)
		}
		if err := errors.Join(x.RotateOld(), x.RotateOld()); err != nil {
			t.Fatal(err)
		}
		x.wants(t, 0, 1, "then")
		must(x.Write([]byte("two\n")))
		time.Sleep(time.Minute)
		synctest.Wait()
		if err := x.Rotate(); err != nil { // something else was quicker
			t.Fatal(err)
		}
		must(x.Write([]byte("three\n")))
		if err := x.RotateOld(); err != nil {
			t.Fatal(err)
		}
		x.wants(t, 0, 2, "a current that is not the old one")
		x.Abandon()
		if err := x.RotateOld(); err == nil {
			t.Error("a directory that is closed can be rotated")
		}
	})
}

// TestAnOldCurrentWaitsForTheProcessorAndTheWriterDoesNot holds up a rotation.
func TestAnOldCurrentWaitsForTheProcessorAndTheWriterDoesNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := openTimed(Every(time.Minute), func(o *Options) {
			o.HasProcessor, o.spawn = true, func(run func()) { go run() }
			o.run = func(p *processing) error { time.Sleep(time.Hour); return fakeProcessor(p) }
		})
		must(x.Write([]byte("one\n")))
		time.Sleep(time.Minute)
		begin := time.Now()
		for i := range 50 {
			must(x.Write(fmt.Appendln(nil, i)))
			time.Sleep(time.Minute)
		}
		if took := time.Since(begin); took != 50*time.Minute {
			t.Errorf("50 minutes took %v", took)
		}
		x.wants(t, 10*time.Minute, 1, "the first is processed")
		x.wants(t, time.Hour, 2, "then the second")
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestAFailingRotationOfAnOldCurrentIsSaidAndTriedAgain has no Retry.
func TestAFailingRotationOfAnOldCurrentIsSaidAndTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c told
		x := openTimed(Every(time.Minute), func(o *Options) { o.Warn = c.warn })
		must(x.Write([]byte("one\n")))
		x.disk.failNext(syscall.EIO)
		x.wants(t, time.Minute, 0, "it fails")
		x.wants(t, time.Minute, 1, "and does not")
		if len(c.errs) != 1 || !strings.Contains(c.errs[0].Error(), "unable to rename current to previous") {
			t.Errorf("said %q", c.errs)
		}
		if got := x.disk.content(); !slices.Equal(got, []byte("one\n")) {
			t.Errorf("content %q", got)
		}
		x.Abandon()
	})
}
