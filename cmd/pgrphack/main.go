// Pgrphack runs a program in a session and process group of its own.
//
//	pgrphack CHILD [ARG ...]
//
// # What it does
//
// It makes a new session, of which it is the leader, and becomes CHILD. Where
// it leads a process group already, and so cannot have another, it goes on.
//
// # Exit codes
//
// 100 if it is called wrong, 111 if CHILD cannot be run, otherwise that of CHILD.
//
// # Differences from daemontools 0.76
//
// None.
package main

import (
	"github.com/tailight/tailight/cmd/internal/chain"
	"github.com/tailight/tailight/cmd/internal/cli"
)

func main() { cli.Main("pgrphack", chain.Pgrphack) }
