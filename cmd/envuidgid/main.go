// Envuidgid runs a program with the ids of an account in its environment.
//
//	envuidgid ACCOUNT CHILD [ARG ...]
//
// # What it does
//
// It sets GID and UID to the numbers of ACCOUNT's group and user, and becomes
// CHILD. It changes no ids and needs no privilege: CHILD may give up root when
// it has done what only root may do.
//
// # Exit codes
//
// 100 if it is called wrong; 111 if there is no such account or CHILD cannot
// be run; otherwise that of CHILD.
//
// # Files
//
// /etc/passwd.
//
// # Differences from daemontools 0.76
//
// Accounts are those of /etc/passwd, not those of the C library's other
// sources, such as LDAP.
package main

import (
	"github.com/tailight/tailight/cmd/internal/chain"
	"github.com/tailight/tailight/cmd/internal/cli"
)

func main() { cli.Main("envuidgid", chain.Envuidgid) }
