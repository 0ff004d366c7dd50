//go:build !linux

package logpipe

import (
	"syscall"

	"golang.org/x/sys/unix"
)

func newSource(fd int) (source, error) {
	// Waiting for the writing end of a pipe would never end.
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err == nil && flags&unix.O_ACCMODE == unix.O_WRONLY {
		err = syscall.EBADF
	}
	if err != nil {
		return nil, err
	}
	return newPollSource(fd)
}

// read reads once.
func read(fd int, p []byte) (int, syscall.Errno) {
	n, err := syscall.Read(fd, p)
	if errno, ok := err.(syscall.Errno); ok {
		return 0, errno
	}
	return max(n, 0), 0
}

// widen would enlarge a pipe; only Linux can.
func widen(int, int) {}

// pipeOf returns the pipe that a source reads, if it can be spliced from: only
// Linux can move bytes from a pipe to a file.
func pipeOf(source) (fd int, ok bool) { return -1, false }
