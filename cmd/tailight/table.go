package main

import (
	"github.com/tailight/tailight/cmd/internal/chain"
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/control"
	"github.com/tailight/tailight/cmd/internal/logs"
	"github.com/tailight/tailight/cmd/internal/tree"
)

// commands is the one table of all commands; a test holds it equal to the
// folders of cmd.
var commands = []cli.Command{
	{Name: "envdir", Summary: "run a program with variables set from the files of a directory", Run: chain.Envdir},
	{Name: "envini", Summary: "run a program with variables set from a file of sections", Run: chain.Envini},
	{Name: "envuidgid", Summary: "run a program with the ids of an account in its environment", Run: chain.Envuidgid},
	{Name: "fghack", Summary: "run a program and wait until all it started is gone", Run: chain.Fghack},
	{Name: "multilog", Summary: "write lines of standard input to rotated log directories", Run: logs.Multilog},
	{Name: "pgrphack", Summary: "run a program in a session and process group of its own", Run: chain.Pgrphack},
	{Name: "readproctitle", Summary: "show the end of standard input in the process list", Run: tree.Readproctitle},
	{Name: "setlock", Summary: "run a program that holds a lock", Run: chain.Setlock},
	{Name: "setuidgid", Summary: "run a program as an account", Run: chain.Setuidgid},
	{Name: "setuser", Summary: "run a program as an account that has logged in", Run: chain.Setuser},
	{Name: "softlimit", Summary: "run a program with new soft limits", Run: chain.Softlimit},
	{Name: "supervise", Summary: "keep the service of a directory running", Run: tree.Supervise},
	{Name: "svc", Summary: "give commands to services", Run: control.Svc},
	{Name: "svlog", Summary: "show the logs of services", Run: logs.Svlog},
	{Name: "svok", Summary: "tell whether a supervise runs in a directory", Run: control.Svok},
	{Name: "svscan", Summary: "keep a supervise running for every service of a directory", Run: tree.Svscan},
	{Name: "svscanboot", Summary: "start svscan on /service, with its errors shown by ps", Run: tree.Svscanboot},
	{Name: "svstat", Summary: "show the state of services", Run: control.Svstat},
	{Name: "svup", Summary: "tell whether a service is up", Run: control.Svup},
	{Name: "tai64n", Summary: "put a TAI64N stamp in front of every line", Run: logs.Tai64n},
	{Name: "tai64nlocal", Summary: "show TAI64N stamps in local time", Run: logs.Tai64nlocal},
}
