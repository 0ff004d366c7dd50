// Package control has the commands that speak with a supervise: svc, svok,
// svstat and svup. Their manuals are the package comments of their mains.
//
// Like the originals they enter each service directory and see its files from
// there: so every path that can be entered is good, however long, and what is
// said about a failure is the same. The working directory belongs to the
// process, and so do these commands; package supervise does without.
package control

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/supervise"
)

// here is the service directory after it has been entered.
const here = "."

// each enters the directories in turn and calls visit in them, with the error
// if that failed. It returns the exit code of the command.
func each(e *cli.Env, dirs []string, visit func(dir string, err error)) int {
	home, err := syscall.Open(".", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return e.Fatal(fmt.Errorf("unable to open current directory: %w", err))
	}
	defer syscall.Close(home)
	for _, dir := range dirs {
		visit(dir, os.Chdir(dir))
		if err := syscall.Fchdir(home); err != nil {
			return e.Fatal(fmt.Errorf("unable to set directory: %w", err))
		}
	}
	return cli.OK
}

// bare is the reason of an error, without operation and path: who says it
// names these in words of daemontools.
func bare(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// unable says what failed on which file of the control directory, or just that
// no supervise runs.
func unable(err error) error {
	p, ok := errors.AsType[*fs.PathError](err)
	if !ok || errors.Is(err, supervise.ErrNotRunning) {
		return bare(err)
	}
	return fmt.Errorf("unable to %s %s: %w", p.Op, p.Path, p.Err)
}

// noControlPath says that the absolute path of a service, which an absolute
// SUPERVISEDIR asks for, cannot be found.
func noControlPath(dir string, err error) error {
	return fmt.Errorf("unable to setup control path for %s: %w", dir, bare(err))
}

// noDir says that a directory cannot be entered.
func noDir(dir string, err error) error {
	return fmt.Errorf("unable to chdir to %s: %w", dir, bare(err))
}
