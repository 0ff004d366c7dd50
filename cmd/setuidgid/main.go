// Setuidgid runs a program as an account.
//
//	setuidgid [-s] ACCOUNT CHILD [ARG ...]
//
// # What it does
//
// It takes the group and the user of ACCOUNT, drops all other groups, and
// becomes CHILD. Environment and directory stay as they are. ACCOUNT is a name;
// a number is not one.
//
// # Options
//
//	-s  take the other groups of ACCOUNT too
//
// # Exit codes
//
// 100 if it is called wrong; 111 if there is no such account, an id cannot be
// changed, or CHILD cannot be run; otherwise that of CHILD.
//
// # Files
//
// /etc/passwd, and after -s /etc/group.
//
// # Differences from daemontools 0.76
//
// Accounts are those of /etc/passwd, not those of the C library's other
// sources, such as LDAP. The option is that of daemontools-encore.
package main

import (
	"github.com/tailight/tailight/cmd/internal/chain"
	"github.com/tailight/tailight/cmd/internal/cli"
)

func main() { cli.Main("setuidgid", chain.Setuidgid) }
