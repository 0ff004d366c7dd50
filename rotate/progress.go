package rotate

import (
	"encoding/binary"
	"hash/fnv"

	"github.com/tailight/tailight/tai64"
)

// Progress says how far the input of a spool is in its destinations. It is
// written after every batch, and wherever a directory changes its current, so
// that it is always true of what a killed writer leaves:
//
//   - everything before Done is in every destination;
//   - of what comes after Done, a destination has the first Skip bytes in files
//     that are finished, or before its Position, and whatever lies beyond its Position in current. The
//     latter is cut off and written again.
//
// Whoever goes on does so from Done, and has to come to the same lines, byte for
// byte: so the stamps are written down as well, before they are used.
type Progress struct {
	Done   int64        // offset in the spool
	InLine bool         // Done lies within a line whose start is in its destinations
	Last   tai64.TAI64N // the last stamp given before Done

	// First is the stamp of the first line that begins between Begin and End.
	Begin, End int64
	First      tai64.TAI64N

	Places []Place
	Notes  []Note
}

// Note is what another kind of destination, or the way to one, has to know of
// what came before Done. What it means is for its writer to say.
type Note struct {
	Key   uint64
	Value [5]uint64
}

// Note returns the note with that key, nil if there is none.
func (p *Progress) Note(key uint64) *Note {
	for i := range p.Notes {
		if p.Notes[i].Key == key {
			return &p.Notes[i]
		}
	}
	return nil
}

// Place is one destination's part of a Progress.
type Place struct {
	Key      uint64 // of the directory
	Position Position
	Skip     int64
	Taking   bool // gets the line that Done lies in; if InLine
	Closed   bool // its current ends here: what lies beyond is somebody else's
}

// Position is a place in a log directory: the first Size bytes of a file that
// is its current. The zero value is no file.
type Position struct {
	Dev, Ino uint64
	Born     int64 // when the file was made, where that is known: inode numbers come again
	Size     int64
}

func (p Position) id() fileID { return fileID{p.Dev, p.Ino} }

// key tells log directories apart by their files lock, which nobody ever
// replaces: a directory may be moved, or be given by another name.
func key(lock fileID) uint64 {
	h := fnv.New64a()
	b := binary.LittleEndian.AppendUint64(nil, lock.dev)
	_, _ = h.Write(binary.LittleEndian.AppendUint64(b, lock.ino))
	return h.Sum64()
}

// Place returns the part of the directory with that key, nil if there is none.
func (p *Progress) Place(key uint64) *Place {
	for i := range p.Places {
		if p.Places[i].Key == key {
			return &p.Places[i]
		}
	}
	return nil
}

// The file progress begins with the number of bytes in the spool, 8 bytes in the
// order of the machine, for splice(2) counts them. At byte 64 there are two
// slots, little-endian:
//
//	bytes  0-3   sum of all that follows, to the end of the last place
//	       4-7   number of places, notes among them
//	       8-15  sequence number: the higher one of two valid slots counts
//	      16-31  boot id
//	      32-39  Done
//	      40-47  how many bytes there are in the spool whatever its number says, or -1
//	      48-59  Last, packed as a TAI64N label
//	      60     1 if InLine
//	      61-63  number of notes
//	      64-71  Begin
//	      72-79  End
//	      80-91  First, packed likewise
//	      96-    places of 48 bytes: Key, Dev, Ino, Born, Size, and Skip with Taking
//	             in its highest bit and Closed in the next
//	             and after them the notes: Key, Value
//
// They are written in turn: one that was being written when the
// process was killed has a wrong sum, and the other one is what was true before.
const (
	recordHead = 64 // on disk; fixed
	slotHead   = 96 // on disk; fixed
	placeSize  = 48 // on disk; fixed

	takingBit = 1 << 63 // on disk; fixed
	closedBit = 1 << 62 // on disk; fixed
)

// sum tells a slot that is whole from one of which a part is older. The tables
// of a CRC would cost every process 16 kB.
func sum(b []byte) uint32 {
	const odd = 0x9e3779b97f4a7c15 // on disk; fixed
	h := uint64(len(b))
	mix := func(v uint64) { h = (h ^ v) * odd; h ^= h >> 29 }
	for ; len(b) >= 8; b = b[8:] {
		mix(binary.LittleEndian.Uint64(b))
	}
	for _, c := range b {
		mix(uint64(c))
	}
	return uint32(h>>32) ^ uint32(h)
}

// slot is a decoded slot.
type slot struct {
	seq  uint64
	boot [16]byte
	cut  int64 // -1: the number of bytes is what it should be
	Progress
}

// entries is how many places and notes there are.
func (p *Progress) entries() int { return len(p.Places) + len(p.Notes) }

func slotSize(places int) int { return (slotHead + places*placeSize + 63) &^ 63 }

// encode writes a slot into b and returns its length. It allocates nothing.
func (s *slot) encode(b []byte) int {
	le := binary.LittleEndian
	le.PutUint32(b[4:], uint32(s.entries()))
	le.PutUint64(b[8:], s.seq)
	copy(b[16:], s.boot[:])
	le.PutUint64(b[32:], uint64(s.Done))
	le.PutUint64(b[40:], uint64(s.cut))
	putLabel(b[48:], s.Last)
	le.PutUint32(b[60:], uint32(len(s.Notes))<<8|bit(s.InLine))
	le.PutUint64(b[64:], uint64(s.Begin))
	le.PutUint64(b[72:], uint64(s.End))
	putLabel(b[80:], s.First)
	at := slotHead
	for i := range s.Places {
		p := &s.Places[i]
		pos := p.Position
		for j, v := range [...]uint64{p.Key, pos.Dev, pos.Ino, uint64(pos.Born), uint64(pos.Size), p.skipAndBits()} {
			le.PutUint64(b[at+8*j:], v)
		}
		at += placeSize
	}
	for i := range s.Notes {
		n := &s.Notes[i]
		le.PutUint64(b[at:], n.Key)
		for j, v := range n.Value {
			le.PutUint64(b[at+8+8*j:], v)
		}
		at += placeSize
	}
	le.PutUint32(b, sum(b[4:at]))
	return at
}

func (p *Place) skipAndBits() uint64 {
	v := uint64(p.Skip)
	if p.Taking {
		v |= takingBit
	}
	if p.Closed {
		v |= closedBit
	}
	return v
}

func putLabel(b []byte, l tai64.TAI64N) {
	binary.BigEndian.PutUint64(b, l.Sec)
	binary.BigEndian.PutUint32(b[8:], l.Nano)
}

func getLabel(b []byte) tai64.TAI64N {
	return tai64.TAI64N{Sec: binary.BigEndian.Uint64(b), Nano: binary.BigEndian.Uint32(b[8:])}
}

func bit(set bool) uint32 {
	if set {
		return 1
	}
	return 0
}

// decodeSlot reads a slot; ok is false for one that is not whole.
func decodeSlot(b []byte) (s slot, ok bool) {
	le := binary.LittleEndian
	if len(b) < slotHead {
		return s, false
	}
	places := int64(le.Uint32(b[4:]))
	end := slotHead + places*placeSize
	if end > int64(len(b)) || sum(b[4:end]) != le.Uint32(b) {
		return s, false
	}
	s.seq, s.cut, s.Done = le.Uint64(b[8:]), int64(le.Uint64(b[40:])), int64(le.Uint64(b[32:]))
	copy(s.boot[:], b[16:])
	s.Last, s.InLine = getLabel(b[48:]), b[60] != 0
	s.Begin, s.End, s.First = int64(le.Uint64(b[64:])), int64(le.Uint64(b[72:])), getLabel(b[80:])
	notes := int64(le.Uint32(b[60:]) >> 8)
	if notes > places {
		return s, false
	}
	for at := int64(slotHead); at < end; at += placeSize {
		var v [6]uint64
		for j := range v {
			v[j] = le.Uint64(b[at+8*int64(j):])
		}
		if at >= end-notes*placeSize {
			s.Notes = append(s.Notes, Note{v[0], [5]uint64(v[1:])})
			continue
		}
		s.Places = append(s.Places, Place{
			Key: v[0], Position: Position{Dev: v[1], Ino: v[2], Born: int64(v[3]), Size: int64(v[4])},
			Skip: int64(v[5] &^ (takingBit | closedBit)), Taking: v[5]&takingBit != 0, Closed: v[5]&closedBit != 0,
		})
	}
	return s, 0 <= s.Done && s.Done <= s.Begin && s.Begin <= s.End && s.cut >= -1
}
