// Svup tells whether a service is up.
//
//	svup [-L] [-l] DIR
//
// # What it does
//
// A service is up if a supervise runs in DIR and the service has a process, or
// counts as started without one. If the same supervise runs a log service,
// that has to be up too. It says nothing; further arguments are ignored.
//
// # Options
//
//	-l  look at the main service only
//	-L  look at the log service only; one that is not there is not up
//
// # Exit codes
//
// 0 if it is up, 100 if not or for a wrong call, 111 if that cannot be told.
//
// # Environment
//
// SUPERVISEDIR, as for svc.
//
// # Files
//
// DIR/supervise/ok and DIR/supervise/status.
//
// # Differences from daemontools 0.76
//
// 0.76 has no svup. It is that of daemontools-encore, but names the directory
// that cannot be entered.
package main

import (
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/control"
)

func main() { cli.Main("svup", control.Svup) }
