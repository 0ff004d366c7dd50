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
// lost. supervise is found through PATH. Arguments after DIR are ignored.
//
// svscan looks at DIR every five seconds and, where the system tells of changes
// (Linux does, for local file systems), within 50 milliseconds of one. A new
// directory that is not complete, without an executable run, or with a log
// without one, waits for the five seconds; so does one that keeps changing. Make
// a service elsewhere, and link it into DIR when it is complete: whether it has
// a log is decided when it is first seen.
//
// A supervise that dies is started again at once, but not twice within five
// seconds; one that was told to exit (svc -x) after five seconds, if its entry
// is still there. Two names for one directory are one service. A renamed one
// goes on, and its supervise has its old name until it is started again.
//
// A service whose entry is removed goes on running, and is not started again
// when it ends. To remove one:
//
//	cd /service/NAME
//	rm /service/NAME
//	svc -dx . log
//
// # After a kill
//
// A svscan that starts takes over what an earlier one has left, whether that was
// killed or has left by QUIT: each supervise, which is known by the lock that it
// holds, and the pipe to its log with what is in it. From then on it is as if
// svscan had started them. This needs Linux and /proc. Where the system does not
// let go of a pipe (another user, a sandbox), svscan says so once, and replaces
// service and logger as soon as one of them ends. What nobody has any more, for
// the service and its logger have both ended meanwhile, is gone.
//
// A supervise that somebody else has started is watched in the same way, and
// its service is started when it ends. If a lock is held and nobody can be found
// who does, that is said once, and the lock is waited for.
//
// A second svscan on one directory says so, waits until the first one has ended,
// and takes over. Each locks the directory itself, as flock(2) does.
//
// # Options
//
//	--stop-removed  end a service, and then its log, when its entry is removed
//	--encore        let every service behave as one of daemontools-encore, as
//	                supervise does for one that has a file of the name encore
//	--log=FILE      write svscan's own messages to a plain rotated file, each
//	                with a TAI64N stamp, instead of to standard error. What
//	                supervise says still goes to standard error
//
// # Signals
//
//	TERM, INT  end everything, also what was taken over, as below, and exit
//	QUIT       exit and leave everything running
//	HUP        look at DIR now, and end what has been removed
//	USR1       become the svscan that is installed by now, and let every
//	           supervise do likewise
//
// To end a service, svscan tells its supervise `dx` (see svc). When that is gone
// its logger reads what is left in the pipe; if it dies meanwhile, or is down,
// paused or missing, it is started. When the pipe is empty the logger comes to
// the end of its input, and its supervise leaves with it. A logger that has not
// ended three seconds later, for it does not look for the end or for another
// process still holds the pipe, is told `dx`.
//
// Neither a service that ignores TERM nor a logger that does not read has a time
// limit. A second TERM or INT kills every service that is left, and every logger
// that takes more than three seconds after its service.
//
// HUP and INT stay ignored, also for the services, if svscan is started with
// them ignored, as by nohup. A message that nobody reads (PIPE) does not end
// svscan. As process 1 svscan waits for every orphan.
//
// # A new version
//
// On USR1 svscan first starts the new program, as it was itself found, to see
// that it works. If not, it says so and goes on. Otherwise the process becomes
// the new program, with the same pid, children and pipes: no service is
// restarted. Then it asks each supervise of this toolkit to do the same. USR1 is
// ignored while svscan is ending everything. HUP, INT, QUIT and TERM end a new
// program in its first millisecond; the services go on then, and the next svscan
// takes them over.
//
// # Exit codes
//
// 0 after TERM, INT or QUIT; 111 if DIR cannot be entered or FILE not opened;
// 100 for a wrong option.
//
// # Files
//
//	DIR/NAME/run        what supervise runs
//	DIR/NAME/log/run    the same for the log
//	DIR/NAME/supervise, DIR/NAME/log/supervise
//	                    how svscan, and svc, reach the two supervises
//
// # Differences from daemontools 0.76
//
// TERM, INT and HUP end the original and leave the services alone, as QUIT does
// here; so does a message that nobody reads. Changes and deaths are noticed at
// once. There is no limit of 1000 services; a service with a log takes two
// descriptors, as ever, and svscan may use as many as the hard limit allows.
package main

import (
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/tree"
)

func main() { cli.Main("svscan", tree.Svscan) }
