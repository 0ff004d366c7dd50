package supervise

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// The kernel has written the pid into the cell, and then the supervise was
// killed.
func TestAProcessThatWasJustMadeIsFoundInItsCell(t *testing.T) {
	t.Parallel()
	me := identity{os.Getpid(), bornOf(os.Getpid())}
	for _, c := range []struct {
		what  string
		asked uint64
		cell  int
		want  identity
	}{
		{"that was asked for before it was made", me.born - 1, me.pid, me},
		{"that was asked for in the tick in which it was made", me.born, me.pid, me},
		{"that is older, so that its pid is another's", me.born + 1, me.pid, identity{}},
		{"that was not made", me.born, 0, identity{}},
	} {
		s := saved{seq: 1, world: world(), keeper: me}
		s.processes[1] = savedProcess{exists: true, state: up, asked: c.asked}
		var slot [slotSize]byte
		s.encode(&slot)
		b := append(slot[:], make([]byte, runningSize-slotSize)...)
		binary.LittleEndian.PutUint32(b[cellsAt+cellSize:], uint32(c.cell))
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "running"), b, 0o644); err != nil {
			t.Fatal(err)
		}
		if main, log, _, _ := kept(dir); main != (identity{}) || log != c.want {
			t.Errorf("one %s: %v and %v, want %v", c.what, main, log, c.want)
		}
		if pid, ok := Keeper(dir); pid != me.pid || !ok {
			t.Errorf("Keeper: %d, %v", pid, ok)
		}
	}
}

func TestARecordOfAnotherWorldSaysNothing(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"another boot", "no world", "another start", "zombie"} {
		s := saved{seq: 1, world: world(), keeper: identity{os.Getpid(), bornOf(os.Getpid())}}
		switch what {
		case "another boot":
			s.world[3]++
		case "no world":
			s.world = [16]byte{}
		case "another start":
			s.keeper.born++
		case "zombie":
			pid := zombie(t)
			s.keeper = identity{pid, bornOf(pid)}
		}
		var slot [slotSize]byte
		s.encode(&slot)
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "running"), append(slot[:], make([]byte, runningSize-slotSize)...), 0o644); err != nil {
			t.Fatal(err)
		}
		if pid, ok := Keeper(dir); ok {
			t.Errorf("%s: %d keeps it", what, pid)
		}
	}
	if pid, ok := Keeper(t.TempDir()); ok {
		t.Errorf("without a file %d keeps it", pid)
	}
}
