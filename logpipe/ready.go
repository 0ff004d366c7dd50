package logpipe

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// readiness is the descriptor of ready=, 0 if there is none.
type readiness int

// check looks whether it is one that the process was given. A descriptor that the
// process has made itself may have the same number, but is close-on-exec. The
// given one becomes so: no processor is to have it.
func (fd readiness) check() error {
	if fd == 0 {
		return nil
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	if err == nil && flags&unix.FD_CLOEXEC != 0 {
		err = syscall.EBADF
	}
	if err != nil {
		return fmt.Errorf("unable to use descriptor %d for ready=: %w", int(fd), errnoOf(err))
	}
	unix.CloseOnExec(int(fd))
	return nil
}

// tellReady writes a newline to the descriptor and closes it: all directories are
// locked and recovered. What a killed pipe had taken is in them, or the next to come.
func (p *Pipe) tellReady() {
	fd := int(p.script.ready)
	if fd == 0 {
		return
	}
	if _, err := syscall.Write(fd, []byte("\n")); err != nil {
		p.warn(fmt.Errorf("unable to tell descriptor %d of being ready: %w", fd, errnoOf(err)))
	}
	_ = syscall.Close(fd)
}
