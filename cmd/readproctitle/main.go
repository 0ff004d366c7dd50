// Readproctitle shows the end of its input in the process list.
//
//	readproctitle ARG ... LAST
//
// # What it does
//
// It overwrites LAST, its last argument, with dots, and then moves every byte
// that it reads into LAST from the right, so that `ps` shows the newest text.
// The first three dots stay; NUL bytes are left out, and newlines are kept as
// they are. What LAST is made of does not matter, only how long it is.
// svscanboot runs it with 400 dots, to show what svscan, supervise and
// services without a logger have said last:
//
//	svscan /service 2>&1 | readproctitle service errors: ................
//
// # Exit codes
//
// 0 at the end of input, 111 if it cannot be read, 100 without a LAST of at
// least five bytes. None of them is said.
//
// # Differences from daemontools 0.76
//
// It reads as much as there is at once, not a byte at a time, and waits where
// a non-blocking input has nothing, which ends the original with 111.
package main

import (
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/tree"
)

func main() { cli.Main("readproctitle", tree.Readproctitle) }
