//go:build !linux

package rotate

import (
	"os"
	"time"
)

// watch tells of no changes here: the sweep has to do.
type watch struct{ failed bool }

func newWatch() *watch { return nil }

func (*watch) dir(string, *source)                             {}
func (*watch) file(*os.File, *source) int                      { return 0 }
func (*watch) forget(int, *source)                             {}
func (*watch) wait(time.Time, func() bool, func(*source)) bool { return true }
func (*watch) poll(func(*source)) bool                         { return false }
func (*watch) wake()                                           {}
func (*watch) close()                                          {}
func fileAt(name string) (fileID, int64, error)                { return plainFileAt(name) }
