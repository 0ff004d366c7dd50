//go:build !linux

package supervise

import (
	"syscall"

	"golang.org/x/sys/unix"
)

func start(path string, argv []string, attr *syscall.ProcAttr) (child, error) {
	return watched(path, argv, attr)
}

// dirFlags open a directory.
const dirFlags = unix.O_RDONLY

func pipe(p []int) error {
	// Nothing may fork between the two calls.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := unix.Pipe(p); err != nil {
		return err
	}
	unix.CloseOnExec(p[0])
	unix.CloseOnExec(p[1])
	return nil
}
