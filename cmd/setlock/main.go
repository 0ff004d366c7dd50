// Setlock runs a program that holds a lock.
//
//	setlock [-nNxX] FILE CHILD [ARG ...]
//
// # What it does
//
// It opens FILE for writing, makes it with mode 0600 if it is not there, locks
// it with flock(2), and becomes CHILD. CHILD has one more descriptor, the lowest
// that was free, and holds the lock until it and all who inherit the descriptor
// have closed it. FILE is not changed.
//
// # Options
//
// Of each pair the last one counts.
//
//	-n  give up at once if FILE is locked already
//	-N  wait for the lock (the default)
//	-x  if FILE cannot be opened or locked, exit 0 in silence
//	-X  if FILE cannot be opened or locked, say so and exit 111 (the default)
//
// # Exit codes
//
// 100 if it is called wrong; 111 if FILE cannot be opened or locked (0 after -x)
// or CHILD cannot be run; otherwise that of CHILD.
//
// # Differences from daemontools 0.76
//
// None.
package main

import (
	"github.com/tailight/tailight/cmd/internal/chain"
	"github.com/tailight/tailight/cmd/internal/cli"
)

func main() { cli.Main("setlock", chain.Setlock) }
