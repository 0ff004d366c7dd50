package logpipe

import (
	"errors"
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// newSource chooses how to wait for fd. The runtime's own poller is the
// cheapest by far when lines come one at a time: a blocking read would wake
// the runtime's monitor thread at every line. The poller wants a descriptor
// that does not block, and O_NONBLOCK may not be set on fd itself, because
// other processes hold the same open file and the next reader may be one
// that takes EAGAIN for the end. So a pipe is opened anew, and where that is
// not allowed (after setuidgid the pipe belongs to somebody else) or not
// possible (a terminal, a socket) an epoll descriptor stands for it. What
// epoll refuses, regular files above all, is always readable.
func newSource(fd int) (source, error) {
	// The writing end of a pipe could be opened anew for reading, and waiting
	// for it would never end.
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return nil, err
	}
	if flags&unix.O_ACCMODE == unix.O_WRONLY {
		return nil, syscall.EBADF
	}
	if s, err := reopened(fd); err == nil {
		return s, nil
	}
	if s, err := nested(fd); err == nil {
		return s, nil
	}
	return newPollSource(fd)
}

// epollSource waits with the runtime's poller.
type epollSource struct {
	f      *os.File // what the poller watches
	raw    syscall.RawConn
	fd     int  // what is read
	blocks bool // a read of fd waits when there is nothing
}

// reopened gives a pipe a descriptor of our own that does not block.
func reopened(fd int) (source, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFIFO {
		return nil, errors.ErrUnsupported
	}
	own, err := unix.Open("/proc/self/fd/"+strconv.Itoa(fd), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return newEpollSource(own, own, false)
}

// nested watches fd through an epoll descriptor, which is readable when fd is.
func nested(fd int) (source, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN}
	err = unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &event)
	if err == nil {
		err = unix.SetNonblock(ep, true) // os.NewFile asks the poller only then
	}
	if err != nil {
		_ = unix.Close(ep)
		return nil, err
	}
	return newEpollSource(ep, fd, true)
}

func newEpollSource(watched, fd int, blocks bool) (source, error) {
	f := os.NewFile(uintptr(watched), "input")
	raw, err := f.SyscallConn()
	if err == nil {
		err = f.SetReadDeadline(time.Time{}) // fails if the poller refused it
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &epollSource{f: f, raw: raw, fd: fd, blocks: blocks}, nil
}

func (s *epollSource) read(p []byte) (int, syscall.Errno) {
	if s.blocks && !readable(s.fd) {
		return 0, syscall.EAGAIN
	}
	return read(s.fd, p)
}

// pipeOf returns the pipe that a source reads, and whether it is one that can
// be spliced from without waiting.
func pipeOf(src source) (fd int, ok bool) {
	e, ok := src.(*epollSource)
	if !ok {
		return -1, false
	}
	return e.fd, true
}

func (s *epollSource) widen(size int) { widen(s.fd, size) }

func (s *epollSource) pump(step func() verdict) error {
	err := s.raw.Read(func(uintptr) bool {
		for {
			switch step() {
			case wait:
				return false
			case halt:
				return true
			}
		}
	})
	if errors.Is(err, os.ErrDeadlineExceeded) {
		// A wake that comes after this line ends the next pump.
		return s.f.SetReadDeadline(time.Time{})
	}
	return err
}

// nap sleeps as a raw system call: the runtime's own sleep would be ended by
// every line that comes.
func (s *epollSource) nap(d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	_, _, _ = syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&ts)), 0, 0)
}

// wake lets the wait of pump run into a deadline that is over.
func (s *epollSource) wake() { _ = s.f.SetReadDeadline(time.Unix(1, 0)) }

func (s *epollSource) close() { _ = s.f.Close() }

// read reads once, as a raw system call: see newSource. Its callers know that
// there is something to read, or that the descriptor does not block.
func read(fd int, p []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// readable reports whether a read would not wait.
func readable(fd int) bool {
	p := unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	var now unix.Timespec
	n, _, errno := syscall.RawSyscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&p)), 1,
		uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	return errno == 0 && n == 1
}

// widen lets a pipe hold more, so that its writer waits less often. It may
// fail, for an unprivileged user's pipes share a quota, and that does no harm.
// A pipe that somebody has made wider still is left alone.
func widen(fd, size int) {
	if now, err := unix.FcntlInt(uintptr(fd), unix.F_GETPIPE_SZ, 0); err == nil && now < size {
		_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, size)
	}
}
