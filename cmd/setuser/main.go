// Setuser runs a program as an account that has logged in.
//
//	setuser ACCOUNT CHILD [ARG ...]
//
// # What it does
//
// It goes to the home directory of ACCOUNT, takes its group, its other groups
// and its user, sets HOME, SHELL, USER, GID and UID, and becomes CHILD.
//
// # Exit codes
//
// 100 if it is called wrong; 111 if there is no such account, its home cannot
// be entered, an id cannot be changed, or CHILD cannot be run; otherwise that of
// CHILD.
//
// # Files
//
// /etc/passwd and /etc/group.
//
// # Differences from daemontools 0.76
//
// The original has no such command. This one is that of daemontools-encore, and
// sets the variables, which there do not reach CHILD.
package main

import (
	"github.com/tailight/tailight/cmd/internal/chain"
	"github.com/tailight/tailight/cmd/internal/cli"
)

func main() { cli.Main("setuser", chain.Setuser) }
