//go:build linux

package supervise

import (
	"os"
	"reflect"
	"testing"
	"time"
)

// The renewal of a process is tested in cmd/tailight.

func TestWhatAScannerSavesIsRestored(t *testing.T) {
	t.Parallel()
	now := time.Now()
	child := half{pid: 1 << 30, dir: fileID{1, 2}, has: fileID{3, 4}, foreign: true, next: now.Add(time.Second)}
	self := findSurvivor(identity{os.Getpid(), bornOf(os.Getpid())})
	defer self.close()
	saved := &Scanner{guard: guard{fd: -1}, order: []*slot{
		{id: fileID{5, 6}, name: "a b\n\"c\"", pipe: [2]int{-1, -1}, seen: true, listed: true, main: child, log: half{next: now}},
		{id: fileID{7, 8}, name: "x", refused: true, pipe: [2]int{-1, -1}, main: half{pid: self.pid, old: self, next: now}, log: half{next: now}},
	}}
	state, keep := saved.save(now)
	if len(keep) != 0 {
		t.Errorf("keeps %v", keep)
	}
	s := &Scanner{slots: map[fileID]*slot{}, halves: map[int]*half{}}
	if err := s.restore(state, now); err != nil {
		t.Fatal(err)
	}
	old := s.order[1].main.old
	if old == nil || old.identity != self.identity {
		t.Fatalf("the one that was taken over is %+v", old)
	}
	defer old.close()
	s.order[1].main.old = self
	for i, want := range saved.order {
		if got := s.order[i]; !reflect.DeepEqual(got, want) || s.slots[got.id] != got {
			t.Errorf("restored %+v, want %+v", got, want)
		}
	}
	if len(s.halves) != 2 || s.halves[child.pid] != &s.order[0].main {
		t.Errorf("knows the processes %v", s.halves)
	}
	for _, bad := range []string{"", "x\n", RenewedFormat + "-1 false\n1 2\n", RenewedFormat + "x\n"} {
		if err := new(Scanner).restore(bad, now); err == nil {
			t.Errorf("%q was restored", bad)
		}
	}
}
