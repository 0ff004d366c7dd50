package control

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/supervise"
)

// Svup tells by its exit code whether a service is up.
func Svup(e *cli.Env) int {
	var which view
	dirs, ok := e.Options("lL", which.set)
	if !ok || len(dirs) == 0 {
		return e.Usage("svup [-L] [-l] dir")
	}
	if err := os.Chdir(dirs[0]); err != nil {
		return e.Fatal(noDir(dirs[0], err))
	}
	up, err := isUp(dirs[0], which)
	switch {
	case err != nil:
		return e.Fatal(err)
	case !up:
		return cli.Misuse
	}
	return cli.OK
}

// isUp looks at the service of the directory that has been entered.
func isUp(dir string, which view) (bool, error) {
	control, err := supervise.ControlDir(here)
	if err != nil {
		return false, noControlPath(dir, err)
	}
	running, err := supervise.Running(control)
	if err != nil {
		return false, unable(err)
	}
	if !running {
		return false, nil
	}
	status, err := supervise.ReadStatus(control)
	if p, ok := errors.AsType[*fs.PathError](err); ok && errors.Is(err, supervise.ErrFormat) {
		return false, fmt.Errorf("bad data in %s: truncated file", p.Path)
	}
	if err != nil {
		return false, unable(err)
	}
	up := !which.showsMain() || alive(&status)
	if which.showsLog() && (which.log || status.Log != nil) {
		up = up && status.Log != nil && alive(status.Log)
	}
	return up, nil
}

// alive reports whether a service has a process, or is counted as up without
// one, as daemontools-encore does for a directory without run.
func alive(s *supervise.Status) bool {
	return s.PID != 0 || s.Extended && (s.Phase == supervise.PhaseStarted || s.Phase == supervise.PhaseRunning)
}
