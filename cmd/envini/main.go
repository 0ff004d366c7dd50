// Envini runs a program with environment variables set from a file of
// sections.
//
//	envini [-p PREFIX] FILE CHILD [ARG ...]
//
// # What it does
//
// Lines of FILE, without the spaces and tabs around them, have these forms:
//
//	[SECTION]      the names of the lines that follow begin with SECTION_
//	NAME = VALUE   set the variable; the blanks around = do not count
//	; TEXT         a comment, and so is # TEXT
//
// Any other line is ignored. NAME is one word. An empty VALUE makes the
// variable empty; none is removed. A FILE that does not exist sets nothing.
// Then envini becomes CHILD.
//
// # Options
//
//	-p PREFIX  put PREFIX in front of every name, and of its section
//
// # Exit codes
//
// 111 if it is called wrong, FILE cannot be read, or CHILD cannot be run;
// otherwise that of CHILD.
//
// # Differences from daemontools 0.76
//
// The original has no such command. This one is that of daemontools-encore.
package main

import (
	"github.com/tailight/tailight/cmd/internal/chain"
	"github.com/tailight/tailight/cmd/internal/cli"
)

func main() { cli.Main("envini", chain.Envini) }
