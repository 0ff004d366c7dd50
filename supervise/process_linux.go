package supervise

import (
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// start starts a process and gets a pidfd for it, where there are any.
func start(path string, argv []string, attr *syscall.ProcAttr) (child, error) {
	if !hasPidfd() {
		return watched(path, argv, attr)
	}
	fd := -1
	attr.Sys.PidFD = &fd
	pid, _, err := syscall.StartProcess(path, argv, attr)
	if err != nil {
		return noChild, err
	}
	return child{pid: pid, fd: fd}, nil
}

// hasPidfd reports whether this kernel has pidfds (Linux 5.3) and no sandbox
// refuses them.
var hasPidfd = sync.OnceValue(func() bool {
	fd, err := unix.PidfdOpen(unix.Getpid(), 0)
	switch err {
	case nil:
		_ = unix.Close(fd)
		return true
	case unix.EMFILE, unix.ENFILE, unix.ENOMEM:
		return true // of that a kernel without them knows nothing
	}
	return false
})

// dirFlags open a directory that need not be readable, only searchable.
const dirFlags = unix.O_PATH

func pipe(p []int) error { return unix.Pipe2(p, unix.O_CLOEXEC) }
