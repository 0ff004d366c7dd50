package supervise

import (
	"encoding/binary"
	"time"

	"github.com/tailight/tailight/tai64"
)

// saved is what the file running says: which supervise keeps the service, which
// processes it runs, and the state of their machines, so that another supervise
// can go on where that one was killed.
type saved struct {
	seq    uint64
	world  [16]byte
	keeper identity
	pipe   fileID // between run and log, with encore
	stdin  fileID // of the supervise, and so of the service
	stdout fileID
	status [2]uint32 // sums of the last status record, and of the next one

	processes [2]savedProcess // run and log
}

// savedProcess is a machine and its process. A state that has a script and no
// process will ask for it; from asked on, if that is not 0, the kernel says in
// the cell whether there is one.
type savedProcess struct {
	exists          bool
	state           state
	want            Want
	paused, leaving bool
	owed, fresh     bool
	stopped         bool
	id              identity
	since           tai64.TAI64N
	status          exit
	next, kill      int64  // nanoseconds of the monotonic clock; 0: none
	asked           uint64 // ticks
}

// The file running is two slots and two cells, little-endian. The slots are
// written in turn: one that was being written when the process was killed has a
// wrong sum, and the other one is what was true before.
//
//	bytes  0-3    sum of all that follows
//	       4-7    version
//	       8-15   sequence number: the higher one of two valid slots counts
//	      16-31   world
//	      32-39   start time of the supervise
//	      40-43   its pid
//	      48-63   dev and ino of the pipe
//	      64-95   the same of its descriptors 0 and 1
//	      96-103  sums of two status records
//	     104-     run, and then log, 72 bytes each
//
//	bytes  0      state
//	       1      want
//	       2-3    bits: exists, paused, leaving, owed, fresh, stopped, status unknown
//	       4-7    pid
//	       8-15   start time
//	      16-27   since, packed as a TAI64N label
//	      28-35   code and signal of the last end
//	      40-63   next, kill and asked
//
// A cell is the pid of the process that was made last for run, or for log: the
// kernel writes it before the process can do anything.
const (
	slotSize    = 256 // on disk; fixed
	cellsAt     = 2 * slotSize
	cellSize    = 4
	runningSize = cellsAt + 2*cellSize

	processAt    = 104 // on disk; fixed
	savedSize    = 72  // on disk; fixed
	savedVersion = 1   // on disk; a change of what the bytes mean is another one
)

// encode writes a slot. It allocates nothing.
func (s *saved) encode(b *[slotSize]byte) {
	le := binary.LittleEndian
	clear(b[:])
	le.PutUint32(b[4:], savedVersion)
	le.PutUint64(b[8:], s.seq)
	copy(b[16:], s.world[:])
	le.PutUint64(b[32:], s.keeper.born)
	le.PutUint32(b[40:], uint32(s.keeper.pid))
	for i, id := range [...]fileID{s.pipe, s.stdin, s.stdout} {
		le.PutUint64(b[48+16*i:], id.dev)
		le.PutUint64(b[56+16*i:], id.ino)
	}
	le.PutUint32(b[96:], s.status[0])
	le.PutUint32(b[100:], s.status[1])
	for i := range s.processes {
		s.processes[i].encode(b[processAt+savedSize*i:])
	}
	le.PutUint32(b[:], sumOf(b[4:]))
}

func (p *savedProcess) flags() (f uint16) {
	for i, is := range [...]bool{p.exists, p.paused, p.leaving, p.owed, p.fresh, p.stopped, p.status.unknown} {
		if is {
			f |= 1 << i
		}
	}
	return f
}

func (p *savedProcess) encode(b []byte) {
	le := binary.LittleEndian
	b[0], b[1] = byte(p.state), byte(p.want)
	le.PutUint16(b[2:], p.flags())
	le.PutUint32(b[4:], uint32(p.id.pid))
	le.PutUint64(b[8:], p.id.born)
	binary.BigEndian.PutUint64(b[16:], p.since.Sec)
	binary.BigEndian.PutUint32(b[24:], p.since.Nano)
	le.PutUint32(b[28:], uint32(p.status.code))
	le.PutUint32(b[32:], uint32(p.status.signal))
	le.PutUint64(b[40:], uint64(p.next))
	le.PutUint64(b[48:], uint64(p.kill))
	le.PutUint64(b[56:], p.asked)
}

// decodeSaved reads a slot; ok is false for one that is not whole.
func decodeSaved(b []byte) (s saved, ok bool) {
	le := binary.LittleEndian
	if len(b) < slotSize || le.Uint32(b) != sumOf(b[4:slotSize]) || le.Uint32(b[4:]) != savedVersion {
		return s, false
	}
	s.seq = le.Uint64(b[8:])
	copy(s.world[:], b[16:])
	s.keeper = identity{int(le.Uint32(b[40:])), le.Uint64(b[32:])}
	for i, id := range [...]*fileID{&s.pipe, &s.stdin, &s.stdout} {
		*id = fileID{le.Uint64(b[48+16*i:]), le.Uint64(b[56+16*i:])}
	}
	s.status = [2]uint32{le.Uint32(b[96:]), le.Uint32(b[100:])}
	for i := range s.processes {
		s.processes[i] = decodeProcess(b[processAt+savedSize*i:])
		ok = int(s.processes[i].state) < states
		if !ok {
			break
		}
	}
	return s, ok
}

func decodeProcess(b []byte) (p savedProcess) {
	le := binary.LittleEndian
	p.state, p.want = state(b[0]), Want(b[1])
	flags := le.Uint16(b[2:])
	for i, is := range [...]*bool{&p.exists, &p.paused, &p.leaving, &p.owed, &p.fresh, &p.stopped, &p.status.unknown} {
		*is = flags>>i&1 != 0
	}
	p.id = identity{int(le.Uint32(b[4:])), le.Uint64(b[8:])}
	p.since = tai64.TAI64N{Sec: binary.BigEndian.Uint64(b[16:]), Nano: binary.BigEndian.Uint32(b[24:])}
	p.status.code, p.status.signal = int(int32(le.Uint32(b[28:]))), int(int32(le.Uint32(b[32:])))
	p.next, p.kill, p.asked = int64(le.Uint64(b[40:])), int64(le.Uint64(b[48:])), le.Uint64(b[56:])
	return p
}

// parseRunning reads the whole file: the newer slot, and the pids in the cells.
// A process whose pid is not in the slot yet gets it from its cell, with the
// start time 0.
func parseRunning(b []byte) (s saved, ok bool) {
	if len(b) < runningSize {
		return s, false
	}
	for at := 0; at < cellsAt; at += slotSize {
		if one, valid := decodeSaved(b[at:]); valid && (!ok || one.seq > s.seq) {
			s, ok = one, true
		}
	}
	for i := range s.processes {
		if p := &s.processes[i]; p.pending() {
			p.id = identity{pid: int(binary.LittleEndian.Uint32(b[cellsAt+cellSize*i:]))}
		}
	}
	return s, ok
}

// pending reports whether a script has been asked for, and what came of it is
// not known.
func (p *savedProcess) pending() bool {
	return p.state.script() != "" && p.id.born == 0 && p.asked != 0
}

// sumOf tells a slot that is whole from one of which a part is older (FNV-1a).
func sumOf(b []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range b {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}

// sinceTicks is when something was, by the clock of start times.
func sinceTicks(then, present uint64, now time.Time) time.Time {
	if then > present {
		return now
	}
	return now.Add(-time.Duration(present-then) * (time.Second / 100))
}
