package rotate

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
)

// openMem opens the directory for the present process, as openFS does.
func (d *memDisk) openMem(name string) (fsys, error) {
	m := &memFS{disk: d, life: d.life}
	err := m.do("open directory", func() error {
		if d.locked {
			return fail(syscall.EAGAIN, "unable to lock directory %s", name)
		}
		d.locked = true
		d.open++
		if d.entries["lock"] == nil {
			m.create("lock", 0o600)
		}
		return nil
	})
	if err != nil {
		if !errors.Is(err, errDead) && d.locked && d.plan == failWith {
			d.locked = false // an error leaves nothing locked, whatever happened
			d.open--
		}
		return nil, err
	}
	return m, nil
}

// memFS is one process's view of the disk: an fsys.
type memFS struct {
	disk *memDisk
	life int
}

// do is every call: it is numbered, and the plan may strike.
func (m *memFS) do(call string, effect func() error) error {
	d := m.disk
	d.mu.Lock()
	gate := d.gate
	d.mu.Unlock()
	if gate != nil {
		gate()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead || m.life != d.life {
		return errDead
	}
	if d.watch != nil {
		d.watch(d)
	}
	d.calls++
	plan := none
	if d.calls == d.at && !(d.plan >= failWithout && strings.HasPrefix(call, "store")) {
		plan = d.plan // but storing is not a call, and never fails
	}
	if d.plan == failSealed && d.calls >= d.at && d.sealed > 0 && changes(call) {
		d.sealed--
		plan = failWithout
	} else if plan == failSealed {
		plan = none
	}
	var err error
	switch plan {
	case dieBefore:
		d.dead = true
		return errDead
	case dieAfter:
		_ = effect()
		d.dead = true
		return errDead
	case failWith:
		if strings.HasPrefix(call, "splice") {
			return effect() // it takes or it fails, never both
		}
		_ = effect()
		fallthrough
	case failWithout:
		d.injected++
		err = d.errno
	default:
		err = effect()
	}
	if err != nil {
		call += ": " + err.Error()
	}
	d.log = append(d.log, call)
	return err
}

// changes reports whether a call is one that a disk refuses that can be read only.
// What is in memory can be stored to: see memCell.
func changes(call string) bool {
	verb, rest, _ := strings.Cut(call, " ")
	switch verb {
	case "open":
		return strings.Contains(rest, " write") || strings.Contains(rest, " create")
	case "stat", "fstat", "names", "read", "readAt", "close", "store":
		return false
	}
	return true
}

// create makes an entry. The caller holds mu.
func (m *memFS) create(name string, perm fs.FileMode) *inode {
	m.disk.inodes++
	in := &inode{number: m.disk.inodes, mode: perm, syncedMode: perm}
	m.disk.change(change{op: setEntry, name: name, in: in})
	return in
}

func (m *memFS) open(name string, flag int, perm fs.FileMode) (file, error) {
	f := &memFile{fs: m, name: name, appends: flag&os.O_APPEND != 0}
	err := m.do("open "+name+flags(flag), func() error {
		in := m.disk.entries[name]
		switch {
		case in == nil && flag&os.O_CREATE == 0:
			return syscall.ENOENT
		case in == nil:
			in = m.create(name, perm)
		case in.isDir && flag&(os.O_WRONLY|os.O_RDWR) != 0:
			return syscall.EISDIR
		}
		if flag&os.O_TRUNC != 0 {
			in.data, in.lost, in.until = nil, 0, 0
		}
		f.in = in
		m.disk.open++
		return nil
	})
	if err != nil {
		if f.in != nil {
			m.disk.open--
		}
		return nil, err
	}
	return f, nil
}

func flags(flag int) string {
	var s strings.Builder
	for _, f := range []struct {
		bit  int
		name string
	}{{os.O_WRONLY, " write"}, {os.O_APPEND, " append"}, {os.O_CREATE, " create"}, {os.O_TRUNC, " truncate"}} {
		if flag&f.bit != 0 {
			s.WriteString(f.name)
		}
	}
	return s.String()
}

func (m *memFS) stat(name string) (i info, err error) {
	err = m.do("stat "+name, func() error {
		in := m.disk.entries[name]
		if in == nil {
			return syscall.ENOENT
		}
		i = m.disk.info(in)
		return nil
	})
	if err != nil {
		return info{}, err
	}
	return i, nil
}

func (d *memDisk) info(in *inode) info {
	return info{size: int64(len(in.data)), links: d.links(in), done: in.mode&0o100 != 0, id: fileID{dev: d.dev, ino: in.number}}
}

func (m *memFS) rename(from, to string) error {
	return m.do("rename "+from+" "+to, func() error {
		in := m.disk.entries[from]
		if in == nil {
			return syscall.ENOENT
		}
		if in != m.disk.entries[to] { // two names of one file: nothing happens
			m.disk.change(change{op: moveEntry, from: from, name: to, in: in})
		}
		return nil
	})
}

func (m *memFS) link(from, to string) error {
	return m.do("link "+from+" "+masked(to), func() error {
		in := m.disk.entries[from]
		switch {
		case in == nil:
			return syscall.ENOENT
		case m.disk.entries[to] != nil:
			return syscall.EEXIST
		case in.isDir:
			return syscall.EPERM
		}
		m.disk.change(change{op: setEntry, name: to, in: in})
		return nil
	})
}

// masked hides a label, so that transcripts do not depend on it.
func masked(name string) string {
	if _, ok := parseArchive(name); ok {
		return "@LABEL" + name[labelSize:]
	}
	return name
}

func (m *memFS) remove(name string) error {
	return m.do("remove "+masked(name), func() error {
		in := m.disk.entries[name]
		switch {
		case in == nil:
			return syscall.ENOENT
		case in.isDir:
			return syscall.EISDIR
		}
		if _, archive := parseArchive(name); archive && m.disk.links(in) == 1 {
			m.disk.given = append(m.disk.given, given{name, string(in.data)})
		}
		m.disk.change(change{op: dropEntry, name: name})
		return nil
	})
}

func (m *memFS) names() (names []string, err error) {
	err = m.do("names", func() error {
		names = slices.Sorted(maps.Keys(m.disk.entries))
		slices.Reverse(names) // in no order that a caller could rely on
		return nil
	})
	if err != nil {
		return nil, err
	}
	return names, nil
}

func (m *memFS) sync() error {
	return m.do("sync directory", func() error {
		m.disk.durable = maps.Clone(m.disk.entries)
		m.disk.pending = nil
		return nil
	})
}

// enter is not numbered: a fake processor goes nowhere.
func (m *memFS) enter() (string, io.Closer) { return "d", io.NopCloser(nil) }

func (m *memFS) close() error {
	return m.do("close directory", func() error {
		m.disk.locked = false
		m.disk.open--
		return nil
	})
}

func (m *memFS) boot() [16]byte { return m.disk.boot }

func (m *memFS) mapped(name string, size int) (c cell, err error) {
	err = m.do("map "+name, func() error {
		in := m.disk.entries[name]
		if in == nil {
			in = m.create(name, 0o600)
		}
		in.extend(size)
		c = &memCell{m, in, name}
		m.disk.open++
		return nil
	})
	return c, err
}

// memCell is a file's content as memory. Storing cannot fail, but a process can
// die before, after and in the middle of it.
type memCell struct {
	fs   *memFS
	in   *inode
	name string
}

func (c *memCell) load() []byte { return slices.Clone(c.in.data) }

func (c *memCell) store(at int, b []byte) {
	parts := [][]byte{b[:len(b)/2], b}
	if len(b) <= 8 {
		parts = parts[1:] // one store of the machine
	}
	for _, part := range parts {
		_ = c.fs.do("store "+c.name, func() error {
			copy(c.in.data[at:], part)
			return nil
		})
	}
}

func (c *memCell) close() {
	d := c.fs.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.dead && c.fs.life == d.life {
		d.open--
	}
}
