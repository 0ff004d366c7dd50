package rotate

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"maps"
	"math/rand/v2"
	"slices"
)

// What a power loss leaves of a memDisk. The assumptions, in the order of
// their weight:
//
//  1. What was synced is there: content and mode of a file after its sync,
//     the entries of the directory after its sync, each apart from the other.
//     Syncing a file does not make its entry durable.
//  2. The file system applies changes of the directory in their order, so that
//     of those since the last sync some first ones survive, from none to all.
//     Journalling file systems keep this; 0.76 relies on it as well.
//  3. Of content that was not synced any first part may be there, or all of
//     it, or as many zeros: sizes and blocks reach the disk by separate ways.
//     A file that was truncated may have its old, synced content.
//  4. A mode that was not synced is the old or the new one, or any that the file
//     has had in between, whatever became of the content.
//
// A sync that fails leaves what it had to write as if it were written: a later
// one that works puts only that on disk which was written since.

// op is a kind of change of the directory.
type op int

const (
	setEntry  op = iota // the entry name is now the file in
	moveEntry           // likewise, and the entry from is no more
	dropEntry           // the entry name is no more
)

// change is one change of the directory.
type change struct {
	op         op
	from, name string
	in         *inode
}

func (c change) apply(entries map[string]*inode) {
	switch c.op {
	case moveEntry:
		delete(entries, c.from)
		entries[c.name] = c.in
	case setEntry:
		entries[c.name] = c.in
	case dropEntry:
		delete(entries, c.name)
	}
}

// change does a change of the directory and remembers it. The caller holds mu.
func (d *memDisk) change(c change) {
	c.apply(d.entries)
	d.pending = append(d.pending, c)
}

// rest says what becomes of content that was not synced.
type rest int

const (
	absent rest = iota
	half
	zeros
	whole
	rests // how many there are
)

// modes says which of its modes a file has.
type modes int

const (
	oldMode modes = iota
	newMode
	marked // one with the owner-execute bit, if there was any since the last sync
	allModes
)

// loss is one way in which the power may fail.
type loss struct {
	changes int                // of the directory that survive
	content func(*inode) rest  // of each file
	mode    func(*inode) modes // likewise of its mode
	name    string             // for messages
}

// losses lists the ways in which the power may fail now: each prefix of the
// changes, with every file treated alike, and some with each file by chance.
func (d *memDisk) losses(rnd *rand.Rand) []loss {
	var all []loss
	for k := range len(d.pending) + 1 {
		for r := range rests {
			for m := range allModes {
				all = append(all, loss{
					changes: k,
					content: func(*inode) rest { return r },
					mode:    func(*inode) modes { return m },
					name:    fmt.Sprintf("%d changes, content %d, modes %d", k, r, m),
				})
			}
		}
		seed := rnd.Uint64()
		all = append(all, loss{
			changes: k,
			content: func(in *inode) rest { return rest(rand.New(rand.NewPCG(seed, in.number)).IntN(int(rests))) },
			mode:    func(in *inode) modes { return modes(rand.New(rand.NewPCG(seed+1, in.number)).IntN(int(allModes))) },
			name:    fmt.Sprintf("%d changes, rest by seed %d", k, seed),
		})
	}
	return all
}

// crash returns the disk as that loss of power leaves it. All of it is durable.
func (d *memDisk) crash(l loss) *memDisk {
	before := d.copyOf()
	after := newDisk()
	after.inodes = before.inodes
	after.entries = maps.Clone(before.durable)
	for _, c := range before.pending[:l.changes] {
		c.apply(after.entries)
	}
	after.durable = maps.Clone(after.entries)
	done := map[*inode]bool{}
	for _, in := range after.entries {
		if !done[in] {
			done[in] = true
			in.lose(l)
		}
	}
	return after
}

// lose turns a file into what the disk has of it.
func (in *inode) lose(l loss) {
	switch l.mode(in) {
	case oldMode:
		in.mode = in.syncedMode
	case marked:
		for _, mode := range in.modes {
			if mode&0o100 != 0 {
				in.mode = mode
			}
		}
	}
	certain, more := in.synced, []byte(nil)
	if bytes.HasPrefix(in.data, in.synced) {
		more = in.data[len(in.synced):]
	} else if l.content(in) != absent {
		certain, more = nil, in.data // truncated since, and that has survived
	}
	switch l.content(in) {
	case absent:
		more = nil
	case half:
		more = more[:len(more)/2]
	case zeros:
		more = make([]byte, len(more))
	}
	in.data = append(slices.Clone(certain), more...)
	in.synced, in.syncedMode, in.modes = slices.Clone(in.data), in.mode, nil
}

// fingerprint tells disks apart that are all durable.
func (d *memDisk) fingerprint() string {
	var h maphash.Hash
	h.SetSeed(fingerprints)
	for _, name := range slices.Sorted(maps.Keys(d.entries)) {
		in := d.entries[name]
		fmt.Fprintf(&h, "%s %d %o %d ", name, in.number, in.mode, len(in.data))
		h.Write(in.data)
	}
	return fmt.Sprint(h.Sum64())
}

var fingerprints = maphash.MakeSeed()
