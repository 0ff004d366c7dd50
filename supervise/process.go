package supervise

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// child is a process that this one has started and not yet waited for. fd
// becomes readable when it has ended; -1 stands for no process.
type child struct {
	pid int
	fd  int

	ended chan syscall.WaitStatus // gets its end: where the system has no pidfd, or somebody waits for all children
}

var noChild = child{fd: -1}

// command is what spawn runs.
type command struct {
	dir   string // working directory
	path  string // relative to it; also argv[0]
	args  []string
	files []uintptr // descriptors 0, 1 and 2
	own   bool      // in a session and a process group of its own
}

// forkError is the error of a process that could not be made, as against one
// that could not execute its program.
type forkError struct{ errno syscall.Errno }

func (e *forkError) Error() string { return e.errno.Error() }
func (e *forkError) Unwrap() error { return e.errno }

// spawn starts a process. It has the environment and the signals of this one,
// and besides its files no descriptor but those this process was itself given.
func spawn(c command) (child, error) {
	attr := &syscall.ProcAttr{Dir: c.dir, Env: syscall.Environ(), Files: c.files, Sys: &syscall.SysProcAttr{Setsid: c.own}}
	ch, err := start(c.path, append([]string{c.path}, c.args...), attr)
	for _, errno := range []syscall.Errno{unix.EAGAIN, unix.ENOMEM, unix.EMFILE, unix.ENFILE} {
		if errors.Is(err, errno) {
			return ch, &forkError{errno}
		}
	}
	return ch, err
}

// watched starts a process, and a goroutine that waits for it: for systems
// without pidfds.
func watched(path string, argv []string, attr *syscall.ProcAttr) (child, error) {
	var p [2]int
	if err := pipe(p[:]); err != nil {
		return noChild, err
	}
	pid, _, err := syscall.StartProcess(path, argv, attr)
	if err != nil {
		_, _ = unix.Close(p[0]), unix.Close(p[1])
		return noChild, err
	}
	c := child{pid: pid, fd: p[0], ended: make(chan syscall.WaitStatus, 1)}
	go func() {
		status, _ := wait(pid, 0)
		c.ended <- status
		_ = unix.Close(p[1])
	}()
	return c, nil
}

// reap returns how the child has ended, if it has, and forgets it.
func (c *child) reap() (exit, bool) {
	status, ok := c.look()
	if !ok {
		return exit{}, false
	}
	c.forget()
	if status.Signaled() {
		return exit{signal: int(status.Signal())}, true
	}
	return exit{code: status.ExitStatus()}, true
}

// forget lets go of a child, whether it has ended or not.
func (c *child) forget() {
	closeFD(&c.fd)
	*c = noChild
}

func (c *child) look() (status syscall.WaitStatus, ended bool) {
	switch {
	case c.pid == 0:
		return 0, false
	case c.ended == nil:
		return wait(c.pid, syscall.WNOHANG)
	}
	select {
	case status = <-c.ended:
		return status, true
	default:
		return 0, false
	}
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
	// The child has not been waited for, so the pid is its own still.
	if group && syscall.Kill(-c.pid, s) == nil {
		return
	}
	_ = syscall.Kill(c.pid, s) // it may be a zombie; that is as good
}
