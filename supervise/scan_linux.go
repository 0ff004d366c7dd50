package supervise

import "golang.org/x/sys/unix"

// fionread asks how many bytes a pipe holds.
const fionread = unix.TIOCINQ

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

// takeChanges empties the descriptor: what has changed is seen by looking.
func takeChanges(fd int) {
	var b [4096]byte
	for {
		if n, err := unix.Read(fd, b[:]); n <= 0 || err != nil {
			return
		}
	}
}
