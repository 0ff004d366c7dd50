package cli

import "syscall"

// Fork is Exec in a child. The program's descriptor N is a copy of files[N];
// those behind the last of files it gets as they are. The child does what Exec
// does, and like it says itself why the program cannot be run; an error is one
// of the fork. It is meant for a command that starts one program: afterwards
// there is no garbage collection.
//
// syscall.ForkExec cannot be used for that: the child would not ignore the
// signals that the runtime needs, and would have its raised limits.
func (e *Env) Fork(argv, envv []string, files []uintptr) (pid int, err error) {
	p := e.prepare(argv, envv)
	last := func() (string, syscall.Errno) { return "unable to dup", dupTo(files) }
	mask := blockAll() // no handler of the runtime may run in the child
	inheritLimits()    // a user without processes left has none for this either
	child, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
	if errno == 0 && child == 0 {
		// Here is no thread but this one, and so nothing of the runtime
		// that would wake another: system calls only, up to the exec.
		inherit()
		if entered == 0 {
			setMask(&mask, nil) // the best that is known
		}
		code := p.exec(last)
		for {
			_, _, _ = syscall.RawSyscall(syscall.SYS_EXIT_GROUP, uintptr(code), 0, 0)
		}
	}
	raiseLimits()
	setMask(&mask, nil)
	if errno != 0 {
		return 0, errno
	}
	return int(child), nil
}

// dupTo copies descriptors to their places. Those that are in place are not
// closed by exec, so there is nothing to do for them.
func dupTo(files []uintptr) syscall.Errno {
	for to, from := range files {
		if uintptr(to) == from {
			continue
		}
		if _, _, errno := syscall.RawSyscall(syscall.SYS_DUP3, from, uintptr(to), 0); errno != 0 {
			return errno
		}
	}
	return 0
}

// blockAll blocks every signal of this thread, and returns the mask for setMask.
func blockAll() (before uint64) {
	all := ^uint64(0)
	setMask(&all, &before)
	return before
}
