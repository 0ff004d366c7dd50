//go:build linux

package rotate_test

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestADiskThatIsReadOnlyForAWhileLosesAndDoublesNothing has a file system that takes
// no change from some call on, as one does that had an error, until it has refused
// a few.
func TestADiskThatIsReadOnlyForAWhileLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	for _, k := range killings {
		if k.space > 0 {
			continue // a disk that is full says that first
		}
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			for dir := range k.wants {
				n := 1
				for k.sealed(t, dir, n) {
					n++
				}
				if n < 20 {
					t.Errorf("only %d times in %s", n, dir)
				}
			}
		})
	}
}

// sealed reports whether the disk was read only at all, from call n on.
func (k killing) sealed(t *testing.T, dir string, n int) bool {
	r := k.start(t)
	defer r.end()
	d := r.Disk(r.Name + "/" + dir)
	r.prepare, r.owes = func() { d.Seal(n, 4) }, true
	_, err := r.process(0)
	if err == nil && !d.Failed() {
		return false
	}
	when := fmt.Sprintf("%s is read-only from call %d on", dir, n)
	said := r.said
	if err != nil { // said by whoever runs the pipe; meanwhile it is mended
		said = append(said, err.Error())
		if _, err := r.process(0); err != nil {
			t.Fatalf("%s, then %v", when, err)
		}
	}
	if len(said) == 0 {
		t.Fatalf("%s, and nothing is said", when)
	}
	for _, text := range said {
		if text == syscall.EROFS.Error() && slices.Contains(k.words, "!x") {
			continue // the processor's own word
		}
		if k.flaky > 0 && strings.HasSuffix(text, ": "+syscall.EDQUOT.Error()) {
			continue // of this history's other fault
		}
		if !strings.HasSuffix(text, ": "+syscall.EROFS.Error()) || !strings.HasPrefix(text, "unable to ") && !strings.HasPrefix(text, "reading without a spool") {
			t.Fatalf("%s, and it says %q", when, text)
		}
	}
	r.check(when)
	return true
}
