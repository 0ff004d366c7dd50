package rotate

import (
	"slices"

	"github.com/tailight/tailight/tai64"
)

// endRange passes over what lies behind a label that is beyond the range, but for
// what the clock may have been set back in: it shows in names and at the end of a
// file, and that is quicker than to read everything.
func (s *source) endRange(label tai64.TAI64N) {
	if t := s.text; !t.mayStepBelow(label) {
		t.end()
	}
	// In files of 0.76 the first labels may be below those of the file before, so
	// it takes two to be sure.
	n := 1
	if s.passed {
		n = 0
	}
	n = min(n, len(s.parts))
	s.parts = slices.Concat(s.parts[:n], lowered(s.parts[n:]))
}

// lowered keeps those of the files behind a range that may hold labels below it.
func lowered(parts []part) (kept []part) {
	for i := range parts {
		if p := &parts[i]; !p.named || p.raised() {
			kept = append(kept, *p)
		} else {
			p.close()
		}
	}
	return kept
}

// raised reports whether an archive has the first label above the one before, as a
// writer gives it whose clock is behind.
func (p *part) raised() bool { return p.named && p.label == p.floor.Add(1) }

// mayStepBelow reports whether a label below l may follow in the file.
func (t *text) mayStepBelow(l tai64.TAI64N) bool {
	if t.named {
		return t.raised() || t.label.Compare(l) < 0
	}
	if t.in != nil {
		return true
	}
	b := backText{at: t.f, lo: t.off, hi: t.size()}
	for {
		line, _, _, ok := b.prev()
		if !ok {
			return false
		}
		if last, ok := stampOf(line); ok {
			return last.Compare(l) < 0
		}
	}
}
