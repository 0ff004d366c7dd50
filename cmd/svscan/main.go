// Svscan starts a supervise for every service of a directory, and one for each
// log, and looks after them.
//
//	svscan [--encore] [--stop-removed] [--log=FILE] [DIR]
//
// # What it does
//
// Every entry of DIR (the working directory by default) that is a directory or
// a symbolic link to one, and whose name does not begin with a dot, is a
// service: svscan runs `supervise NAME` for it. If NAME/log exists, svscan also
// runs `supervise log` in NAME, and joins the two by a pipe, from the standard
// output of the service to the standard input of its log. svscan keeps both
// ends of the pipe, so that either side can be restarted and nothing in it is
// lost. supervise is found through PATH.
//
// It looks at DIR every five seconds and, where the system tells of changes,
// within 50 milliseconds of one; a directory that is made in place, without a
// run yet, waits for the five seconds. A supervise that dies is started again
// at once, but not twice within five seconds; one that was told to exit (svc -x)
// after five seconds if its entry is still there. Two names for one directory
// are one service. Whether a service has a log is decided when it is first seen.
//
// A service whose entry is removed goes on running, and is not started again
// when it ends. To remove one:
//
//	cd /service/NAME
//	rm /service/NAME
//	svc -dx . log
//
// # Options
//
//	--stop-removed  end a service, and then its log, when its entry is removed
//	--encore        let every service behave as one of daemontools-encore, as
//	                supervise does for one that has a file of the name encore
//	--log=FILE      write svscan's own messages to a plain rotated file, each
//	                with a TAI64N stamp, instead of to standard error
//
// # Signals
//
//	TERM, INT  end all services; then, as each is gone, its log, when that has
//	           read what is left in the pipe. Exit when nothing runs. A second
//	           one kills the services.
//	QUIT       exit and leave everything running
//	HUP        look at DIR now, and end what has been removed
//
// As process 1 it waits for every orphan.
//
// # Exit codes
//
// 0 after TERM, INT or QUIT; 111 if DIR cannot be entered; 100 for a wrong
// option.
//
// # Differences from daemontools 0.76
//
// There is no limit of 1000 services. Changes and deaths are noticed at once.
// TERM, INT and HUP end the original and leave the services alone, as QUIT does
// here.
package main

import (
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/tree"
)

func main() { cli.Main("svscan", tree.Svscan) }
