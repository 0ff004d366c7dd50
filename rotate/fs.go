package rotate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// fsys is what a log directory asks of a file system. Names have no slash:
// they are entries of the one directory the fsys stands for. The real one is
// osFS; the tests' one dies or fails at a chosen call and knows what was
// synced.
type fsys interface {
	// open opens name as os.OpenFile does. A write through the result goes
	// to the end of the file if flag has O_APPEND.
	open(name string, flag int, perm fs.FileMode) (file, error)
	// stat describes name; the error is fs.ErrNotExist when it is not there.
	stat(name string) (info, error)
	// rename gives an entry another name, replacing an entry of that name.
	rename(from, to string) error
	// link gives a file a further name; it fails if that name exists.
	link(from, to string) error
	remove(name string) error
	// names lists the entries in no order.
	names() ([]string, error)
	// sync makes every change of an entry so far (link, rename, remove,
	// creation) survive a power loss.
	sync() error
	// enter returns a path by which a child of this process may enter the
	// directory, as long as hold is open.
	enter() (path string, hold io.Closer)
	// boot tells one run of the system from another. It is all zero where that
	// cannot be told.
	boot() [16]byte
	// mapped makes a file of at least that size, and returns its first bytes
	// as memory that outlives the process.
	mapped(name string, size int) (cell, error)
	// close gives up the directory and its lock.
	close() error
}

// file is an open file of a log directory. Only write is called per batch of
// lines; it must not allocate.
type file interface {
	write(p []byte) (int, error)
	// gone reports whether the file has lost its last name, so that what is
	// written to it cannot be found by anyone. It must not allocate.
	gone() bool
	stat() (info, error)
	chmod(mode fs.FileMode) error
	// sync makes content and mode survive a power loss.
	sync() error
	// datasync makes content survive a power loss.
	datasync() error
	close() error
	// fd is the descriptor a processor gets.
	fd() uintptr

	// readAt and writeAt work on all of p or fail; a file that ends within p
	// is an error. readAt must not allocate.
	readAt(p []byte, off int64) error
	writeAt(p []byte, off int64) error
	// splice moves what a pipe holds, most bytes at most, to that offset of the
	// file which the first 8 bytes of end say, and does not wait for more.
	// However it ends, by a kill as well, what it has moved is in the file,
	// end has been counted up by that, and nothing else has left the pipe. It
	// must not allocate.
	splice(pipe int, end cell, most int) (int, error)
	truncate(size int64) error
	// window makes the first size bytes of the file memory, if that can be done.
	window(size int) (window, error)
	// free is how many bytes there is space for on the disk, 0 where nobody knows.
	free() int64
	// born is when the file was made, in nanoseconds, or 0 where nobody knows.
	born() int64
}

// cell is memory that outlives the process, but not the system.
type cell interface {
	// load copies all of it.
	load() []byte
	// store changes a part. A process that is killed meanwhile may have stored
	// any part of that. It must not allocate.
	store(at int, b []byte)
	close()
}

// window is a file as memory, in which what is written to the file shows.
type window interface {
	// look returns n bytes of the file, or nil if they cannot be read. It must not
	// allocate.
	look(off, n int) []byte
	close()
}

// info is what the rules of a log directory look at.
type info struct {
	size  int64  // bytes
	links uint64 // number of names
	done  bool   // the owner-execute bit: "finished", on current, previous and processed
	id    fileID
}

// fileID tells files apart while they exist.
type fileID struct{ dev, ino uint64 }

// openFS makes the directory if it is missing (one level, 0700), opens it
// and takes its lock.
func openFS(name string) (fsys, error) {
	if err := os.Mkdir(name, 0o700); err == nil {
		syncParent(name)
	}
	// OpenRoot would wait for a writer if the name is a FIFO's.
	fi, err := os.Stat(name)
	if err == nil && !fi.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return nil, fail(err, "unable to open directory %s", name)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fail(err, "unable to open directory %s", name)
	}
	// A mode of 0600 and no truncation, as 0.76 opens it: both multilogs
	// lock the same file.
	lock, err := root.OpenFile("lock", os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o600)
	if err == nil {
		if err = flock(lock); err != nil {
			_ = lock.Close()
		}
	}
	if err != nil {
		_ = root.Close()
		return nil, fail(err, "unable to lock directory %s", name)
	}
	return &osFS{name: name, root: root, lock: lock}, nil
}

// syncParent makes a new directory survive a power loss where its parent can
// be read; POSIX asks for it, most file systems do not need it.
func syncParent(name string) {
	if parent, err := os.Open(filepath.Dir(filepath.Clean(name))); err == nil {
		_ = parent.Sync()
		_ = parent.Close()
	}
}

// osFS is the real file system.
type osFS struct {
	name string
	root *os.Root
	lock *os.File // holds the flock until it is closed
}

func (o *osFS) open(name string, flag int, perm fs.FileMode) (file, error) {
	f, err := o.root.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return newOSFile(f), nil
}

func (o *osFS) stat(name string) (info, error) {
	fi, err := o.root.Stat(name)
	if err != nil {
		return info{}, err
	}
	return infoOf(fi), nil
}

func (o *osFS) rename(from, to string) error { return o.root.Rename(from, to) }
func (o *osFS) link(from, to string) error   { return o.root.Link(from, to) }
func (o *osFS) remove(name string) error     { return unlink(o.root, name) }

func (o *osFS) names() ([]string, error) {
	d, err := o.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

func (o *osFS) sync() error {
	d, err := o.root.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil // some file systems cannot, and need not or never will
	}
	return err
}

func (o *osFS) boot() [16]byte { return bootID() }

func (o *osFS) mapped(name string, size int) (cell, error) {
	f, err := o.root.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close() // the mapping stays
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if fi.Size() < int64(size) {
		// Written and not only extended: a hole could run out of space later,
		// and that is a signal to whoever stores.
		if _, err := f.WriteAt(make([]byte, size), 0); err != nil {
			return nil, err
		}
	}
	m, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return &osCell{m}, nil
}

// osCell is a mapped file.
type osCell struct{ m []byte }

func (c *osCell) load() []byte           { return bytes.Clone(c.m) }
func (c *osCell) store(at int, b []byte) { copy(c.m[at:], b) }
func (c *osCell) close()                 { _ = unix.Munmap(c.m); c.m = nil }

func (o *osFile) writeAt(p []byte, off int64) error {
	_, err := o.f.WriteAt(p, off)
	return err
}

// osWindow is a mapped file.
type osWindow struct{ m []byte }

func (o *osFile) window(size int) (window, error) {
	m, err := unix.Mmap(int(o.fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return &osWindow{m}, nil
}

func (w *osWindow) look(off, n int) []byte {
	if b := w.m[off : off+n]; present(b) {
		return b
	}
	return nil
}

func (w *osWindow) close() { _ = unix.Munmap(w.m); w.m = nil }

// present looks at every page of b, and reports whether that can be done: it cannot
// where somebody has cut the file, or the disk fails.
func present(b []byte) (ok bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { ok = recover() == nil }()
	const page = 4096 // or a part of one
	var all byte
	for i := 0; i < len(b); i += page {
		all |= b[i]
	}
	all |= b[len(b)-1]
	runtime.KeepAlive(all)
	return true
}

func (o *osFile) truncate(size int64) error { return o.f.Truncate(size) }

// enter returns a name of the directory that holds even after somebody has
// given it another one, as long as hold is open.
func (o *osFS) enter() (path string, hold io.Closer) {
	d, err := o.root.Open(".")
	if err != nil {
		return o.name, d // closing no file does nothing
	}
	if path := fdPath(d); path != "" {
		return path, d
	}
	return o.name, d
}

// fdPath is the name of an open directory in a file system of descriptors,
// or empty where there is none.
func fdPath(d *os.File) string {
	path := "/proc/self/fd/" + strconv.Itoa(int(d.Fd()))
	if fi, err := os.Stat(path); err == nil && fi.IsDir() {
		return path
	}
	return ""
}

func (o *osFS) close() error {
	// Closing alone might leave the lock to a child that is about to start.
	return errors.Join(o.root.Close(), unlock(o.lock), o.lock.Close())
}

// unlink removes a name that is not a directory's: os.Root.Remove would also
// remove an empty directory, which a log directory never makes.
func unlink(root *os.Root, name string) error {
	fi, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if fi.IsDir() {
		return syscall.EISDIR
	}
	return root.Remove(name)
}

func infoOf(fi fs.FileInfo) info {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return info{size: fi.Size(), links: 1, done: fi.Mode()&0o100 != 0}
	}
	// The widths of these fields differ between systems.
	return info{
		size:  fi.Size(),
		links: uint64(st.Nlink),
		done:  fi.Mode()&0o100 != 0,
		id:    fileID{dev: uint64(st.Dev), ino: uint64(st.Ino)},
	}
}

// Error is a step of a log directory that failed.
type Error struct {
	Text string // what was tried, in the words of daemontools 0.76
	Err  error  // the reason, an errno where the system gave one; nil when there is none

	// Writing is set when the step was to write to current: the caller
	// holds bytes that are in no file yet. Any other step can be left as it
	// is, and the next Open goes on from there.
	Writing bool
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Text
	}
	return e.Text + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// fail makes an Error of err, whose reason is the bare errno where there is
// one: the text already names the operation and the file.
func fail(err error, text string, args ...any) *Error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		err = errno
	} else if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	return &Error{Text: fmt.Sprintf(text, args...), Err: err}
}
