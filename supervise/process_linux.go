package supervise

import (
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// start starts a process and gets a pidfd for it, where there are any.
func start(c command) (child, error) {
	if !hasPidfd() {
		return watched(c)
	}
	pid, err := c.fork()
	if err != nil {
		return noChild, err
	}
	return takeUp(identity{pid, bornOf(pid)}, false, time.Now()), nil
}

// takeUp gets hold of a process that there is already. One that has ended is
// found to have when it is looked at.
func takeUp(id identity, foreign bool, now time.Time) child {
	c := child{identity: id, fd: -1, foreign: foreign, due: now}
	var err error
	if foreign {
		c.fd, err = openPidfd(id)
	} else if hasPidfd() {
		c.fd, err = unix.PidfdOpen(id.pid, 0) // of a child that was not waited for it cannot be another's
	}
	if err != nil {
		c.fd = -1
	}
	return c
}

// hasPidfd reports whether this kernel has pidfds (Linux 5.3) and no sandbox
// refuses them.
var hasPidfd = sync.OnceValue(func() bool {
	if missing.pidfdOpen {
		return false
	}
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

// lookAfar is look for a process that another has started.
func (c *child) lookAfar() (status syscall.WaitStatus, known, ended bool) {
	if c.fd >= 0 {
		if !hasEnded(c.fd) {
			return 0, false, false
		}
	} else if c.lives() {
		return 0, false, false
	}
	// It may be our child all the same: orphans come to the first process, or to
	// the next subreaper.
	if bornOf(c.pid) == c.born {
		if pid, err := syscall.Wait4(c.pid, &status, syscall.WNOHANG, nil); pid == c.pid && err == nil {
			return status, true, true
		}
	}
	status, known = endOf(c.identity, c.fd)
	return status, known, true
}

// sendAfar is send for a process that another has started. It may have ended and
// its pid be another's, but not while its pidfd takes signals.
func (c *child) sendAfar(s syscall.Signal, group bool) {
	switch {
	case group && (c.fd >= 0 && !hasEnded(c.fd) || c.fd < 0 && c.lives()):
		if syscall.Kill(-c.pid, s) != nil {
			c.sendAfar(s, false)
		}
	case c.fd >= 0:
		_ = pidfdSignal(c.fd, s)
	case c.lives():
		_ = syscall.Kill(c.pid, s)
	}
}

// dirFlags open a directory that need not be readable, only searchable.
const dirFlags = unix.O_PATH

func pipe(p []int) error { return unix.Pipe2(p, unix.O_CLOEXEC) }
