// Envdir runs a program with environment variables set from the files of a
// directory.
//
//	envdir [-p PREFIX] DIR CHILD [ARG ...]
//
// # What it does
//
// Every file in DIR whose name does not begin with a dot is a variable. Its
// value is the first line of the file, without spaces and tabs at its end;
// NUL bytes become newlines. An empty file removes the variable. A symbolic link
// that leads nowhere removes it too. Then envdir becomes CHILD, which starts in
// the directory that envdir was started in, and is found through the PATH that
// envdir itself was given.
//
// # Options
//
//	-p PREFIX  put PREFIX in front of every name
//
// # Exit codes
//
// 111 if it is called wrong, a file cannot be read, or CHILD cannot be run;
// otherwise that of CHILD.
//
// # Differences from daemontools 0.76
//
// There, a symbolic link that leads nowhere gets the value of the file read
// before, unless it is the first. A directory DIR whose name begins with -p has
// to be written ./-p. The option is that of daemontools-encore.
package main

import (
	"github.com/tailight/tailight/cmd/internal/chain"
	"github.com/tailight/tailight/cmd/internal/cli"
)

func main() { cli.Main("envdir", chain.Envdir) }
