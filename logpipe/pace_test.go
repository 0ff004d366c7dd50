package logpipe

import (
	"syscall"
	"testing"
	"time"
)

// napping is a source that only counts its naps.
type napping struct{ naps []time.Duration }

func (s *napping) read([]byte) (int, syscall.Errno) { return 0, syscall.EAGAIN }
func (s *napping) widen(int)                        {}
func (s *napping) pump(func() verdict) error        { return nil }
func (s *napping) nap(d time.Duration)              { s.naps = append(s.naps, d) }
func (s *napping) wake()                            {}
func (s *napping) close()                           {}
func (s *napping) last() time.Duration              { return s.naps[len(s.naps)-1] }

// usedUp tells the pace that the input is used up, gap after the last time,
// when bytes had come.
func usedUp(p *pace, src source, gap time.Duration, bytes int) bool {
	p.begin = p.begin.Add(-gap) // as if so much time had passed
	p.took(bytes)
	return p.napped(src)
}

func TestPaceNapsOnlyWhileLinesComeQuickly(t *testing.T) {
	t.Parallel()
	const line = 100
	src := &napping{}
	p := newPace(0)
	if usedUp(&p, src, time.Second, line) {
		t.Error("a nap after a line that came alone")
	}
	if usedUp(&p, src, 2*quick, line) {
		t.Error("a nap although lines come slowly")
	}
	if !usedUp(&p, src, quick/2, line) {
		t.Fatal("no nap although lines come quickly")
	}
	if d := src.last(); d < shortNap || d > longNap {
		t.Errorf("a nap of %v, want %v..%v", d, shortNap, longNap)
	}
	if !usedUp(&p, src, 0, worthwhile*line) {
		t.Error("no further nap after one that was worth it")
	}
	if !usedUp(&p, src, 0, plenty) {
		t.Error("no further nap after one that gathered plenty")
	}
	if d := src.last(); d != shortNap {
		t.Errorf("a nap of %v after one that gathered plenty, want %v", d, shortNap)
	}
	if usedUp(&p, src, 0, line) {
		t.Error("a nap after one that gathered too little")
	}
	if usedUp(&p, src, 2*quick, line) {
		t.Error("a nap although lines have become slow")
	}
}

func TestPaceNeverNapsWhenThereIsNothingOrPlentyToDo(t *testing.T) {
	t.Parallel()
	src := &napping{}
	for _, bytes := range []int{0, bulk, 10 * bulk} {
		p := newPace(0)
		usedUp(&p, src, time.Second, 100)
		if usedUp(&p, src, 0, bytes) {
			t.Errorf("a nap after %d bytes", bytes)
		}
	}
}

// TestPaceWaitsForInputAfterANapWithoutAny is what keeps an idle logger
// asleep: the read after such a nap finds nothing, and there is no second nap.
func TestPaceWaitsForInputAfterANapWithoutAny(t *testing.T) {
	t.Parallel()
	src := &napping{}
	p := newPace(0)
	usedUp(&p, src, time.Second, 100)
	if !usedUp(&p, src, 0, 100) {
		t.Fatal("no nap although lines come quickly")
	}
	if usedUp(&p, src, 0, 0) {
		t.Error("a second nap after one that gathered nothing")
	}
	if len(src.naps) != 1 {
		t.Errorf("%d naps, want 1", len(src.naps))
	}
}

func TestPaceTakesNoNapWhenNothingMayLinger(t *testing.T) {
	t.Parallel()
	for linger, want := range map[time.Duration]bool{-1: false, 0: true} {
		p := newPace(linger)
		usedUp(&p, &napping{}, time.Second, 100)
		if got := usedUp(&p, &napping{}, 0, 100); got != want {
			t.Errorf("Linger %v: a nap: %v", linger, got)
		}
	}
}
