package rotate

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
)

// markedSafe reports whether recovery and readers take the file for complete:
// it is a finished archive, or has the owner-execute bit.
func markedSafe(name string, in *inode) bool {
	switch name {
	case "current", "previous", "processed":
		return in.mode&0o100 != 0
	}
	return finished(name)
}

// torn looks, in what a power loss left of a disk, for a file that is marked
// safe and has not all that was written to it.
func torn(before, after *memDisk) error {
	written := map[uint64][]byte{}
	for _, in := range before.entries {
		written[in.number] = in.data
	}
	for _, in := range before.durable {
		written[in.number] = in.data
	}
	for _, c := range before.pending {
		if c.in != nil {
			written[c.in.number] = c.in.data
		}
	}
	for name, in := range after.entries {
		if markedSafe(name, in) && !bytes.Equal(in.data, written[in.number]) {
			return fmt.Errorf("%s is marked safe and has %d bytes of %d", name, len(in.data), len(written[in.number]))
		}
	}
	return nil
}

// survives checks what a power loss left, before and after recovery.
func (h history) survives(before, after *memDisk) error {
	if err := torn(before, after); err != nil {
		return err
	}
	if err := h.reopen(after); err != nil {
		return err
	}
	// What was processed before is in upper case, and at a power loss any part
	// may have been.
	if got := after.content(); before.promised > len(got) || !bytes.EqualFold(got[:before.promised], input[:before.promised]) {
		return fmt.Errorf("%d bytes were on disk for certain, they are not all there", before.promised)
	}
	return tidy(after)
}

// blackouts watches a disk: before each call the power fails in every way, of
// which some are taken (one in thin). The first complaint is kept.
type blackouts struct {
	h     history
	rnd   *rand.Rand
	thin  int
	count int
	err   error

	// certain is the length of what has survived every loss at some call, if
	// thin is 1: it has to survive all that come later.
	certain int
}

func newBlackouts(h history, thin int) *blackouts {
	return &blackouts{h: h, rnd: rand.New(rand.NewPCG(3, 4)), thin: thin}
}

func (b *blackouts) strike(d *memDisk) {
	if b.thin == 1 {
		d.promised = max(d.promised, b.certain)
	}
	least := len(input)
	defer func() { b.certain = max(b.certain, least) }()
	same := map[string]bool{}
	for _, l := range d.losses(b.rnd) {
		if b.err != nil || b.rnd.IntN(b.thin) != 0 {
			continue
		}
		after := d.crash(l)
		key := after.fingerprint()
		if same[key] {
			continue
		}
		same[key] = true
		b.count++
		seen := after.listing()
		if err := b.h.survives(d, after); err != nil {
			b.err = errors.Join(fmt.Errorf("after %q, power lost with %s: %w", last(d.log), l.name, err),
				errors.New("before:\n"+d.listing()), errors.New("after:\n"+seen))
		}
		least = min(least, prefix(after.content()))
	}
}

// prefix returns how many bytes of the input the content begins with, in
// upper or lower case.
func prefix(content []byte) int {
	n := 0
	for n < len(content) && (content[n] == input[n] || content[n] == inputUpper[n]) {
		n++
	}
	return n
}

// unpruned are histories that keep everything: only there can be said what has
// to survive.
var unpruned = []namedHistory{histories[0], histories[3]}

// TestMarkedSafeIsSynced loses power before every call of two processes' lives:
// whatever is marked safe is complete, and what was promised is there.
func TestMarkedSafeIsSynced(t *testing.T) {
	t.Parallel()
	each(t, append(unpruned, namedHistory{"compressed", history{compress: Gzip}}, namedHistory{"compressed by zstd", history{compress: Zstd}}), func(t *testing.T, h history) {
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
	})
}

// TestMarkedSafeIsSyncedDuringRecovery kills the writer at every call and loses
// power during the recovery, and after it: all that the killed one had written
// is then on disk for certain.
func TestMarkedSafeIsSyncedDuringRecovery(t *testing.T) {
	t.Parallel()
	each(t, unpruned, func(t *testing.T, h history) {
		// The first life leaves a current whose name is on disk too.
		first, second := h, h
		first.writes, second.writes = 1, 2
		start := func() *memDisk {
			d := newDisk()
			second.start = must(first.run(d))
			d.restart()
			return d
		}
		b := newBlackouts(second, 1)
		play := func(d *memDisk) int { acked, _ := second.run(d); return acked }
		eachDeath(t, start, play, func(d *memDisk, _ int, when string) {
			d.restart()
			b.certain = 0
			d.watch = b.strike
			if err := second.reopenLiving(d); err != nil {
				t.Fatalf("%s: %v", when, err)
			}
			d.promised = d.landed
			b.strike(d)
			if b.err != nil {
				t.Fatalf("%s: %v", when, b.err)
			}
		})
		t.Logf("%d losses of power", b.count)
	})
}

// TestMarkedSafeIsSyncedBesideTheWriter loses power while the walk and the
// writer go on in many orders.
func TestMarkedSafeIsSyncedBesideTheWriter(t *testing.T) {
	t.Parallel()
	each(t, unpruned, func(t *testing.T, h history) {
		synctest.Test(t, func(t *testing.T) {
			b := newBlackouts(h, 20)
			for seed := range 4 * interleavings {
				d := newDisk()
				d.watch = b.strike
				h.interleaved(d, seed)
				b.strike(d)
				if b.err != nil {
					t.Fatalf("seed %d: %v", seed, b.err)
				}
			}
			t.Logf("%d losses of power", b.count)
		})
	})
}
