package rotate

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// remains is how much of the input is there after the worst loss of power that
// may happen now, and after the recovery from it.
func (h history) remains(t *testing.T, d *memDisk) int {
	t.Helper()
	least := len(input)
	for _, l := range d.losses(rand.New(rand.NewPCG(5, 6))) {
		after := d.crash(l)
		if err := h.reopen(after); err != nil {
			t.Fatal(err)
		}
		least = min(least, prefix(after.content()))
	}
	return least
}

// oneBatch opens a directory on a new disk and writes one batch.
func (h history) oneBatch(t *testing.T) (*memDisk, *Dir) {
	t.Helper()
	d := newDisk()
	dir := must(Open("d", h.options(d)))
	must(dir.Write(input[:batch]))
	return d, dir
}

func TestAPowerLossMayTakeWhatWasNotSynced(t *testing.T) {
	t.Parallel()
	h := history{}
	d, dir := h.oneBatch(t)
	if n := h.remains(t, d); n != 0 {
		t.Errorf("%d bytes are on disk without a sync: the model shows nothing", n)
	}
	if err := dir.Sync(); err != nil {
		t.Fatal(err)
	}
	if n := h.remains(t, d); n != batch {
		t.Errorf("%d bytes are on disk after Sync, want %d", n, batch)
	}
	dir.Abandon()
	if err := dir.Sync(); err == nil {
		t.Error("a directory that is closed can be synced")
	}
}

// TestSyncAlwaysKeepsEveryWriteOverAPowerLoss loses power before every call of
// two processes' lives: all that a Write has counted is there.
func TestSyncAlwaysKeepsEveryWriteOverAPowerLoss(t *testing.T) {
	t.Parallel()
	for _, h := range unpruned {
		h := h.history
		h.sync = SyncAlways
		b := newBlackouts(h, 1)
		d := newDisk()
		d.watch = b.strike
		acked, err := h.run(d)
		b.strike(d)
		d.restart()
		second := h
		second.start = acked
		d.watch = b.strike
		_, err2 := second.run(d)
		b.strike(d)
		if err := errors.Join(err, err2, b.err); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d losses of power", b.count)
	}
}

// TestSyncAlwaysDoesNotWaitForTheWalk holds up the walk that would sync the
// finished file.
func TestSyncAlwaysDoesNotWaitForTheWalk(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	h := history{sync: SyncAlways, spawn: func(run func()) { go func() { <-gate; run() }() }}
	d := newDisk()
	dir := must(Open("d", h.options(d)))
	must(dir.Write(input[:4*batch])) // more than a file
	h.spawn = nil
	if n := h.remains(t, d); n != 4*batch {
		t.Errorf("%d bytes are on disk, want %d", n, 4*batch)
	}
	close(gate)
	if err := dir.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSyncEverySoOftenKeepsWhatIsOlder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := history{sync: Sync(10 * time.Second)}
		d, dir := h.oneBatch(t)
		if n := h.remains(t, d); n != 0 {
			t.Errorf("%d bytes are on disk at once", n)
		}
		time.Sleep(5 * time.Second)
		must(dir.Write(input[batch : 2*batch]))
		time.Sleep(5*time.Second + 1)
		synctest.Wait()
		if n := h.remains(t, d); n != 2*batch {
			t.Errorf("%d bytes are on disk after 10 s, want %d", n, 2*batch)
		}
		must(dir.Write(input[2*batch : 3*batch])) // into the next file
		time.Sleep(10*time.Second + 1)
		synctest.Wait()
		if n := h.remains(t, d); n != 3*batch {
			t.Errorf("%d bytes are on disk after 10 s more, want %d", n, 3*batch)
		}
		calls := d.calls
		time.Sleep(time.Hour)
		synctest.Wait()
		if d.calls != calls {
			t.Errorf("an idle directory has made %d calls in an hour: %q", d.calls-calls, d.log[calls:])
		}
		if err := dir.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestSyncEverySoOftenHoldsForWhatAKilledWriterLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := history{sync: Sync(time.Second)}
		d := newDisk()
		opt := h.options(d)
		opt.Turning = func(Place) {}
		dir := must(Open("d", opt))
		must(dir.Write(input[:batch]))
		left := &Progress{Places: []Place{dir.Where()}}
		d.boot = [16]byte{1}
		d.restart() // the timer of the killed one finds it dead
		time.Sleep(2 * time.Second)
		opt = h.options(d)
		opt.Turning, opt.Survived = func(Place) {}, left
		dir = must(Open("d", opt))
		time.Sleep(time.Second + 1)
		synctest.Wait()
		if n := h.remains(t, d); n != batch {
			t.Errorf("%d bytes are on disk, want %d", n, batch)
		}
		dir.Abandon()
	})
}

// TestASyncThatFailedIsNotBelieved fails every sync of a life once, and loses
// power at its end: what is marked safe is complete. The disk forgets what it
// could not write, as Linux does.
func TestASyncThatFailedIsNotBelieved(t *testing.T) {
	t.Parallel()
	for _, row := range unpruned {
		for _, sync := range []Sync{SyncRotate, SyncAlways} {
			h := row.history
			var c told
			var d *memDisk
			h.sync, h.retry = sync, c.always(&d)
			failures := 0
			for n := 1; ; n++ {
				d, c = newDisk(), told{}
				d.inject(n, failWithout, syscall.EIO)
				acked, err := h.run(d)
				if d.calls < n {
					break
				}
				call := d.log[n-1]
				if !strings.HasPrefix(call, "sync") && !strings.HasPrefix(call, "datasync") {
					continue
				}
				if err != nil {
					t.Fatalf("call %d (%s): %v", n, call, err)
				}
				failures++
				for _, l := range d.losses(rand.New(rand.NewPCG(7, 8))) {
					if err := torn(d, d.crash(l)); err != nil {
						t.Fatalf("call %d (%s), power lost with %s: %v", n, call, l.name, err)
					}
				}
				if got := d.content(); !bytes.EqualFold(got, input[:acked]) {
					t.Fatalf("call %d (%s): %d bytes of %d", n, call, len(got), acked)
				}
			}
			if failures < 5 {
				t.Errorf("only %d syncs", failures)
			}
		}
	}
}
