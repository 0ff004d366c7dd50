package tree

import (
	"fmt"
	"path/filepath"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/rotate"
	"github.com/tailight/tailight/tai64"
)

// warnTo returns a function that writes warnings to a plain rotated file, each
// with a TAI64N stamp, instead of to descriptor 2. What cannot be written goes
// to descriptor 2 after all.
func warnTo(e *cli.Env, path string) (func(error), error) {
	path, err := filepath.Abs(path) // svscan goes elsewhere, and a rotation opens the file anew
	if err != nil {
		return nil, fmt.Errorf("unable to find %s: %w", path, cli.Errno(err))
	}
	f, err := rotate.OpenFile(path, rotate.FileOptions{})
	if err != nil {
		return nil, err
	}
	clock := new(tai64.Clock)
	return func(err error) {
		clock.Read()
		line := clock.Next().String() + " " + e.Name + ": warning: " + cli.Text(err) + "\n"
		if _, werr := f.Write([]byte(line)); werr != nil {
			e.Warn(err)
		}
	}, nil
}
