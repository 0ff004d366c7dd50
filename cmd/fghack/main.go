// Fghack runs a program that puts itself into the background, and stays in the
// foreground for it.
//
//	fghack CHILD [ARG ...]
//
// # What it does
//
// It runs CHILD with a pipe at 31 more descriptors, waits until every process
// that has one of these has ended or closed it, and then for CHILD. What is
// written into the pipe is thrown away. Signals are not passed on.
//
// # Exit codes
//
// That of CHILD; 100 if it is called wrong; 111 if CHILD was killed or cannot be
// run.
//
// # Differences from daemontools 0.76
//
// Near its limit of open files CHILD gets three copies of the pipe less than
// it could have, so that it can still open something. If SIGCHLD is ignored, the
// exit code of CHILD is known all the same.
package main

import (
	"github.com/tailight/tailight/cmd/internal/chain"
	"github.com/tailight/tailight/cmd/internal/cli"
)

func main() { cli.Main("fghack", chain.Fghack) }
