package supervise

import (
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// child is a process that this one has started and not yet waited for, or that
// it has taken over. fd becomes readable when it has ended; -1 stands for no
// process, or one that has to be looked at from time to time.
type child struct {
	identity
	fd      int
	foreign bool      // another has started it: it is perhaps nobody's child whom we know
	due     time.Time // without fd and ended: when it is looked at

	ended chan syscall.WaitStatus // gets its end: where the system has no pidfd, or somebody waits for all children
}

var noChild = child{fd: -1}

// blindGap is the time between two looks at a process whose end nothing tells.
const blindGap = time.Second

// command is what spawn runs.
type command struct {
	dir   string // working directory
	path  string // relative to it; also argv[0]
	args  []string
	env   []string
	files []uintptr // descriptors 0, 1 and 2
	own   bool      // in a session and a process group of its own
	cell  *uint32   // where its pid is written before it can do anything; nil: nowhere
}

// forkError is the error of a process that could not be made, as against one
// that could not execute its program.
type forkError struct{ errno syscall.Errno }

func (e *forkError) Error() string { return e.errno.Error() }
func (e *forkError) Unwrap() error { return e.errno }

// spawn starts a process. It has the environment and the signals of this one,
// and besides its files no descriptor but those this process was itself given.
func spawn(c command) (child, error) {
	c.env = syscall.Environ()
	ch, err := start(c)
	for _, errno := range []syscall.Errno{unix.EAGAIN, unix.ENOMEM, unix.EMFILE, unix.ENFILE} {
		if errors.Is(err, errno) {
			return ch, &forkError{errno}
		}
	}
	return ch, err
}

// watched starts a process, and a goroutine that waits for it: for systems
// without pidfds.
func watched(c command) (child, error) {
	var p [2]int
	if err := pipe(p[:]); err != nil {
		return noChild, err
	}
	pid, err := c.fork()
	if err != nil {
		_, _ = unix.Close(p[0]), unix.Close(p[1])
		return noChild, err
	}
	ch := child{identity: identity{pid, bornOf(pid)}, fd: p[0], ended: make(chan syscall.WaitStatus, 1)}
	go func() {
		status, _ := wait(pid, 0)
		ch.ended <- status
		_ = unix.Close(p[1])
	}()
	return ch, nil
}

// reap returns how the child has ended, if it has, and forgets it.
func (c *child) reap(now time.Time) (exit, bool) {
	status, known, ended := c.look(now)
	if !ended {
		return exit{}, false
	}
	c.forget()
	switch {
	case !known:
		return exit{unknown: true}, true
	case status.Signaled():
		return exit{signal: int(status.Signal())}, true
	}
	return exit{code: status.ExitStatus()}, true
}

// forget lets go of a child, whether it has ended or not.
func (c *child) forget() {
	closeFD(&c.fd)
	*c = noChild
}

func (c *child) look(now time.Time) (status syscall.WaitStatus, known, ended bool) {
	if c.pid == 0 {
		return 0, false, false
	}
	if c.fd < 0 {
		c.due = now.Add(blindGap)
	}
	if c.ended != nil {
		select {
		case status = <-c.ended:
			return status, true, true
		default:
		}
	}
	switch {
	case c.foreign:
		return c.lookAfar()
	case c.ended != nil:
		return 0, false, false
	}
	status, ended = wait(c.pid, syscall.WNOHANG)
	return status, true, ended
}

// deadline is when it has to be looked at; zero: there is no need to.
func (c *child) deadline() time.Time {
	if c.pid == 0 || c.fd >= 0 || c.ended != nil {
		return time.Time{}
	}
	return c.due
}

// wait waits for a process. One that somebody else has waited for has ended
// with a status that nobody knows any more: it counts as 0.
func wait(pid, options int) (status syscall.WaitStatus, ended bool) {
	for {
		n, err := syscall.Wait4(pid, &status, options, nil)
		if err != syscall.EINTR {
			return status, n == pid || err != nil
		}
	}
}

// send sends a signal to the child or, if asked to, to its process group. A
// child that leads no group is all the group there is.
func (c *child) send(s syscall.Signal, group bool) {
	if c.pid <= 0 {
		return // 0 would be our own group
	}
	if c.foreign {
		c.sendAfar(s, group)
		return
	}
	// The child has not been waited for, so the pid is its own still.
	if group && syscall.Kill(-c.pid, s) == nil {
		return
	}
	_ = syscall.Kill(c.pid, s) // it may be a zombie; that is as good
}
