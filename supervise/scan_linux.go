package supervise

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// fionread asks how many bytes a pipe holds.
const fionread = unix.TIOCINQ

// workingDir leads to the directory in which a process works, even if that has
// another name by now.
func workingDir(pid int) string { return "/proc/" + strconv.Itoa(pid) + "/cwd" }

// watchChanges returns a descriptor that becomes readable when an entry of a
// directory comes or goes, or -1 where that cannot be had: then the sweep has
// to do.
func watchChanges(dir string) int {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return -1
	}
	const entries = unix.IN_CREATE | unix.IN_DELETE | unix.IN_MOVED_FROM | unix.IN_MOVED_TO | unix.IN_ONLYDIR
	if _, err := unix.InotifyAddWatch(fd, dir, entries); err != nil {
		_ = unix.Close(fd)
		return -1
	}
	return fd
}
