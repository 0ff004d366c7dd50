//go:build amd64 || arm64 || riscv64

package rotate

import (
	"io"
	"io/fs"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// osFile is an open file of the real file system. Writing and looking at the
// link count happen at every batch of lines, and a batch may be one line, so
// both are raw system calls: an ordinary one wakes the runtime's monitor
// thread, which costs four times as much CPU as the line itself. A raw call
// keeps its processor while it runs; a regular file, which this always is,
// does not keep a caller waiting for somebody else.
type osFile struct {
	f *os.File
	n int // the descriptor of f
	// st is where gone puts its answer, so that it need not allocate.
	st unix.Statx_t
}

func newOSFile(f *os.File) *osFile { return &osFile{f: f, n: int(f.Fd())} }

func (o *osFile) write(p []byte) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(o.n),
			uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch {
		case errno == syscall.EINTR:
		case errno != 0:
			return 0, errno
		case n == 0:
			return 0, io.ErrShortWrite
		default:
			return int(n), nil
		}
	}
}

func (o *osFile) readAt(p []byte, off int64) error {
	for len(p) > 0 {
		n, _, errno := syscall.RawSyscall6(syscall.SYS_PREAD64, uintptr(o.n),
			uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), uintptr(off), 0, 0)
		switch {
		case errno == syscall.EINTR:
		case errno != 0:
			return errno
		case n == 0:
			return io.ErrUnexpectedEOF // somebody has cut the file
		default:
			p, off = p[n:], off+int64(n)
		}
	}
	return nil
}

// gone asks for the link count alone. A file system that has been asked for the
// time of a change as well gives the next write one of its own, which costs more
// than all the rest of a small write.
func (o *osFile) gone() bool {
	_, _, errno := syscall.RawSyscall6(unix.SYS_STATX, uintptr(o.n), uintptr(unsafe.Pointer(&noPath)),
		unix.AT_EMPTY_PATH, unix.STATX_NLINK, uintptr(unsafe.Pointer(&o.st)), 0)
	return errno == 0 && o.st.Nlink == 0
}

var noPath byte // an empty name: the file itself

func (o *osFile) stat() (info, error) {
	fi, err := o.f.Stat()
	if err != nil {
		return info{}, err
	}
	return infoOf(fi), nil
}

func (o *osFile) chmod(mode fs.FileMode) error { return o.f.Chmod(mode) }
func (o *osFile) sync() error                  { return o.f.Sync() }
func (o *osFile) close() error                 { return o.f.Close() }
func (o *osFile) fd() uintptr                  { return uintptr(o.n) }

func (o *osFile) datasync() error {
	for {
		if err := unix.Fdatasync(o.n); err != unix.EINTR {
			return err
		}
	}
}

func flock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }

func unlock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_UN) }
