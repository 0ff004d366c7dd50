package supervise

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// TakesOver tells whether a Scanner takes over what an earlier one has left.
const TakesOver = true

// readLocks lists who holds a lock on a file, by its inode. The device is not
// compared, for on some file systems it is another than that of stat(2).
func readLocks() map[uint64][]int {
	locks := map[uint64][]int{}
	b, err := readWhole("/proc/locks")
	if err != nil || missing.procLocks {
		return locks
	}
	// 1: FLOCK  ADVISORY  WRITE 1234 fe:00:56789 0 EOF
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 8 || f[3] != "WRITE" { // one that waits has an arrow in front
			continue
		}
		pid, err := strconv.Atoi(f[4])
		ino, ierr := strconv.ParseUint(f[5][strings.LastIndexByte(f[5], ':')+1:], 10, 64)
		if err == nil && ierr == nil && pid > 0 {
			locks[ino] = append(locks[ino], pid)
		}
	}
	return locks
}

// processesCalled lists the processes that are called by one of these names,
// whatever path is in front.
func processesCalled(names ...string) (pids []int) {
	// Not O_NONBLOCK, for which an os.File sets up the runtime's poller.
	fd, err := again(func() (int, error) {
		return unix.Open("/proc", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil
	}
	d := os.NewFile(uintptr(fd), "/proc")
	defer d.Close()
	entries, _ := d.Readdirnames(-1)
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry)
		if err != nil {
			continue
		}
		if isCalled(pid, names...) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// isCalled reports whether a process has one of these names, whatever path is in
// front, or is one of the commands of a larger program.
func isCalled(pid int, names ...string) bool {
	cmdline, _ := readWhole(processDir(pid) + "/cmdline")
	argv0, rest, _ := strings.Cut(string(cmdline), "\x00")
	argv1, _, _ := strings.Cut(rest, "\x00")
	base := argv0[strings.LastIndexByte(argv0, '/')+1:]
	return slices.Contains(names, base) || base == "tailight" && slices.Contains(names, argv1)
}

func processDir(pid int) string { return "/proc/" + strconv.Itoa(pid) }

// isAnonymous tells a pipe from a FIFO that has a name.
func isAnonymous(fd int) bool {
	var fs unix.Statfs_t
	return unix.Fstatfs(fd, &fs) == nil && fs.Type == unix.PIPEFS_MAGIC
}

// Memory returns a descriptor of its own from which a text can be read.
func Memory(text string) (int, error) {
	fd, err := unix.MemfdCreate("tailight", unix.MFD_CLOEXEC)
	if err != nil {
		return -1, err
	}
	for b := []byte(text); len(b) > 0 && err == nil; {
		var n int
		n, err = again(func() (int, error) { return unix.Write(fd, b) })
		b = b[max(n, 0):]
	}
	if err == nil {
		_, err = unix.Seek(fd, 0, 0)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}
