// Softlimit runs a program with new soft limits.
//
//	softlimit [-acdflmoprst LIMIT] CHILD [ARG ...]
//
// # What it does
//
// It sets the soft limits that are asked for, in order, and becomes CHILD. A
// LIMIT is a number, and one above the hard limit means that; an equals sign
// means the hard limit. A dash means no limit, neither soft nor hard, for which
// it may need root.
//
// # Options
//
//	-a BYTES    the whole address space
//	-c BYTES    core files
//	-d BYTES    the data segment
//	-f BYTES    files that are written
//	-l BYTES    locked memory
//	-m BYTES    the same as -d, -s, -l and -a
//	-o NUMBER   open files
//	-p NUMBER   processes of this user
//	-r BYTES    resident memory
//	-s BYTES    the stack
//	-t SECONDS  CPU time
//
// # Environment
//
// SOFTLIMIT_ALLBYTES, _COREBYTES, _DATABYTES, _FILEBYTES, _LOCKEDBYTES,
// _MEMBYTES, _OPENFILES, _PROCS, _RSSBYTES, _STACKBYTES and _CPUSECS are obeyed
// like their options, before these.
//
// # Exit codes
//
// 100 if it is called wrong; 111 if a limit cannot be set or CHILD cannot be
// run; otherwise that of CHILD.
//
// # Differences from daemontools 0.76
//
// The dash and the variables, which are those of daemontools-encore. No limit
// is set before the whole call is understood.
package main

import (
	"github.com/tailight/tailight/cmd/internal/chain"
	"github.com/tailight/tailight/cmd/internal/cli"
)

func main() { cli.Main("softlimit", chain.Softlimit) }
