//go:build !linux

package supervise

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Here are no pidfds, and no descriptor of another process can be had.

func openPidfd(identity) (int, error) { return -1, unix.ENOSYS }

func pidfdSignal(int, syscall.Signal) error { return unix.ENOSYS }

func endOf(identity, int) (syscall.WaitStatus, bool) { return 0, false }

func descriptorOf(int, int, int) (int, error) { return -1, unix.ENOSYS }

func ownFD(int) string { return "" }
