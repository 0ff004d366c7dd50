// Tailight is the whole toolkit in one binary.
//
//	tailight COMMAND [ARG ...]
//	tailight install [-f] [--root=DIR] [--command=DIR] [--service=DIR] [--boot=rc.local|inittab|systemd]
//	tailight install [-f] DIR
//	tailight uninstall [--root=DIR] [--command=DIR]
//	tailight
//
// Called by the name of a command, through a link, it is that command;
// called as tailight it takes the command as its first argument, and without
// one lists the commands.
//
// # install
//
// Puts a copy of this binary into /command, as tailight, beside it tailight-zstd, if
// that lies beside this binary (it is said if not), and a symbolic
// link for every command, and makes an empty directory /service. What is there
// already is left alone and named; of what an earlier install has made, a
// binary that has changed since is replaced, by a rename, so that running
// commands keep the old one.
//
// Then it prints what to add to /etc/rc.local, /etc/inittab or a systemd unit
// so that svscanboot is started when the machine boots. --boot writes that:
//
//	rc.local  a line at the end of /etc/rc.local, before a last `exit 0`;
//	          the file is made if there is none
//	inittab   a line in /etc/inittab; `kill -HUP 1` lets init read it
//	systemd   /etc/systemd/system/svscanboot.service, and the link that
//	          enables it; `systemctl daemon-reload` lets systemd read it
//
// What a shell starts with & ignores INT, and so do the services then, unless
// they ask for it; inittab and systemd have no such effect.
//
// A line that is there already is not added again. The file keeps its mode
// and owner, and a crash leaves the old file or the new one.
//
// Options:
//
//	--command=DIR  the directory of the commands instead of /command
//	--service=DIR  the directory of the services instead of /service
//	--root=DIR     put all of it below DIR, as for a package or an image
//	-f, --force    replace files and links of others that are in the way
//
// The directories are made, those that they are in are not.
//
// With DIR as an operand, install puts the binaries and the links there, and
// does nothing else.
//
// # uninstall
//
// Takes back exactly what install has made. What was changed since, and a
// directory that is not empty, stays and is named. It stops nothing: svc -dx
// does that.
//
// # Exit codes
//
// 0 done, 100 an unknown command or a wrong call, 111 the system failed, or
// something else is in the place of a command; otherwise those of the command.
//
// # Files
//
// /command/.tailight-installed: what uninstall takes back. Names ending in
// .tailight-new: not whole yet, left by a crash; the next install or uninstall
// removes them.
//
// # Differences from daemontools 0.76
//
// package/install of the original compiles first, makes links in
// /usr/local/bin too, starts svscan through csh in rc.local, and changes nothing
// where /service exists. It cannot take anything back.
package main

import (
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/setup"
)

func main() { cli.Multi("tailight", commands, setup.Commands(commands)) }
