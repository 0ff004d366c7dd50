package logpipe

import (
	"encoding/binary"
	"hash/fnv"

	"github.com/tailight/tailight/rotate"
)

// noted is what has something to remember over a kill that is not in a
// directory's place.
type noted interface {
	// key tells it from all others of its script, also in the next process.
	key() uint64
	// account returns what is to be known of everything before Done.
	account(inLine bool) [5]uint64
	// restore makes it stand where one stood that gave this account.
	restore(value [5]uint64)
}

// noteKey is the key of what belongs to an outlet.
func noteKey(what string, outlet int) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(what))
	_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, uint64(outlet)))
	return h.Sum64()
}

// note makes n one of those that are written down, and returns its number.
func (in *intake) note(n noted) int {
	in.notes = append(in.notes, n)
	in.prog.Notes = append(in.prog.Notes, rotate.Note{Key: n.key(), Value: n.account(false)})
	return len(in.notes) - 1
}

// remember restores all that a killed pipe has noted.
func (in *intake) remember(held *rotate.Progress) {
	for i, n := range in.notes {
		if h := held.Note(n.key()); h != nil {
			in.prog.Notes[i] = *h
			n.restore(h.Value)
		}
	}
}

// takingBit says, in an account, that the outlet gets the line that Done lies in.
const takingBit = 1 << 63
