package supervise

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// HasStrangers reports whether this process has children that it did not start,
// or may get some: by exec it inherits those of the program before, and the
// first process of a container, as any subreaper, gets orphans. It has to be
// called before the process starts any child of its own.
func HasStrangers() bool {
	_, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
	return err == nil || os.Getpid() == 1 || isSubreaper()
}

func isSubreaper() bool {
	var is int32
	err := unix.Prctl(unix.PR_GET_CHILD_SUBREAPER, uintptr(unsafe.Pointer(&is)), 0, 0, 0)
	return err == nil && is != 0
}

// InheritOrphans makes this process the parent of all orphans below it.
func InheritOrphans() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// reapAll waits for every child of this process that has ended, and forgets
// those that the service does not know. It reports whether there was any.
func (s *Service) reapAll() (any bool) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		switch {
		case err == syscall.EINTR:
		case pid <= 0:
			return any
		default:
			any = true
			s.reaped(pid, status)
		}
	}
}

// reaped keeps the end of a child for its reap.
func (s *Service) reaped(pid int, status syscall.WaitStatus) {
	keep := func(c *child) {
		if c.pid == pid {
			c.ended = make(chan syscall.WaitStatus, 1)
			c.ended <- status
		}
	}
	for _, p := range s.processes() {
		keep(&p.child)
	}
	for i := range s.told {
		keep(&s.told[i])
	}
}
