package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// adoptOrphans makes processes whose parents end our children, so that the
// end of the last can be waited for.
func adoptOrphans() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
