package rotate

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
)

// eachFailure plays the history once for each call and each way in which it
// can fail, and hands the disk to body. A write that reports an
// error has had no effect: otherwise nobody could know what to write again.
func eachFailure(start func() *memDisk, play func(*memDisk), body func(d *memDisk, when string)) int {
	failures := 0
	for n := 1; ; n++ {
		for _, f := range []fault{failWithout, failWith, failShort} {
			errno := []syscall.Errno{syscall.EIO, syscall.ENOSPC}[n%2]
			d := start()
			d.inject(n, f, errno)
			play(d)
			if d.calls < n {
				return failures
			}
			call := d.log[n-1]
			writes := strings.HasPrefix(call, "write ")
			if writes && f == failWith || !writes && f == failShort {
				continue
			}
			failures++
			body(d, fmt.Sprintf("call %d (%q): %v, %v", n, call, f, errno))
		}
	}
}

// told counts what Retry and Warn are told.
type told struct{ errs []error }

// always is a Retry that gives nothing up while the process lives.
func (c *told) always(d **memDisk) func(error) bool {
	return func(err error) bool {
		c.errs = append(c.errs, err)
		return !(*d).dead && len(c.errs) < 10
	}
}

func (c *told) warn(err error) { c.errs = append(c.errs, err) }

// wants is how often a failure has to be told: once. Only closing a file that
// is on disk already may fail in silence.
func (c *told) wants(call string) bool {
	return len(c.errs) == 1 || len(c.errs) == 0 && strings.Contains(call, "(\"close ")
}

// TestAnyCallMayFailOnceUnderRetry fails every call once, in each way, with a
// policy that always says "again".
func TestAnyCallMayFailOnceUnderRetry(t *testing.T) {
	t.Parallel()
	eachHistory(t, func(t *testing.T, h history) {
		var disk *memDisk
		var c told
		h.retry, h.warn = c.always(&disk), c.warn
		failures := eachFailure(
			func() *memDisk { disk, c = newDisk(), told{}; return disk },
			func(d *memDisk) {
				if acked, err := h.run(d); acked != batches*batch {
					t.Fatalf("acknowledged %d bytes, %v after %v\n%s", acked, err, c.errs, d.listing())
				}
			},
			func(d *memDisk, when string) {
				if !c.wants(when) || d.injected != 1 {
					t.Fatalf("%s: told %q of %d failures", when, c.errs, d.injected)
				}
				if err := h.reopen(d); err != nil {
					t.Fatalf("%s: %v", when, err)
				}
				h.check(t, d, batches*batch, when)
			})
		t.Logf("%d failures", failures)
	})
}

// TestAnyCallMayFailOnceWithoutRetry fails every call once, in each way; the
// caller gets the error and writes the rest.
func TestAnyCallMayFailOnceWithoutRetry(t *testing.T) {
	t.Parallel()
	eachHistory(t, func(t *testing.T, h history) {
		failures := eachFailure(newDisk,
			func(d *memDisk) {
				if acked, err := h.run(d); acked != batches*batch {
					t.Fatalf("acknowledged %d bytes, %v\n%s", acked, err, d.listing())
				}
			},
			func(d *memDisk, when string) {
				if err := h.reopen(d); err != nil {
					t.Fatalf("%s: %v", when, err)
				}
				h.check(t, d, batches*batch, when)
			})
		t.Logf("%d failures", failures)
	})
}

// TestAnyCallOfRecoveryMayFailOnce starts from every state that a death can
// leave and fails every call of its recovery once.
func TestAnyCallOfRecoveryMayFailOnce(t *testing.T) {
	t.Parallel()
	each(t, histories[:2], func(t *testing.T, h history) {
		failures := 0
		play := func(d *memDisk) int { acked, _ := h.run(d); return acked }
		eachDeath(t, newDisk, play, func(left *memDisk, acked int, death string) {
			for _, retry := range []bool{false, true} {
				again := h
				var disk *memDisk
				var c told
				if retry {
					again.retry, again.warn = c.always(&disk), c.warn
				}
				start := func() *memDisk { disk, c = left.copyOf(), told{}; disk.restart(); return disk }
				var err error
				failures += eachFailure(start,
					func(d *memDisk) { err = again.reopenLiving(d) },
					func(d *memDisk, when string) {
						if err != nil {
							c.errs = append(c.errs, err)
						}
						if retry && !c.wants(when) {
							t.Fatalf("%s, %s: told %q", death, when, c.errs)
						}
						if err := h.reopen(d); err != nil {
							t.Fatalf("%s, %s: %v", death, when, err)
						}
						h.check(t, d, acked, death+", "+when)
					})
			}
		})
		t.Logf("%d failures", failures)
	})
}

// TestAnyCallMayFailOnceBesideTheWriter fails every call of some interleavings
// of walk and writer.
func TestAnyCallMayFailOnceBesideTheWriter(t *testing.T) {
	t.Parallel()
	eachHistory(t, func(t *testing.T, h history) {
		synctest.Test(t, func(t *testing.T) {
			failures := 0
			for seed := range interleavings / 2 {
				var disk *memDisk
				var c told
				h.retry, h.warn = c.always(&disk), c.warn
				failures += eachFailure(
					func() *memDisk { disk, c = newDisk(), told{}; return disk },
					func(d *memDisk) { h.interleaved(d, seed) },
					func(d *memDisk, when string) {
						if !c.wants(when) || d.injected != 1 {
							t.Fatalf("seed %d, %s: told %q of %d failures", seed, when, c.errs, d.injected)
						}
						if err := h.reopen(d); err != nil {
							t.Fatalf("seed %d, %s: %v", seed, when, err)
						}
						h.check(t, d, batches*batch, fmt.Sprintf("seed %d, %s", seed, when))
					})
			}
			t.Logf("%d failures", failures)
		})
	})
}

// TestADirectoryThatIsRemovedInARotationIsSaid: current has been moved aside, and
// there is no directory any more for the next one.
func TestADirectoryThatIsRemovedInARotationIsSaid(t *testing.T) {
	t.Parallel()
	var said []string
	play := func(at int) *memDisk {
		said = nil
		d := newDisk()
		dir := must(Open("d", history{warn: func(err error) { said = append(said, err.Error()) }}.options(d)))
		must(dir.Write([]byte("one\n")))
		if at > 0 {
			d.inject(at, failWithout, syscall.ENOENT)
		}
		if err := dir.Rotate(); err != nil {
			t.Fatal(err)
		}
		must(dir.Write([]byte("two\n")))
		if err := dir.Close(); err != nil {
			t.Fatal(err)
		}
		return d
	}
	log := play(0).log
	next := len(log)
	for log[next-1] != "open current write append create" {
		next--
	}
	d := play(next)
	want := "unable to find d/current, starting a new one: " + syscall.ENOENT.Error()
	if !slices.Equal(said, []string{want}) {
		t.Errorf("it says %q, want %q", said, want)
	}
	if got := string(d.content()); got != "one\ntwo\n" {
		t.Errorf("%q is there", got) // only the call has failed
	}
}
