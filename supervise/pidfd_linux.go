package supervise

import (
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// openPidfd returns a pidfd for a process that need not be a child of this one.
// The error is ESRCH if it has ended, or it is another by now.
func openPidfd(id identity) (int, error) {
	if missing.pidfdOpen {
		return -1, unix.ENOSYS
	}
	fd, err := unix.PidfdOpen(id.pid, 0)
	if err != nil {
		return -1, err
	}
	// Only now, for from here on it cannot become another.
	if !id.lives() {
		_ = unix.Close(fd)
		return -1, unix.ESRCH
	}
	return fd, nil
}

func pidfdSignal(fd int, sig syscall.Signal) error {
	return unix.PidfdSendSignal(fd, sig, nil, 0)
}

// hasEnded reports whether the process of a pidfd has.
func hasEnded(pidfd int) bool {
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	n, err := again(func() (int, error) { return unix.Poll(fds, 0) })
	return err == nil && n > 0
}

// endOf is how a process has ended, as far as the system tells that to one who
// is not its parent: as long as nobody has waited for it /proc does, and after
// that its pidfd, if that was opened before (Linux 6.15).
func endOf(id identity, pidfd int) (status syscall.WaitStatus, known bool) {
	if st, ok := statOf(id.pid); ok && st.born == id.born && st.isZombie() && mayKnow(id.pid) {
		return st.exit, true
	}
	if pidfd < 0 || missing.pidfdInfo {
		return 0, false
	}
	const (
		infoExit = 1 << 3
		getInfo  = 3<<30 | 64<<16 | 0xff<<8 | 11 // _IOWR(0xff, 11, struct pidfd_info)
	)
	var info struct { // 64 bytes, its first form; fixed
		mask, cgroup uint64
		ids          [11]uint32
		exit         int32
	}
	info.mask = infoExit
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(pidfd), getInfo, uintptr(unsafe.Pointer(&info)))
	return syscall.WaitStatus(info.exit), errno == 0 && info.mask&infoExit != 0
}

// mayKnow reports whether /proc tells the exit status of a process: to others
// than root and its owner it says 0.
func mayKnow(pid int) bool {
	var st unix.Stat_t
	me := unix.Geteuid()
	return me == 0 || unix.Stat("/proc/"+strconv.Itoa(pid), &st) == nil && int(st.Uid) == me
}

// descriptorOf gets a descriptor of another process: through /proc, which asks
// for less, or by pidfd_getfd(2); a pidfd of -1 is none. What comes of it may be
// of no use but to be opened anew. ENOENT is the error of one that is not open.
func descriptorOf(pid, pidfd, n int) (int, error) {
	err := error(unix.EACCES)
	if !missing.procFD {
		var fd int
		fd, err = again(func() (int, error) {
			return unix.Open("/proc/"+strconv.Itoa(pid)+"/fd/"+strconv.Itoa(n), unix.O_PATH|unix.O_CLOEXEC, 0)
		})
		if err == nil {
			return fd, nil
		}
	}
	if err == unix.ENOENT {
		return -1, err // it has closed it, or is gone
	}
	if pidfd >= 0 && !missing.pidfdGetfd {
		fd, gerr := unix.PidfdGetfd(pidfd, n, 0)
		switch gerr {
		case nil:
			return fd, nil
		case unix.EBADF:
			return -1, unix.ENOENT
		}
	}
	return -1, err
}

// ownFD is a name for a descriptor of this process.
func ownFD(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }
