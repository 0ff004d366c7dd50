package supervise

import (
	"testing"

	"github.com/tailight/tailight/tai64"
)

// fullSaved has another value in every field.
func fullSaved() saved {
	s := saved{seq: 7, world: [16]byte{1, 2, 3, 15: 4}, keeper: identity{5, 6}, pipe: fileID{7, 8}, stdin: fileID{9, 10},
		stdout: fileID{11, 12}, status: [2]uint32{13, 14}}
	s.processes[0] = savedProcess{exists: true, state: finishing, want: Once, paused: true, owed: true, stopped: true,
		id: identity{15, 16}, since: tai64.TAI64N{Sec: 1 << 62, Nano: 17}, status: exit{code: 18, signal: 19},
		next: 20, kill: 21, asked: 22}
	s.processes[1] = savedProcess{exists: true, state: failed, want: Down, leaving: true, fresh: true, status: exit{code: -1, unknown: true}}
	return s
}

func TestASlotComesBackAsItWas(t *testing.T) {
	t.Parallel()
	want := fullSaved()
	var b [slotSize]byte
	want.encode(&b)
	if got, ok := decodeSaved(b[:]); !ok || got != want {
		t.Errorf("%v\n%+v, want\n%+v", ok, got, want)
	}
	for i := range b {
		torn := b
		torn[i] ^= 0x10
		if _, ok := decodeSaved(torn[:]); ok {
			t.Errorf("a slot with another byte %d counts", i)
		}
	}
}

func TestTheNewerSlotThatIsWholeCounts(t *testing.T) {
	t.Parallel()
	older, newer := saved{seq: 8, keeper: identity{pid: 1}}, saved{seq: 9, keeper: identity{pid: 2}}
	b := make([]byte, runningSize)
	older.encode((*[slotSize]byte)(b[slotSize:]))
	newer.encode((*[slotSize]byte)(b))
	if s, ok := parseRunning(b); !ok || s != newer {
		t.Errorf("%v %+v, want %+v", ok, s, newer)
	}
	b[slotSize/2]++
	if s, ok := parseRunning(b); !ok || s != older {
		t.Errorf("with a torn slot %v %+v, want %+v", ok, s, older)
	}
	b[slotSize+slotSize/2]++
	if _, ok := parseRunning(b); ok {
		t.Error("two torn slots count")
	}
	if _, ok := parseRunning(b[:runningSize-1]); ok {
		t.Error("a short file counts")
	}
}

func FuzzRunningIsReadWhole(f *testing.F) {
	s := fullSaved()
	b := make([]byte, runningSize)
	s.encode((*[slotSize]byte)(b))
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := parseRunning(b)
		if !ok {
			return
		}
		var again [slotSize]byte
		for i := range s.processes {
			if s.processes[i].pending() {
				s.processes[i].id.pid = 0
			}
		}
		s.encode(&again)
		if got, ok := decodeSaved(again[:]); !ok || got != s {
			t.Errorf("%+v came back as %+v", s, got)
		}
	})
}
