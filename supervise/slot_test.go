package supervise

import (
	"syscall"
	"testing"
	"time"
)

var slotEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const exit111 = syscall.WaitStatus(111 << 8)

func TestASuperviseIsStartedAgain(t *testing.T) {
	t.Parallel()
	after := func(d time.Duration) time.Time { return slotEpoch.Add(d) }
	for _, c := range []struct {
		name   string
		status syscall.WaitStatus
		died   time.Duration // after its start
		again  time.Duration
	}{
		{"at once if it was killed", syscall.WaitStatus(syscall.SIGKILL), 7 * time.Second, 7 * time.Second},
		{"at once if it failed after long", exit111, 7 * time.Second, 7 * time.Second},
		{"but not twice within a sweep", exit111, time.Second, sweepGap},
		{"at the next sweep if it was told to leave", 0, 7 * time.Second, 7*time.Second + sweepGap},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := half{pid: 1, next: after(sweepGap)}
			h.ended(c.status, after(c.died+sweepGap))
			first := after(c.died)
			if h.next.After(first) {
				first = h.next
			}
			if got := first.Sub(slotEpoch); got != c.again {
				t.Errorf("started again after %v, want %v", got, c.again)
			}
			if !h.due(after(c.again)) || h.due(after(c.again-1)) && c.again != c.died {
				t.Error("due does not agree")
			}
		})
	}
}

// A slot for which nothing is due asks for no timer.
func TestASlotHasADeadlineOnlyIfSomethingIsDue(t *testing.T) {
	t.Parallel()
	soon, later := slotEpoch.Add(time.Second), slotEpoch.Add(time.Minute)
	for _, c := range []struct {
		name string
		slot slot
		want time.Time
	}{
		{"both run", slot{seen: true, logged: true, main: half{pid: 1, next: soon}, log: half{pid: 2, next: soon}}, time.Time{}},
		{"it runs and has no log", slot{seen: true, main: half{pid: 1, next: soon}}, time.Time{}},
		{"it waits", slot{seen: true, main: half{next: soon}}, soon},
		{"its log waits", slot{seen: true, logged: true, main: half{pid: 1}, log: half{next: later}}, later},
		{"both wait", slot{seen: true, logged: true, main: half{next: later}, log: half{next: soon}}, soon},
		{"it was removed", slot{main: half{next: soon}}, time.Time{}},
		{"it was told to end", slot{seen: true, stopping: true, main: half{pid: 1, next: soon}}, time.Time{}},
		{"it could not be told to end", slot{stopping: true, ask: later, main: half{pid: 1, next: soon}}, later},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.slot.deadline(); !got.Equal(c.want) {
				t.Errorf("deadline %v, want %v", got, c.want)
			}
		})
	}
}
