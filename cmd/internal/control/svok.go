package control

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/supervise"
)

// Svok tells by its exit code whether a supervise runs.
func Svok(e *cli.Env) int {
	if len(e.Args) == 0 {
		return e.Usage("svok dir")
	}
	dir := e.Args[0]
	if err := os.Chdir(dir); err != nil {
		return e.Fatal(noDir(dir, err))
	}
	control, err := supervise.ControlDir(here)
	if err != nil {
		return e.Fatal(noControlPath(dir, err))
	}
	running, err := supervise.Running(control)
	switch {
	case err != nil:
		return e.Fatal(below(dir, err))
	case !running:
		return cli.Misuse
	}
	return cli.OK
}

// below says what failed with the path as the caller sees it.
func below(dir string, err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok && !strings.HasPrefix(p.Path, "/") {
		return fmt.Errorf("unable to %s %s/%s: %w", p.Op, dir, p.Path, p.Err)
	}
	return unable(err)
}
