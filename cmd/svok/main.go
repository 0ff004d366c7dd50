// Svok tells whether a supervise runs in a service directory.
//
//	svok DIR
//
// # What it does
//
// It looks whether the FIFO DIR/supervise/ok has a reader, and says nothing.
// Further arguments are ignored.
//
// # Exit codes
//
// 0 if a supervise runs, 100 if none does or no DIR is given, 111 if it cannot
// be told: DIR cannot be entered, or the FIFO cannot be opened for another
// reason.
//
// # Environment
//
// SUPERVISEDIR, as for svc.
//
// # Files
//
// DIR/supervise/ok. Who may not write to it cannot ask.
//
// # Differences from daemontools 0.76
//
// SUPERVISEDIR, which is of daemontools-encore.
package main

import (
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/control"
)

func main() { cli.Main("svok", control.Svok) }
