package cli

import (
	"runtime"
	"syscall"
)

// Spawn starts the program argv[0], found as Search does, as a child. It gets
// the signal mask and the ignored signals that this process was started with;
// those that Go's runtime needs for itself are default in it if they were
// ignored. Its limits are those of this process.
func Spawn(argv []string, attr *syscall.ProcAttr) (pid int, err error) {
	runtime.LockOSThread() // a child has the mask of the thread that forks
	defer runtime.UnlockOSThread()
	defer restoreMask(inheritMask())
	err = Search(Candidates(argv[0]), func(path string) (err error) {
		pid, err = syscall.ForkExec(path, argv, attr)
		return err
	})
	return pid, err
}
