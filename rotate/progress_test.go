package rotate

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/tailight/tailight/tai64"
)

func someSlot() slot {
	return slot{seq: 7, boot: [16]byte{1, 2, 3}, cut: -1, Progress: Progress{
		Done: 100, InLine: true, Last: tai64.TAI64N{Sec: 5, Nano: 6}, Begin: 200, End: 300, First: tai64.TAI64N{Sec: 8, Nano: 9},
		Places: []Place{
			{Key: 1, Position: Position{Dev: 2, Ino: 3, Born: 4, Size: 5}, Skip: 6, Taking: true},
			{Key: 11, Position: Position{Dev: 12, Ino: 13, Born: -14, Size: 15}, Skip: 16, Closed: true},
		},
		Notes: []Note{{Key: 21, Value: [5]uint64{22, 23, 24, 25, 1<<64 - 1}}},
	}}
}

func encoded(s slot) []byte {
	b := make([]byte, slotSize(s.entries()))
	return b[:s.encode(b)]
}

func TestASlotIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, s := range []slot{someSlot(), {cut: -1}, {cut: 9, Progress: Progress{Places: make([]Place, 40)}},
		{cut: 9, Progress: Progress{Places: make([]Place, 3), Notes: make([]Note, 300)}}, {cut: 9, Progress: Progress{Notes: make([]Note, 1)}}} {
		if got, ok := decodeSlot(encoded(s)); !ok || !reflect.DeepEqual(got, s) {
			t.Errorf("read %+v, %v\nwrote %+v", got, ok, s)
		}
	}
}

// TestATornSlotIsNoSlot tears it at every byte, over an older one and over
// nothing, and turns every bit.
func TestATornSlotIsNoSlot(t *testing.T) {
	t.Parallel()
	s := someSlot()
	b := encoded(s)
	s.seq, s.Done, s.First.Sec = 5, 99, 7
	older := encoded(s)
	for n := range len(b) {
		for _, under := range [][]byte{older, make([]byte, len(b))} {
			torn := append(bytes.Clone(b[:n]), under[n:]...)
			if _, ok := decodeSlot(torn); ok && !bytes.Equal(torn, b) && !bytes.Equal(torn, older) {
				t.Errorf("torn at byte %d, it is valid", n)
			}
		}
		if _, ok := decodeSlot(b[:n]); ok {
			t.Errorf("cut at byte %d, it is valid", n)
		}
		for bit := range 8 {
			turned := bytes.Clone(b)
			turned[n] ^= 1 << bit
			if _, ok := decodeSlot(turned); ok {
				t.Errorf("bit %d of byte %d turned, it is valid", bit, n)
			}
		}
	}
}

func TestEncodingASlotAllocatesNothing(t *testing.T) {
	s, b := someSlot(), make([]byte, 4096)
	if n := testing.AllocsPerRun(100, func() { s.encode(b) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzSlot: no bytes make decodeSlot fail, and what it accepts is written again
// as the same bytes up to what no field holds.
func FuzzSlot(f *testing.F) {
	f.Add(encoded(someSlot()))
	f.Add(make([]byte, slotHead))
	f.Add(bytes.Repeat([]byte{0xff}, 200))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := decodeSlot(b)
		if !ok {
			return
		}
		if again, ok := decodeSlot(encoded(s)); !ok || !reflect.DeepEqual(again, s) {
			t.Fatalf("%+v is written as %+v, %v", s, again, ok)
		}
	})
}
