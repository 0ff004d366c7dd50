package tai64

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Two clocks see the same readings; one is formatted stamp by stamp.
func TestStampsEqualFormattingEachAnew(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	now := clockStart
	read := func() time.Time { return now }
	fast, slow := &Clock{Now: read}, &Clock{Now: read}
	s := NewStamper(fast)
	for range 600 {
		// Batches often begin just below a carry in the digits or the seconds.
		now = now.Add(time.Duration(rnd.Int64N(int64(time.Millisecond))))
		if rnd.IntN(3) == 0 {
			at := []int64{0xff, 0xffff, 0xfffff, 0xffffff, 0x1fffffff, 999999999}[rnd.IntN(6)]
			now = time.Unix(now.Unix()+1, at-rnd.Int64N(40))
		}
		fast.Read()
		slow.Read()
		for range rnd.IntN(600) {
			if rnd.IntN(100) == 0 { // another user of the clock
				fast.Next()
				slow.Next()
			}
			checkStamp(t, s, slow.Next())
		}
	}
}

func checkStamp(t *testing.T, s *Stamper, want TAI64N) {
	t.Helper()
	var room [64]byte
	if got := string(s.Append(append(room[:0], "abc"...))); got != "abc"+want.String()+" " {
		t.Fatalf("got %q, want %q", got, "abc"+want.String()+" ")
	}
}

func TestAStampGrowsAFullSlice(t *testing.T) {
	t.Parallel()
	c := &Clock{Now: func() time.Time { return clockStart }}
	s := Stamper{Clock: c}
	want := At(clockStart)
	for spare := range stampSize + 2 {
		dst := append(make([]byte, 0, 3+spare), "abc"...)
		if got := string(s.Append(dst)); got != "abc"+want.String()+" " {
			t.Errorf("%d bytes spare: got %q", spare, got)
		}
		want = want.next()
	}
}

func TestTheFirstLabelOfAllIsWritten(t *testing.T) {
	t.Parallel()
	now := time.Unix(1<<40, 0)
	c := &Clock{Now: func() time.Time { return now }}
	c.Next()
	now = time.Unix(-epoch, 0)
	c.Read()
	if got := string(NewStamper(c).Append(nil)); got != firstLabel.String()+" " {
		t.Errorf("got %q", got)
	}
}

func TestStampsAllocateNothing(t *testing.T) {
	s := NewStamper(&Clock{})
	buf := make([]byte, 0, stampSize)
	allocs := testing.AllocsPerRun(1000, func() { buf = s.Append(buf[:0]) })
	allocs += testing.AllocsPerRun(1000, func() { s.Clock.Read(); buf = s.Append(buf[:0]) })
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkStamper(b *testing.B) {
	s := NewStamper(&Clock{})
	buf := make([]byte, 0, stampSize)
	b.ReportAllocs()
	for b.Loop() {
		buf = s.Append(buf[:0])
	}
}
