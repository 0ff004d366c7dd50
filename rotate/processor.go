package rotate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// processing is one run of a processor over a finished file.
type processing struct {
	name    string // of the log directory, for diagnostics
	dir     string // the processor's working directory: the log directory
	command string // for /bin/sh -c
	program string // instead, without a shell; empty: none

	in, out, state, newstate file // its descriptors 0, 1, 4 and 5

	hurry      <-chan struct{} // closed when it has to come to an end
	stateLimit int64           // bytes
}

const (
	// maxState is what a processor may remember. One that writes without end
	// would fill the disk.
	maxState = 16 << 20
	// lookAtState is how often that is looked at while it runs.
	lookAtState = 200 * time.Millisecond
	// patience is how long a writer that needs a new file waits for a processor
	// that runs.
	patience = time.Minute
	// enough is how often processors fail in a row until a file is left without one,
	// if somebody waits.
	enough = 3
)

// process takes previous through the processor. What an earlier run left in
// processed and newstate is thrown away.
func (w *walk) process() (next state, err error) {
	p := &processing{name: w.d.name, command: w.d.opt.Processor, program: w.d.opt.zstd, hurry: w.hurry, stateLimit: w.d.opt.maxState}
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
		if err != nil {
			return w.failed(err)
		}
		return process, nil
	}
	w.d.failures = 0
	w.out, w.newstate = p.out, p.newstate
	return syncProcessed, nil
}

// failed decides what becomes of a file whose processor has failed. It is run
// again, unless a writer waits for the end of the rotation: lines that come are worth
// more than the processing of those that are safe. The file then stays as it is.
func (w *walk) failed(err error) (next state, _ error) {
	w.d.failures++
	if !w.awaited.Load() || !errors.Is(err, errLate) && w.d.failures < enough {
		return process, err
	}
	w.d.warn(&Error{Text: fmt.Sprintf("unable to process %s/%s, leaving it as it is", w.d.name, w.file), Err: err})
	for _, name := range []string{"processed", "newstate"} {
		_ = w.fs.remove(name) // what remains is dropped by the next start or run
	}
	w.suffix = unfinished
	return link, nil
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
	program, argv := "/bin/sh", []string{"sh", "-c", p.command}
	if p.program != "" {
		program, argv = p.program, []string{zstdName}
	}
	pid, _, err := syscall.StartProcess(program, argv, &syscall.ProcAttr{
		Dir:   p.dir,
		Env:   os.Environ(),
		Files: []uintptr{p.in.fd(), p.out.fd(), 2, inherited(3), p.state.fd(), p.newstate.fd()},
		Sys:   attributes(),
	})
	if err != nil {
		return fail(err, "unable to fork for processor in %s", p.name)
	}
	ended := make(chan struct{})
	var status syscall.WaitStatus
	go func() {
		defer close(ended)
		for {
			_, err = syscall.Wait4(pid, &status, 0, nil)
			if err != syscall.EINTR {
				return
			}
		}
	}()
	stopped := p.watch(pid, ended)
	switch {
	case stopped != nil:
		return stopped
	case err != nil:
		return fail(err, "wait failed for processor in %s", p.name)
	case status.Signaled():
		return &Error{Text: fmt.Sprintf("processor crashed in %s", p.name)}
	case status.ExitStatus() != 0:
		return &Error{Text: fmt.Sprintf("processor failed in %s", p.name)}
	}
	return p.excess()
}

// watch waits for the end of a processor, and kills one that writes state without
// end, or takes too long when somebody waits for it. It then says why.
func (p *processing) watch(pid int, ended <-chan struct{}) error {
	var why error
	look := time.NewTicker(lookAtState)
	defer look.Stop()
	for why == nil {
		select {
		case <-ended:
			return nil
		case <-p.hurry:
			why = &Error{Text: "processor killed in " + p.name, Err: errLate}
		case <-look.C:
			why = p.excess()
		}
	}
	// It is a group as long as its shell has not been waited for, and that is
	// done by nobody else: the number cannot be another's before.
	select {
	case <-ended:
	default:
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		<-ended
	}
	return why
}

// excess is the error of a processor that has written too much state.
func (p *processing) excess() error {
	if in, err := p.newstate.stat(); err == nil && in.size > p.stateLimit {
		return &Error{Text: "processor killed in " + p.name, Err: fmt.Errorf("it writes more than %d bytes of state", p.stateLimit)}
	}
	return nil
}

// errLate is why a processor is killed that somebody waits for.
var errLate = errors.New("it takes too long")

// inherited returns the descriptor n for a child if this process was itself
// given one, and the value for "none" if n is closed or one of our own.
func inherited(n int) uintptr {
	flags, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0)
	if err != nil || flags&unix.FD_CLOEXEC != 0 {
		return ^uintptr(0)
	}
	return uintptr(n)
}
