package rotate

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailight/tailight/tai64"
)

// kept are the sizes of a disk's archives, oldest first, and its other names that
// begin as a label does.
func (d *memDisk) kept() (sizes []int, others []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := d.Names()
	for _, name := range archives(names) {
		sizes = append(sizes, len(d.entries[name].data))
	}
	for _, name := range names {
		if _, ok := parseArchive(name); !ok && name[0] == '@' {
			others = append(others, name)
		}
	}
	return sizes, others
}

// callsSoFar is how many calls the process has made.
func (d *memDisk) callsSoFar() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls
}

// failNext lets the next call fail.
func (d *memDisk) failNext(errno syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inject(d.calls+1, failWithout, errno)
}

// TestTheOldestGoBeyondTotal ends a rotation, which adds an archive of 100 bytes.
func TestTheOldestGoBeyondTotal(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		total int64
		num   int
		sizes []int
		want  []int
	}{
		{"all fit", 1000, 0, []int{300, 300, 300}, []int{300, 300, 300, 100}},
		{"one byte is too much", 999, 0, []int{300, 300, 300}, []int{300, 300, 100}},
		{"a newer one that is large takes all older ones with it", 500, 0, []int{10, 10, 450, 10}, []int{10, 100}},
		{"the newest stays whatever its size", 1, 0, []int{10, 10}, []int{100}},
		{"what n says goes too", 1000, 3, []int{300, 300, 300}, []int{300, 100}},
		{"what total says goes too", 400, 4, []int{10, 300, 300}, []int{300, 100}},
		{"no total", 0, 0, []int{1e6, 1e6}, []int{1e6, 1e6, 100}},
		{"empty archives", 100, 0, []int{0, 0}, []int{0, 0, 100}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			d := newDisk()
			for i, size := range row.sizes {
				d.put(fmt.Sprintf("@4000000000000001%08x.s", i), strings.Repeat("x", size), 0o744)
			}
			for _, odd := range []string{"@4000000000000001.s", "@400000000000000100000000", "@4000000000000001FFFFFFFF.s", "@400000000000000100000000.a~"} {
				d.put(odd, strings.Repeat("x", 5000), 0o744)
			}
			dir := must(Open("d", history{total: row.total, num: row.num}.options(d)))
			if sizes, _ := d.kept(); !slices.Equal(sizes, row.sizes) {
				t.Errorf("a start has left %d", sizes)
			}
			must(dir.Write([]byte(strings.Repeat("y", 99) + "\n")))
			if err := dir.Rotate(); err != nil {
				t.Fatal(err)
			}
			sizes, others := d.kept()
			if !slices.Equal(sizes, row.want) || len(others) != 4 {
				t.Errorf("%d are left and %q, want %d", sizes, others, row.want)
			}
			if err := dir.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestWhatTotalCannotDeleteIsSaidOncePerRotation has a directory with the name of
// the oldest archive.
func TestWhatTotalCannotDeleteIsSaidOncePerRotation(t *testing.T) {
	t.Parallel()
	var c told
	d := newDisk()
	d.put("@400000000000000100000000.s", strings.Repeat("x", 5000), 0o744).isDir = true
	dir := must(Open("d", history{total: 150, warn: c.warn}.options(d)))
	for range 3 {
		must(dir.Write([]byte(strings.Repeat("y", 99) + "\n")))
		if err := dir.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	if sizes, _ := d.kept(); !slices.Equal(sizes, []int{5000, 100}) {
		t.Errorf("%d are left", sizes)
	}
	if len(c.errs) != 3 || c.errs[0].Error() != "unable to remove d/@400000000000000100000000.s: is a directory" {
		t.Errorf("said %q", c.errs)
	}
	dir.Abandon()
}

// aged makes a disk with archives that are so old.
func aged(ages ...time.Duration) *memDisk {
	d := newDisk()
	for _, age := range ages {
		d.put(archive(tai64.At(time.Now().Add(-age)), "s"), "x", 0o744)
	}
	return d
}

// TestAnArchiveIsDeletedWhenItComesOfAge looks at an idle directory.
func TestAnArchiveIsDeletedWhenItComesOfAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := aged(200*time.Hour, 100*time.Hour, 99*time.Hour, 10*time.Hour)
		opt := history{age: 100 * time.Hour, num: 2}.options(d) // num counts when a rotation ends
		opt.now, opt.Clock = time.Now, new(tai64.Clock)
		dir := must(Open("d", opt))
		left := func(want int, when string) {
			t.Helper()
			synctest.Wait()
			if sizes, _ := d.kept(); len(sizes) != want {
				t.Errorf("%s: %d archives, want %d", when, len(sizes), want)
			}
		}
		left(2, "at the start")
		time.Sleep(time.Hour - time.Nanosecond)
		left(2, "just before")
		time.Sleep(time.Nanosecond)
		left(1, "after an hour")
		time.Sleep(89*time.Hour - time.Nanosecond)
		left(1, "just before the last, which is the newest, comes of age")
		time.Sleep(time.Nanosecond)
		left(0, "then")
		calls := d.callsSoFar()
		time.Sleep(1000 * time.Hour)
		synctest.Wait()
		if now := d.callsSoFar(); now != calls {
			t.Errorf("an empty directory has made %d calls", now-calls)
		}
		must(dir.Write([]byte("y\n")))
		if err := dir.Rotate(); err != nil {
			t.Fatal(err)
		}
		left(1, "after a rotation")
		time.Sleep(101 * time.Hour)
		left(0, "at its end")
		if err := dir.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestAnArchiveThatCannotBeDeletedKeepsNobodyAwake has one that stays.
func TestAnArchiveThatCannotBeDeletedKeepsNobodyAwake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c told
		d := aged(time.Hour)
		d.entries[d.Names()[0]].isDir = true
		last := tai64.TAI64N{Sec: 1<<63 - 1, Nano: 5}
		d.put(archive(last, "s"), "x", 0o744) // its time is none
		opt := history{age: time.Minute, warn: c.warn}.options(d)
		opt.now = time.Now
		dir := must(Open("d", opt))
		time.Sleep(10*longestWait + 1)
		synctest.Wait()
		if len(c.errs) != 11 || len(archives(d.Names())) != 2 {
			t.Errorf("said %q, and %q are left", c.errs, d.Names())
		}
		dir.Abandon()
		calls := d.callsSoFar()
		time.Sleep(10 * longestWait)
		synctest.Wait()
		if now := d.callsSoFar(); now != calls {
			t.Error("a directory that is closed wakes up")
		}
	})
}

// TestAClockThatIsSetIsNoticedWithinADay sets it forward, and back.
func TestAClockThatIsSetIsNoticedWithinADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := aged(time.Hour, 0)
		opt := history{age: 100 * time.Hour}.options(d)
		var ahead atomic.Int64
		opt.now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
		dir := must(Open("d", opt))
		ahead.Store(-50 * int64(time.Hour))
		time.Sleep(100 * time.Hour)
		synctest.Wait()
		if n := len(archives(d.Names())); n != 2 {
			t.Fatalf("%d archives are left of 2 that are younger than the clock says", n)
		}
		ahead.Store(0)
		time.Sleep(longestWait)
		synctest.Wait()
		if n := len(archives(d.Names())); n != 0 {
			t.Errorf("%d archives are left", n)
		}
		dir.Abandon()
	})
}

// TestAnArchiveComesOfAgeBesideASlowProcessor holds up a rotation over the time.
func TestAnArchiveComesOfAgeBesideASlowProcessor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := aged(time.Hour)
		h := history{age: 2 * time.Hour, processor: true, spawn: func(run func()) { go run() }}
		opt := h.options(d)
		opt.now = time.Now
		opt.Clock = new(tai64.Clock)
		opt.run = func(p *processing) error { time.Sleep(3 * time.Hour); return fakeProcessor(p) }
		dir := must(Open("d", opt))
		must(dir.Write([]byte("y\n")))
		if err := dir.Rotate(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		must(dir.Write([]byte("the writer does not wait\n")))
		time.Sleep(time.Hour + 1)
		synctest.Wait()
		if n := len(archives(d.Names())); n != 0 {
			t.Errorf("%d archives are left after the rotation, all are too old", n)
		}
		if err := dir.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestAnArchiveMayComeOfAgeWhileTheDirectoryIsOpened fails each call of a slow
// recovery during which the timer goes off.
func TestAnArchiveMayComeOfAgeWhileTheDirectoryIsOpened(t *testing.T) {
	t.Parallel()
	for n, failed := 1, true; failed; n++ {
		d := aged()
		for i := range 20 {
			d.put(archive(tai64.At(time.Now().Add(time.Duration(i)*time.Millisecond-time.Hour)), "s"), "x", 0o744)
		}
		d.put("current", "cut short\n", 0o644)
		d.put("previous", "cut short\n", 0o644)
		var calling atomic.Bool
		d.gate = func() {
			if !calling.CompareAndSwap(false, true) {
				t.Errorf("call %d, or the one after: two at a time", d.callsSoFar())
			}
			time.Sleep(time.Millisecond)
			calling.Store(false)
		}
		d.inject(n, failWithout, syscall.EIO)
		opt := history{age: time.Hour}.options(d)
		opt.now, opt.Clock = time.Now, new(tai64.Clock)
		dir, err := Open("d", opt)
		if failed = err != nil; failed {
			continue
		}
		eventually(t, "all that are old are deleted", func() bool {
			sizes, _ := d.kept()
			return len(sizes) == 2 || d.failed() && len(sizes) == 3
		})
		failed = d.failed() // what is not said
		dir.Abandon()
	}
}

// failed reports whether the planned error was seen.
func (d *memDisk) failed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.injected > 0
}

// slowRemoval is a directory that deletes no archive before the gate is open.
type slowRemoval struct {
	fsys
	gate <-chan struct{}
}

func (s slowRemoval) remove(name string) error {
	if _, ok := parseArchive(name); ok {
		<-s.gate
	}
	return s.fsys.remove(name)
}

// TestDeletingArchivesHoldsUpTheNextRotationButOne, and Close, and nothing else.
func TestDeletingArchivesHoldsUpTheNextRotationButOne(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rotations, before, archives int // the latter two before the gate is open
	}{{rotations: 8, before: 4, archives: 4}, {rotations: 4, before: 4, archives: 4}, {rotations: 3, before: 3, archives: 3}} {
		synctest.Test(t, func(t *testing.T) {
			d, gate := newDisk(), make(chan struct{})
			opt := history{num: 3, spawn: func(run func()) { go run() }}.options(d)
			opt.openFS = func(name string) (fsys, error) {
				fs, err := d.openMem(name)
				return slowRemoval{fs, gate}, err
			}
			dir := must(Open("d", opt))
			var rotations atomic.Int32
			done := make(chan error, 1)
			go func() {
				for i := range c.rotations {
					must(dir.Write(fmt.Appendf(nil, "%d\n", i)))
					if err := dir.Rotate(); err != nil {
						t.Error(err)
					}
					rotations.Add(1)
				}
				done <- dir.Close()
			}()
			synctest.Wait()
			// The third is the first that has something to delete.
			if sizes, _ := d.kept(); len(sizes) != c.archives || int(rotations.Load()) != c.before || len(done) > 0 {
				t.Errorf("%+v: %d archives after %d rotations, closed: %d", c, len(sizes), rotations.Load(), len(done))
			}
			close(gate)
			if err := <-done; err != nil {
				t.Error(err)
			}
			if sizes, _ := d.kept(); len(sizes) != 2 {
				t.Errorf("%d archives in the end", len(sizes))
			}
		})
	}
}

// unlistable is a directory whose names cannot be read a second time.
type unlistable struct {
	fsys
	calls *int
}

func (u unlistable) names() ([]string, error) {
	if *u.calls++; *u.calls > 1 {
		return nil, syscall.EIO
	}
	return u.fsys.names()
}

// TestArchivesThatCannotBeListedAreSaidAndStay, also where nobody is asked to retry.
func TestArchivesThatCannotBeListedAreSaidAndStay(t *testing.T) {
	t.Parallel()
	d, said, calls := newDisk(), []string{}, 0
	opt := history{num: 2, warn: func(err error) { said = append(said, err.Error()) }, spawn: func(run func()) { run() }}.options(d)
	opt.openFS = func(name string) (fsys, error) {
		fs, err := d.openMem(name)
		return unlistable{fs, &calls}, err
	}
	dir := must(Open("d", opt))
	calls = 0 // a rotation lists the archives to name one, and to delete some
	must(dir.Write([]byte("one\n")))
	if err := dir.Rotate(); err != nil {
		t.Fatal(err)
	}
	if err := dir.Close(); err != nil {
		t.Error(err)
	}
	if want := []string{"unable to read d: " + syscall.EIO.Error()}; !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
}
