package rotate

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// errDead is what every call of a process returns after its death. Nothing it
// does changes the disk any more.
var errDead = errors.New("the process is dead")

// fault says what happens to one call.
type fault int

const (
	none        fault = iota
	dieBefore         // the process dies and the call has had no effect
	dieAfter          // the process dies and the call has had its effect
	failWithout       // an error, and no effect
	failWith          // an error, and the effect all the same
	failShort         // a write is cut in half, and the next one fails
	failSealed        // the disk can be read only, from there on
)

func (f fault) String() string {
	return [...]string{"no fault", "die before", "die after", "fail without effect",
		"fail with effect", "short write, then no space", "read-only"}[f]
}

// memDisk holds the entries of one log directory, its open files and what of
// them would survive a power loss (see crash). Processes come and go (restart);
// only the latest one can do anything.
type memDisk struct {
	mu       sync.Mutex // guards all below
	entries  map[string]*inode
	inodes   uint64 // made so far
	dev      uint64
	boot     [16]byte // all zero: nobody can tell
	locked   bool
	life     int // restarts so far
	dead     bool
	calls    int      // calls of the present process that were numbered
	log      []string // those calls, as the transcript shows them
	at       int      // the call that plan is for, 0: none
	plan     fault
	errno    syscall.Errno
	full     bool // the next write fails (failShort)
	sealed   int  // changes that will be refused from the call at on (failSealed)
	injected int  // errors that the plan has caused
	open     int  // open files and directories of the present process
	space    int  // bytes that the files of logs may have together; 0: no end
	splices  int  // so far, in all lives
	looks    int  // at windows, so far, in all lives
	flaky    int  // every so manyth write to current fails; 0: none
	tries    int  // to write to current, in all lives
	landed   int  // bytes that went to current in all lives
	promised int  // bytes of the input that are on disk for certain

	given []given // archives that were removed

	durable map[string]*inode // the entries as of the last sync of the directory
	pending []change          // the changes since, in their order

	gate  func()         // called before each call; nil: none
	watch func(*memDisk) // called with mu held before each call; nil: none
}

// inode is a file.
type inode struct {
	number uint64
	data   []byte
	mode   fs.FileMode
	isDir  bool
	others uint64 // names that it has in other directories

	synced     []byte        // content as of the last sync
	syncedMode fs.FileMode   // mode as of the last sync, or at its creation
	modes      []fs.FileMode // since then
	lost       int           // from here
	until      int           // to here a sync has failed, and no later one writes it
}

func newDisk() *memDisk {
	return &memDisk{entries: map[string]*inode{}, durable: map[string]*inode{}}
}

// put makes a file that is durable in all parts, for the start of a test.
func (d *memDisk) put(name, data string, mode fs.FileMode) *inode {
	d.inodes++
	in := &inode{number: d.inodes, data: []byte(data), mode: mode, synced: []byte(data), syncedMode: mode}
	d.entries[name] = in
	d.durable[name] = in
	return in
}

// putLink gives an entry another name.
func (d *memDisk) putLink(from, to string) {
	d.entries[to] = d.entries[from]
	d.durable[to] = d.entries[from]
}

// restart ends the process, if it lives, and makes the disk ready for another.
func (d *memDisk) restart() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.life++
	d.dead, d.locked, d.full = false, false, false
	d.calls, d.open, d.injected, d.at, d.plan, d.log = 0, 0, 0, 0, none, nil
	d.gate, d.watch = nil, nil
}

// inject plans a fault for the n-th call of the present process.
func (d *memDisk) inject(n int, f fault, errno syscall.Errno) {
	d.at, d.plan, d.errno = n, f, errno
}

// copyOf is the disk as a further history may start from it: no process, no
// plan. The caller holds mu or is the only user.
func (d *memDisk) copyOf() *memDisk {
	twin := map[*inode]*inode{}
	clone := func(in *inode) *inode {
		if twin[in] == nil {
			c := *in
			c.data, c.synced, c.modes = slices.Clone(in.data), slices.Clone(in.synced), slices.Clone(in.modes)
			twin[in] = &c
		}
		return twin[in]
	}
	c := &memDisk{entries: map[string]*inode{}, durable: map[string]*inode{}, inodes: d.inodes, dev: d.dev, boot: d.boot, landed: d.landed, splices: d.splices, flaky: d.flaky, tries: d.tries, promised: d.promised, space: d.space, given: slices.Clone(d.given)}
	for name, in := range d.entries {
		c.entries[name] = clone(in)
	}
	for name, in := range d.durable {
		c.durable[name] = clone(in)
	}
	for _, ch := range d.pending {
		if ch.in != nil {
			ch.in = clone(ch.in)
		}
		c.pending = append(c.pending, ch)
	}
	return c
}

// given is an archive that was removed.
type given struct{ name, data string }

// room is how many bytes more there is space for.
func (d *memDisk) room() int {
	if d.space == 0 {
		return 1 << 30
	}
	room, seen := d.space, map[*inode]bool{}
	for name, in := range d.entries {
		if _, archive := parseArchive(name); (archive || slices.Contains([]string{"current", "previous", "processed", "newstate"}, name)) && !seen[in] {
			room -= len(in.data)
			seen[in] = true
		}
	}
	return max(room, 0)
}

func (d *memDisk) links(in *inode) uint64 {
	n := in.others
	for _, other := range d.entries {
		if other == in {
			n++
		}
	}
	return n
}

// listing describes the directory as "name:mode:links" and content length.
func (d *memDisk) listing() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(d.entries)) {
		in := d.entries[name]
		fmt.Fprintf(&b, "%s %04o links=%d size=%d synced=%d/%04o\n", name, in.mode, d.links(in), len(in.data), len(in.synced), in.syncedMode)
	}
	return b.String()
}
