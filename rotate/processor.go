package rotate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// processing is one run of a processor over a finished file.
type processing struct {
	name    string // of the log directory, for diagnostics
	dir     string // the processor's working directory: the log directory
	command string // for /bin/sh -c

	in, out, state, newstate file // its descriptors 0, 1, 4 and 5
}

// process takes previous through the processor. What an earlier run left in
// processed and newstate is thrown away.
func (w *walk) process() (next state, err error) {
	p := &processing{name: w.d.name, command: w.d.opt.Processor}
	if p.in, err = w.fs.open("previous", os.O_RDONLY, 0); errors.Is(err, fs.ErrNotExist) {
		return ended, nil // somebody removed it
	}
	defer release(&p.in)
	defer release(&p.state)
	if err == nil {
		// A state that somebody removed is an empty one.
		p.state, err = w.fs.open("state", os.O_RDONLY|os.O_CREATE, 0o644)
	}
	if err == nil {
		p.out, err = w.fs.open("processed", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	}
	if err == nil {
		p.newstate, err = w.fs.open("newstate", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		release(&p.out)
		return ended, nil // the directory has been removed
	case err != nil:
		err = fail(err, "unable to run %s", p.command)
	default:
		path, hold := w.fs.enter()
		p.dir = path
		err = w.d.opt.run(p)
		_ = hold.Close()
	}
	if err != nil {
		if w.d.opt.Full == FullDropOldest && w.d.makeRoom(w.fs, p.starved()) {
			err = nil
		}
		release(&p.out)
		release(&p.newstate)
		return process, err
	}
	w.out, w.newstate = p.out, p.newstate
	return syncProcessed, nil
}

// starved returns why a processor could not write, if that was for want of space.
// Its exit code does not tell, so a little more is written where it has ended; the
// next run throws that away.
func (p *processing) starved() error {
	for _, f := range []file{p.out, p.newstate} {
		for left := 64 << 10; f != nil && left > 0; {
			n, err := f.write(make([]byte, left))
			if err != nil {
				return err
			}
			left -= n
		}
	}
	return nil
}

// run is the processor as a process. Its environment is ours, its other
// descriptors are those we were given, its signals have their default
// action. It is a success if it exits 0.
func (p *processing) run() error {
	pid, _, err := syscall.StartProcess("/bin/sh", []string{"sh", "-c", p.command}, &syscall.ProcAttr{
		Dir:   p.dir,
		Env:   os.Environ(),
		Files: []uintptr{p.in.fd(), p.out.fd(), 2, inherited(3), p.state.fd(), p.newstate.fd()},
	})
	if err != nil {
		return fail(err, "unable to fork for processor in %s", p.name)
	}
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(pid, &status, 0, nil)
		if err == nil {
			break
		}
		if err != syscall.EINTR {
			return fail(err, "wait failed for processor in %s", p.name)
		}
	}
	switch {
	case status.Signaled():
		return &Error{Text: fmt.Sprintf("processor crashed in %s", p.name)}
	case status.ExitStatus() != 0:
		return &Error{Text: fmt.Sprintf("processor failed in %s", p.name)}
	}
	return nil
}

// inherited returns the descriptor n for a child if this process was itself
// given one, and the value for "none" if n is closed or one of our own.
func inherited(n int) uintptr {
	flags, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0)
	if err != nil || flags&unix.FD_CLOEXEC != 0 {
		return ^uintptr(0)
	}
	return uintptr(n)
}
