// Svscanboot starts svscan on /service when the machine boots.
//
//	svscanboot [--command=DIR] [--service=DIR]
//
// # What it does
//
// If an earlier svscan has left services running below /service, and the svscan
// to be started takes them over, nothing happens to them. Otherwise svscanboot
// asks every supervise there to stop with its service, without waiting for that:
//
//	svc -dx /service/* /service/*/log
//
// and then runs
//
//	svscan /service 2>&1 | readproctitle service errors: .....
//
// with 400 dots, so that `ps` shows what svscan, supervise and services
// without a logger have said last. It stays as the parent of the two and ends
// when both have ended.
//
// They get an environment of nothing but
//
//	PATH=/command:/usr/local/bin:/usr/local/sbin:/bin:/sbin:/usr/bin:/usr/sbin:/usr/X11R6/bin
//
// their standard input, output and error, where not the pipe, are /dev/null,
// and so are those of svscanboot. The umask, the limits, the working directory
// and further descriptors are those that svscanboot was started with.
//
// # Options
//
//	--service=DIR  scan DIR instead of /service
//	--command=DIR  put DIR first in PATH instead of /command
//
// Both have to begin with a slash. Every other argument is ignored.
//
// # Signals
//
// TERM is passed on to svscan, and svscanboot ends with it. HUP, INT and QUIT
// end svscanboot alone.
//
// # Exit codes
//
// That of readproctitle, the last in the pipe: 0 in good order, 128 and the
// signal's number if one killed it. 111 if one of the two cannot be started:
// then the other does not run either, and the reason is on standard error. 100
// for a wrong option.
//
// # Differences from daemontools 0.76
//
// The original is a shell script; this is a program, and no shell is involved.
// The original stops what runs in any case, and what is in the pipes is lost. This
// one says what keeps it from starting, and finds svc through PATH as the
// other two. The original does not pass TERM on, and ignores the two options
// as any argument. Many services are no obstacle: where the names do not fit into
// one argument list, the original leaves out the svc.
package main

import (
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/tree"
)

func main() { cli.Main("svscanboot", tree.Svscanboot) }
