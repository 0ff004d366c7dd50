//go:build !linux

package supervise

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func start(c command) (child, error) { return watched(c) }

func (c command) fork() (pid int, err error) {
	attr := &syscall.ProcAttr{Dir: c.dir, Env: c.env, Files: c.files, Sys: &syscall.SysProcAttr{Setsid: c.own}}
	pid, _, err = syscall.StartProcess(c.path, append([]string{c.path}, c.args...), attr)
	return pid, err
}

// Nothing is taken over here.

func takeUp(identity, bool, time.Time) child { return noChild }

func (c *child) lookAfar() (status syscall.WaitStatus, known, ended bool) { return 0, false, true }

func (c *child) sendAfar(syscall.Signal, bool) {}

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
