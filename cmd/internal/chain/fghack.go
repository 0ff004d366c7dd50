package chain

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// Fghack runs a program and waits until it, and every process that it leaves
// in the background, is gone.
func Fghack(e *cli.Env) int {
	if len(e.Args) == 0 {
		return e.Usage("fghack child")
	}
	cli.InheritOpenFiles() // copies beyond it would not be possible
	var pipe [2]int
	if err := unix.Pipe(pipe[:]); err != nil {
		return e.Fatal(fmt.Errorf("unable to create pipe: %w", err))
	}
	unix.CloseOnExec(pipe[0])
	unix.CloseOnExec(pipe[1])
	pid, err := start(e, pipe[1])
	_ = unix.Close(pipe[1])
	switch err {
	case nil:
	case syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE: // hardly of the exec
		return e.Fatal(fmt.Errorf("unable to fork: %w", err))
	default:
		return e.Fatal(fmt.Errorf("unable to run %s: %w", e.Args[0], err))
	}
	drain(pipe[0])
	return ended(e, pid)
}

// held is the number of copies of the pipe that the program is given: a daemon
// may close the first few descriptors, but hardly all of these.
const held = 31

// start starts the program with the writing end of the pipe at the lowest
// numbers that it does not use otherwise.
func start(e *cli.Env, w int) (pid int, err error) {
	files, copies := layout()
	// It comes from above, or syscall.ForkExec, where that is used, takes a
	// further number for each copy, and there may not be that many.
	if high, err := unix.FcntlInt(uintptr(w), unix.F_DUPFD_CLOEXEC, len(files)); err == nil {
		defer unix.Close(high)
		w = high
	}
	for _, fd := range copies {
		files[fd] = uintptr(w)
	}
	return e.Fork(e.Args, cli.Environ(), files)
}

// layout lists the descriptors of the program up to the last copy, and which
// of them are copies. Those behind are passed on as they are.
func layout() (files []uintptr, copies []int) {
	limit := mostDescriptors() - 3 // the pipe itself, and one of syscall.ForkExec, are above
	for len(copies) < held && len(files) < limit {
		fd := len(files)
		if !passedOn(fd) || cli.Closed(fd) {
			copies = append(copies, fd)
		}
		files = append(files, uintptr(fd))
	}
	return files, copies
}

// mostDescriptors is how many this process, and so a child, may have.
func mostDescriptors() int {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return held + 6
	}
	return int(min(uint64(r.Cur), 1<<20))
}

// drain reads until every writing end is closed. What is read is nobody's.
func drain(r int) {
	var buf [512]byte
	for {
		n, err := unix.Read(r, buf[:])
		if n == 0 || err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// ended waits for the program itself and passes its exit code on.
func ended(e *cli.Env, pid int) int {
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(pid, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			return e.Fatal(fmt.Errorf("wait failed: %w", err))
		case status.Signaled():
			return e.Fatal(errors.New("child crashed"))
		}
		return status.ExitStatus()
	}
}
