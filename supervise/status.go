package supervise

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/tailight/tailight/tai64"
)

// The lengths of a status record.
const (
	recordSize   = 18             // of 0.76; on disk; fixed
	extendedSize = recordSize + 2 // of daemontools-encore; on disk; fixed
	loggedSize   = 2 * extendedSize
)

// ErrFormat is the error of a status record that is too short.
var ErrFormat = errors.New("bad format")

// Want is what supervise does when the service is down.
type Want byte

// What can be wanted.
const (
	Up   Want = 'u' // start it again; on disk; fixed
	Down Want = 'd' // leave it down; on disk; fixed
	Once Want = 0   // leave it down, but it was not told to end; on disk; fixed
)

// String returns "up", "down" or "once".
func (w Want) String() string {
	switch w {
	case Up:
		return "up"
	case Down:
		return "down"
	}
	return "once"
}

// Phase is the state that daemontools-encore adds to the record.
type Phase uint8

// The phases. On disk; fixed.
const (
	PhaseStopped Phase = iota
	PhaseStarting
	PhaseStarted
	PhaseRunning
	PhaseStopping
	PhaseFailed
)

// String returns the word that the svstat of daemontools-encore prints.
func (p Phase) String() string {
	words := [...]string{"stopped", "starting", "started", "running", "stopping", "failed"}
	if int(p) < len(words) {
		return words[p]
	}
	return "status unknown"
}

// Record is the status of a service as 0.76 has it.
//
//	bytes  0-7   seconds of Since, big-endian
//	       8-11  nanoseconds of Since, big-endian
//	      12-15  PID, little-endian
//	      16     1 if Paused, else 0
//	      17     Want
type Record struct {
	Since  tai64.TAI64N // of the last change of PID
	PID    int          // 0 if the service is down
	Paused bool         // up, and told to pause
	Want   Want
}

// Status is a whole status file. Its forms:
//
//	18 bytes  a Record
//	20 bytes  a Record, Phase, a zero byte
//	40 bytes  the same twice: the service, and the log service that the same
//	          supervise runs
//
// A reader of a shorter form finds it at the start of each longer one.
type Status struct {
	Record
	Extended bool // Phase is part of the record
	Phase    Phase
	Log      *Status // the log service, extended itself; nil if there is none
}

// AppendBinary appends the record to b: 18 bytes, or 20 if it is extended, or
// 40 if it has a log, which implies that both are extended. It refuses a PID
// that has no place in the record.
func (s Status) AppendBinary(b []byte) ([]byte, error) {
	if s.PID < 0 || int64(s.PID) > math.MaxUint32 {
		return b, fmt.Errorf("status record: pid %d is out of range", s.PID)
	}
	b = binary.BigEndian.AppendUint64(b, s.Since.Sec)
	b = binary.BigEndian.AppendUint32(b, s.Since.Nano)
	b = binary.LittleEndian.AppendUint32(b, uint32(s.PID))
	paused := byte(0)
	if s.Paused {
		paused = 1
	}
	b = append(b, paused, byte(s.Want))
	if !s.Extended && s.Log == nil {
		return b, nil
	}
	b = append(b, byte(s.Phase), 0)
	if s.Log == nil {
		return b, nil
	}
	log := *s.Log
	log.Extended, log.Log = true, nil
	return log.AppendBinary(b)
}

// ParseStatus reads the longest form that b holds and ignores what is left.
// As the readers of 0.76 it takes every field for what it is: Since may be no
// valid label, Want any byte.
func ParseStatus(b []byte) (Status, error) {
	if len(b) < recordSize {
		return Status{}, ErrFormat
	}
	s := Status{Record: Record{
		Since:  tai64.TAI64N{Sec: binary.BigEndian.Uint64(b), Nano: binary.BigEndian.Uint32(b[8:])},
		PID:    int(binary.LittleEndian.Uint32(b[12:])),
		Paused: b[16] != 0,
		Want:   Want(b[17]),
	}}
	if len(b) < extendedSize {
		return s, nil
	}
	s.Extended, s.Phase = true, Phase(b[18])
	if len(b) >= loggedSize {
		log, err := ParseStatus(b[extendedSize:loggedSize])
		if err != nil {
			return Status{}, err
		}
		s.Log = &log
	}
	return s, nil
}
