//go:build !linux

package cli

import "syscall"

// Fork is Exec in a child. The program's descriptor N is a copy of files[N];
// those behind the last of files it gets as they are. An error is one of the
// fork, or the reason why the program cannot be run.
func (e *Env) Fork(argv, envv []string, files []uintptr) (pid int, err error) {
	return Spawn(argv, &syscall.ProcAttr{Env: envv, Files: files})
}
