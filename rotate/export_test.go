package rotate

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
)

// Machine is a computer with fake log directories, for tests that reach them
// through the whole log path. Its one process may be killed at any call to any
// of them.
type Machine struct {
	Name  string // the directory above the log directories
	disks map[string]*memDisk
	boot  byte
	calls int
	at    int    // the call before which the process dies, 0: none
	last  string // when it died
	dead  bool
}

// Raced says that the race detector is on.
const Raced = raced

// ErrKilled is the panic by which a process of a Machine ends.
var ErrKilled = errors.New("killed")

var machines sync.Map // by name

func init() {
	hook = func(name string, opt *Options) {
		if m, ok := machines.Load(filepath.Dir(name)); ok {
			m.(*Machine).options(name, opt)
		}
	}
}

// NewMachine returns a machine of that name.
func NewMachine(name string) *Machine {
	m := &Machine{Name: name, disks: map[string]*memDisk{}, boot: 1}
	machines.Store(name, m)
	return m
}

// Forget makes the name free again.
func (m *Machine) Forget() { machines.Delete(m.Name) }

func (m *Machine) options(name string, opt *Options) {
	opt.openFS, opt.spawn, opt.run = m.Disk(name).openMem, func(run func()) { run() }, copying
	if opt.Compress != Uncompressed {
		opt.run = compressing(opt.Compress)
	}
}

// Disk is the log directory of that name, which is made if it is missing.
func (m *Machine) Disk(name string) *memDisk {
	d := m.disks[name]
	if d == nil {
		d = newDisk()
		d.dev = uint64(len(m.disks) + 1)
		m.disks[name] = d
		m.start(d)
	}
	return d
}

// Start begins a process that dies before its call number at, if that is not 0.
func (m *Machine) Start(at int) {
	m.calls, m.at, m.dead = 0, at, false
	for _, d := range m.disks {
		d.restart()
		m.start(d)
	}
}

func (m *Machine) start(d *memDisk) { d.gate, d.boot = m.gate(d), [16]byte{m.boot} }

// Reboot lets the machine have another boot id, with all files as they are.
func (m *Machine) Reboot() { m.boot++ }

// Calls is the number of calls of the process so far.
func (m *Machine) Calls() int { return m.calls }

// When tells of the latest death.
func (m *Machine) When() string { return m.last }

func (m *Machine) gate(d *memDisk) func() {
	return func() {
		if m.calls++; m.calls == m.at {
			m.dead, m.last = true, fmt.Sprintf("before call %d, after %q", m.at, last(d.log))
		}
		if m.dead {
			panic(ErrKilled)
		}
	}
}

// Fail lets the n-th call to the directory fail once.
func (d *memDisk) Fail(n int, with bool, errno syscall.Errno) {
	plan := failWithout
	if with {
		plan = failWith
	}
	d.inject(d.calls+n, plan, errno)
}

// Seal lets the disk be read only from the n-th call on, until so many changes have
// been refused.
func (d *memDisk) Seal(n, changes int) {
	d.inject(d.calls+n, failSealed, syscall.EROFS)
	d.sealed = changes
}

// Failed reports whether a call has failed, and Last names the latest one.
func (d *memDisk) Failed() bool  { return d.injected > 0 }
func (d *memDisk) Log() []string { return d.log }

// Content is what a reader finds, oldest first, and Names the names there are.
func (d *memDisk) Content() []byte { return d.content() }
func (d *memDisk) Names() []string { return slices.Sorted(maps.Keys(d.entries)) }

// File is the content of a file, nothing if it is missing.
func (d *memDisk) File(name string) string {
	if in := d.entries[name]; in != nil {
		return string(in.data)
	}
	return ""
}

// Append adds to a file as another program does, and leaves it that mode.
func (d *memDisk) Append(name, data string, mode uint32) {
	in := d.entries[name]
	in.data, in.mode = append(in.data, data...), fs.FileMode(mode)
}

// Mode is that of a file, 0 if it is missing.
func (d *memDisk) Mode(name string) uint32 {
	if in := d.entries[name]; in != nil {
		return uint32(in.mode)
	}
	return 0
}

// Space lets current and archives have so many bytes together.
func (d *memDisk) Space(n int) { d.space = n }

// Flaky lets every n-th write to current fail.
func (d *memDisk) Flaky(n int) { d.flaky = n }

// Given returns the names and contents of the archives that were removed, in
// their order.
func (d *memDisk) Given() (names, contents []string) {
	for _, g := range d.given {
		names, contents = append(names, g.name), append(contents, g.data)
	}
	return names, contents
}

// Listing is for messages.
func (d *memDisk) Listing() string { return d.listing() }

// Archive does what 0.76 does at its start to a current that is in use.
func (d *memDisk) Archive(label string) {
	d.change(change{op: moveEntry, from: "current", name: label, in: d.entries["current"]})
	d.inodes++
	d.change(change{op: setEntry, name: "current", in: &inode{number: d.inodes, mode: 0o744}})
}

// copying is a processor that changes nothing, and remembers in its state what
// it has seen.
func copying(p *processing) error {
	in, err := p.in.(*memFile).read()
	if err != nil {
		return err
	}
	old, err := p.state.(*memFile).read()
	if err != nil {
		return err
	}
	if err := writeAll(p.out, in); err != nil {
		return err
	}
	return writeAll(p.newstate, bytes.Join([][]byte{old, fmt.Appendf(nil, "%d\n", len(in))}, nil))
}
