package supervise

import (
	"testing"
	"time"
	"unsafe"
)

// stepped is the same moment by a wall clock that somebody has set.
func stepped(t time.Time, by time.Duration) time.Time {
	const secondsAt = 30 // in the first word of a time with a monotonic part
	*(*uint64)(unsafe.Pointer(&t)) += uint64(by/time.Second) << secondsAt
	return t
}

// TestAClockThatIsSetNeitherDelaysNorHastensAStart: in 0.76 a service that ends
// before the clock is set back an hour is started an hour later.
func TestAClockThatIsSetNeitherDelaysNorHastensAStart(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{-20 * time.Second, -time.Hour, time.Hour, 365 * 24 * time.Hour} {
		began := time.Now()
		if s := stepped(began, by); s.Sub(began) != 0 || s.Round(0).Sub(began.Round(0)) != by {
			t.Fatal("this test does not know how a time is made")
		}
		var m machine
		m.begin(false, began)
		m.step(event{kind: launched, pid: onePID}, began)
		m.step(event{kind: exited}, began.Add(100*time.Millisecond))
		m.step(event{kind: absent}, began.Add(100*time.Millisecond)) // finish
		if m.state != waiting || m.deadline().Sub(began) != startGap {
			t.Fatalf("%v, until %v after the start", m.state, m.deadline().Sub(began))
		}
		early, due := stepped(began.Add(startGap-1), by), stepped(began.Add(startGap), by)
		if m.deadline().Sub(early) != 1 {
			t.Errorf("set by %v: the loop waits %v for a nanosecond", by, m.deadline().Sub(early))
		}
		m.step(event{kind: ticked}, early)
		if m.state != waiting {
			t.Errorf("set by %v: started too early", by)
		}
		m.step(event{kind: ticked}, due)
		if m.state != up {
			t.Errorf("set by %v: not started when it was due", by)
		}
	}
}
