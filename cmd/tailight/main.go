// Tailight is the whole toolkit in one binary.
//
//	tailight COMMAND [ARG ...]
//	tailight install [-f] DIR
//	tailight
//
// Called by the name of a command, through a link, it is that command;
// called as tailight it takes the command as its first argument, and without
// one lists the commands.
//
// # install
//
// Puts the binary into DIR, and beside it a symbolic link for every command.
// What is there already is left alone and named; -f replaces it.
//
// # Exit codes
//
// 0 done, 100 an unknown command or a wrong call, 111 the system failed;
// otherwise those of the command.
package main

import "github.com/tailight/tailight/cmd/internal/cli"

func main() { cli.Multi("tailight", commands) }
