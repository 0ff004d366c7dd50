package rotate

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestEveryStepOfAWalkHasItsName also holds that the names are as many as the
// steps.
func TestEveryStepOfAWalkHasItsName(t *testing.T) {
	t.Parallel()
	if len(stateNames) != int(ended)+1 {
		t.Fatalf("%d names of %d states", len(stateNames), ended+1)
	}
	seen := map[string]bool{}
	for s := range ended + 1 {
		if s.String() == "" || seen[s.String()] {
			t.Errorf("state %d is named %q", int(s), s)
		}
		seen[s.String()] = true
	}
}

// TestAFailureSaysWhatWasTriedAndWhy looks at what Retry is told when a call
// fails: the words of 0.76, and the bare reason.
func TestAFailureSaysWhatWasTriedAndWhy(t *testing.T) {
	t.Parallel()
	want := map[string]string{ // by the call, of a life without and with a processor
		"rename current previous":              "unable to rename current to previous in directory d",
		"sync current":                         "unable to write d/current to disk",
		"chmod 0744 current":                   "unable to set mode of d/previous",
		"open current write append create":     "unable to create d/current",
		"chmod 0644 current":                   "unable to set mode of d/current",
		"stat previous":                        "unable to stat d/previous",
		"names":                                "unable to read d",
		"link previous @LABEL.s":               "unable to link to d/@",
		"sync directory":                       "unable to write d to disk",
		"remove previous":                      "unable to remove d/previous",
		"open processed write create truncate": "unable to run fake",
		"sync processed":                       "unable to write d/processed to disk",
		"chmod 0744 processed":                 "unable to set mode of d/processed",
		"sync newstate":                        "unable to write d/newstate to disk",
		"rename newstate state":                "unable to rename newstate to state in directory d",
		"write current":                        "unable to write to d/current",
		"open newstate write create truncate":  "unable to run fake",
	}
	seen := map[string]bool{}
	for _, processor := range []bool{false, true} {
		h := history{processor: processor}
		disk := newDisk()
		var c told
		h.retry = c.always(&disk)
		eachFailure(
			func() *memDisk { disk, c = newDisk(), told{}; return disk },
			func(d *memDisk) { _, _ = h.run(d) },
			func(d *memDisk, when string) {
				call, _, _ := strings.Cut(strings.SplitN(when, "\"", 3)[1], ":")
				text, ok := want[call]
				if !ok || len(c.errs) == 0 || !rotating(d) {
					return
				}
				seen[call] = true
				var e *Error
				if !errors.As(c.errs[0], &e) || !strings.HasPrefix(e.Text, text) || !errors.Is(e, d.errno) && !errors.Is(e, syscall.ENOSPC) {
					t.Errorf("%s: told %q, want %q", when, c.errs[0], text)
				} else if e.Writing != (call == "write current") {
					t.Errorf("%s: Writing is %v", when, e.Writing)
				}
			})
	}
	if len(seen) != len(want) {
		t.Errorf("only %d of %d calls were seen: %v", len(seen), len(want), seen)
	}
}

// rotating reports whether the call that failed was one of the first rotation.
func rotating(d *memDisk) bool {
	for i, call := range d.log {
		if strings.HasPrefix(call, "rename current previous") {
			return d.at > i && d.at < i+40
		}
	}
	return false
}

// TestAShortWriteCountsWhatItWrote cuts each write of a history in half: the
// files end where they end without that.
func TestAShortWriteCountsWhatItWrote(t *testing.T) {
	t.Parallel()
	sizes := func(d *memDisk) (s []int) {
		for _, name := range archives(slices.Collect(maps.Keys(d.entries))) {
			s = append(s, len(d.entries[name].data))
		}
		return s
	}
	whole := newDisk()
	_ = must(history{}.run(whole))
	eachFailure(newDisk, func(d *memDisk) { _, _ = history{}.run(d) }, func(d *memDisk, when string) {
		if strings.Contains(when, failShort.String()) && !slices.Equal(sizes(d), sizes(whole)) {
			t.Errorf("%s: files of %v bytes, want %v", when, sizes(d), sizes(whole))
		}
	})
}
