package rotate

import (
	"encoding/binary"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// watch tells of changes by inotify. Without it, a sweep has to do.
type watch struct {
	f      *os.File
	fd     int
	of     map[int][]*source // by watch; nil is one of ReadOptions.Watch
	failed bool              // something could not be watched
	buf    [16 << 10]byte
}

func newWatch() *watch {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil
	}
	return &watch{f: os.NewFile(uintptr(fd), "inotify"), fd: fd, of: map[int][]*source{}}
}

const (
	comings = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_ONLYDIR
	goings  = unix.IN_DELETE | unix.IN_MOVED_FROM
	itself  = unix.IN_DELETE_SELF | unix.IN_MOVE_SELF
)

// dir watches a directory for a new current, or if s is nil, for all entries.
func (w *watch) dir(name string, s *source) {
	mask := uint32(comings | itself)
	if s == nil {
		mask |= goings
	}
	w.add(name, mask, s)
}

// file watches a file for what is written to it.
func (w *watch) file(f *os.File, s *source) int {
	return w.add("/proc/self/fd/"+strconv.Itoa(int(f.Fd())), unix.IN_MODIFY, s)
}

func (w *watch) add(name string, mask uint32, s *source) int {
	n, err := unix.InotifyAddWatch(w.fd, name, mask|unix.IN_MASK_ADD)
	if err != nil {
		w.failed = w.failed || err != unix.ENOENT
		return 0
	}
	if !slices.Contains(w.of[n], s) {
		w.of[n] = append(w.of[n], s)
	}
	return n
}

// forget ends a watch of a file.
func (w *watch) forget(n int, s *source) {
	if n == 0 {
		return
	}
	if i := slices.Index(w.of[n], s); i >= 0 {
		w.of[n] = slices.Delete(w.of[n], i, i+1)
	}
	if len(w.of[n]) == 0 {
		delete(w.of, n)
		_, _ = unix.InotifyRmWatch(w.fd, uint32(n))
	}
}

// poll calls changed for each source that has changed, nil being a directory of
// ReadOptions.Watch. all says that some may have been missed.
func (w *watch) poll(changed func(*source)) (all bool) {
	n, err := unix.Read(w.fd, w.buf[:])
	return err == nil && w.events(w.buf[:n], changed)
}

// wait does the same, and waits for changes until a time, or wake. stopped is
// asked after the time is set, so that no wake is lost.
func (w *watch) wait(until time.Time, stopped func() bool, changed func(*source)) (all bool) {
	if w.f.SetReadDeadline(until) != nil || stopped() {
		return true
	}
	n, err := w.f.Read(w.buf[:])
	if err != nil {
		return true // it was time
	}
	return w.events(w.buf[:n], changed)
}

func (w *watch) events(b []byte, changed func(*source)) (all bool) {
	for len(b) >= unix.SizeofInotifyEvent {
		n := int(int32(binary.NativeEndian.Uint32(b)))
		mask := binary.NativeEndian.Uint32(b[4:])
		size := int(binary.NativeEndian.Uint32(b[12:]))
		b = b[unix.SizeofInotifyEvent:]
		name := b[:min(size, len(b))]
		b = b[len(name):]
		if mask&unix.IN_Q_OVERFLOW != 0 {
			all = true
		}
		for _, s := range w.of[n] {
			if s == nil || size == 0 || isCurrent(name) {
				changed(s)
			}
		}
		if mask&unix.IN_IGNORED != 0 {
			delete(w.of, n)
		}
	}
	return all
}

// isCurrent reports whether an event, whose name ends with zeros, is about
// current.
func isCurrent(name []byte) bool {
	const current = "current\x00"
	return len(name) >= len(current) && string(name[:len(current)]) == current
}

// wake ends a wait.
func (w *watch) wake() { _ = w.f.SetReadDeadline(time.Unix(1, 0)) }

func (w *watch) close() { _ = w.f.Close() }

// fileAt says which file has a name, and its size, and asks for nothing more:
// see gone.
func fileAt(name string) (id fileID, size int64, err error) {
	var st unix.Statx_t
	err = unix.Statx(unix.AT_FDCWD, name, 0, unix.STATX_INO|unix.STATX_SIZE, &st)
	if err == unix.ENOSYS {
		return plainFileAt(name)
	}
	if err != nil {
		return id, 0, &os.PathError{Op: "stat", Path: name, Err: err}
	}
	return fileID{unix.Mkdev(st.Dev_major, st.Dev_minor), st.Ino}, int64(st.Size), nil
}
