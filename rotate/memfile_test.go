package rotate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// memFile is an open file: a file.
type memFile struct {
	fs      *memFS
	in      *inode
	name    string // as it was opened
	appends bool
	off     int // where the next write goes, without appends
	closed  bool
}

func (f *memFile) do(call string, effect func() error) error {
	return f.fs.do(call+" "+f.name, func() error {
		if f.closed {
			return os.ErrClosed
		}
		return effect()
	})
}

func (f *memFile) write(p []byte) (n int, err error) {
	d := f.fs.disk
	err = f.do("write", func() error {
		if d.full {
			d.full = false
			d.injected++
			return syscall.ENOSPC
		}
		if f.appends && d.flaky > 0 {
			if d.tries++; d.tries%d.flaky == 0 {
				return syscall.EDQUOT
			}
		}
		if n = min(len(p), d.room()); n == 0 {
			return syscall.ENOSPC
		}
		if d.calls == d.at && d.plan == failShort {
			n = max(len(p)/2, 1)
			d.full = true
		}
		if f.appends {
			d.landed += n
			f.off = len(f.in.data)
		}
		f.in.written(f.off, n)
		if more := f.off + n - len(f.in.data); more > 0 {
			f.in.data = append(f.in.data, make([]byte, more)...)
		}
		f.off += copy(f.in.data[f.off:], p[:n])
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// read returns the whole content, for fake processors.
func (f *memFile) read() (data []byte, err error) {
	err = f.do("read", func() error {
		data = slices.Clone(f.in.data)
		return nil
	})
	return data, err
}

// gone is not numbered: it changes nothing and cannot fail.
func (f *memFile) gone() bool {
	d := f.fs.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.dead && d.links(f.in) == 0
}

func (f *memFile) stat() (i info, err error) {
	err = f.do("fstat", func() error { i = f.fs.disk.info(f.in); return nil })
	return i, err
}

func (f *memFile) chmod(mode fs.FileMode) error {
	return f.do(fmt.Sprintf("chmod %04o", mode), func() error {
		f.in.mode = mode
		f.in.modes = append(f.in.modes, mode)
		return nil
	})
}

func (f *memFile) sync() error {
	return f.forgetting(f.do("sync", func() error {
		f.in.persist()
		f.in.syncedMode, f.in.modes = f.in.mode, nil
		return nil
	}))
}

func (f *memFile) datasync() error {
	return f.forgetting(f.do("datasync", func() error {
		f.in.persist()
		return nil
	}))
}

// persist puts the content on disk, but for what a failed sync has forgotten.
func (in *inode) persist() {
	in.synced = slices.Clone(in.data)
	if in.lost < in.until {
		clear(in.synced[min(in.lost, len(in.synced)):min(in.until, len(in.synced))])
	}
}

// written takes bytes out of what a failed sync has forgotten.
func (in *inode) written(off, n int) {
	if off <= in.lost {
		in.lost = max(in.lost, off+n)
	}
}

// forgetting is the end of a sync. One that fails leaves what it had to write as
// if it were written, and no later one comes back to it.
func (f *memFile) forgetting(err error) error {
	d := f.fs.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil && !d.dead && f.fs.life == d.life {
		if in := f.in; !bytes.Equal(in.synced, in.data) && in.lost >= in.until {
			in.lost, in.until = len(in.synced), len(in.data)
			if !bytes.HasPrefix(in.data, in.synced) {
				in.lost = 0
			}
		}
	}
	return err
}

func (f *memFile) close() error {
	return f.do("close", func() error {
		f.closed = true
		f.fs.disk.open--
		return nil
	})
}

func (f *memFile) fd() uintptr { return ^uintptr(0) }

func (f *memFile) readAt(p []byte, off int64) error {
	return f.do("read", func() error {
		n := 0
		if off < int64(len(f.in.data)) {
			n = copy(p, f.in.data[off:])
		}
		if n < len(p) {
			return io.ErrUnexpectedEOF
		}
		return nil
	})
}

func (f *memFile) writeAt(p []byte, off int64) error {
	return f.do("write", func() error {
		f.in.extend(int(off) + len(p))
		copy(f.in.data[off:], p)
		f.in.written(int(off), len(p))
		return nil
	})
}

func (in *inode) extend(size int) {
	if more := size - len(in.data); more > 0 {
		in.data = append(in.data, make([]byte, more)...)
	}
}

// splice moves from a real pipe that does not block, a few lines at a time, and
// now and then many, as a pipe does that fills up faster than it is emptied.
func (f *memFile) splice(pipe int, end cell, most int) (n int, err error) {
	err = f.do("splice", func() error {
		word := end.(*memCell).in.data[:8]
		off := binary.NativeEndian.Uint64(word)
		size := spliceSize
		if f.fs.disk.splices++; f.fs.disk.splices%4 < 2 && f.fs.disk.space == 0 {
			size *= 8
		}
		b := make([]byte, min(most, size))
		n, err = unix.Read(pipe, b)
		if err != nil {
			n = 0
			return err
		}
		f.in.extend(int(off) + n)
		copy(f.in.data[off:], b[:n])
		binary.NativeEndian.PutUint64(word, off+uint64(n))
		return nil
	})
	return n, err
}

// spliceSize is what a pipe of the fake file system holds at a time.
const spliceSize = 700

func (f *memFile) truncate(size int64) error {
	return f.do("truncate", func() error {
		if gone := int64(len(f.in.data)) - size; gone < 0 {
			f.in.data = append(f.in.data, make([]byte, -gone)...)
		} else {
			f.in.data = slices.Clone(f.in.data[:size])
		}
		return nil
	})
}

// free is not numbered: it cannot fail.
func (f *memFile) free() int64 {
	d := f.fs.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	return int64(d.room())
}

// window is not numbered: there is none in every second life.
func (f *memFile) window(int) (window, error) {
	if f.fs.disk.life%2 == 1 {
		return nil, errors.ErrUnsupported
	}
	return memWindow{f}, nil
}

// memWindow is a file as memory, in which something cannot be read now and then.
type memWindow struct{ f *memFile }

func (w memWindow) look(off, n int) []byte {
	d := w.f.fs.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.looks++; d.looks%5 == 0 || off+n > len(w.f.in.data) {
		return nil
	}
	return w.f.in.data[off : off+n]
}

func (memWindow) close() {}

// born is not numbered: it cannot fail.
func (f *memFile) born() int64 { return int64(f.in.number) }
