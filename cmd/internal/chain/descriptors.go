package chain

import "golang.org/x/sys/unix"

// passedOn reports whether a program that is run now gets this descriptor.
// Those that are to be closed by exec are ours or those of Go's runtime.
func passedOn(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err == nil && flags&unix.FD_CLOEXEC == 0
}
