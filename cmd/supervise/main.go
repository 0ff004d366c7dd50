// Supervise starts a service and starts it again when it ends.
//
//	supervise DIR
//
// # What it does
//
// It switches to the service directory DIR and runs ./run, which is to stay in
// the foreground. When run ends, it is run again: at once, or when a second has
// gone by since the last start. If there is a file DIR/down, nothing is started
// until supervise is told to.
//
// run has the environment, the standard descriptors, the session, the process
// group, the umask and the blocked signals of supervise, and the working
// directory DIR. A second supervise of the same directory fails.
//
// # Letters
//
// Supervise obeys the letters that svc writes to DIR/supervise/control:
//
//	u    up: start it, and again whenever it ends
//	d    down: send it TERM and then CONT, and leave it down
//	o    once: start it, and leave it down when it ends
//	x    exit: end when the service next ends, or at once if it is down
//	p c  pause, continue: send STOP, CONT
//	h a i t k    send HUP, ALRM, INT, TERM, KILL
//	q 1 2 w      send QUIT, USR1, USR2, WINCH
//	e    become the supervise that is installed by now, see below
//	+ =  the signals after it go to the process group, or to the process alone
//	L l  the letters after it are for the logger of encore, or for the service
//
// The last four hold for letters that come together. Letters that mean nothing
// are passed over. After x no letter makes the service start again.
//
// # Files
//
// In DIR, all but run are optional:
//
//	run             the service
//	down            do not start it at first
//	finish          is run after every end of run, with two arguments: the exit
//	                code, or 256, and the number of the signal that killed run, or
//	                0; the code is -1 if nobody knows it
//	timeout-finish  how long finish may run before it is killed (5s)
//	timeout-kill    how long after d the service may run before it is killed
//	                (for ever)
//	down-signal     the signal that d sends instead of TERM, such as HUP or 1
//	follow          an empty file: what run leaves behind is the service, see below
//	encore          an empty file: the directory is one of daemontools-encore
//
// A time is a number of milliseconds or has a unit: 5000, 5s, 1m30s. The files
// are read when they are needed. One that makes no sense is said, once, and is
// as good as none. While finish runs the service is down, and letters that send
// signals do nothing.
//
// In DIR/supervise, or where the environment variable SUPERVISEDIR says, see
// svc: lock (held while supervise runs), control and ok (FIFOs), and status (18
// bytes: the time of the last start or end as a TAI64N label, the pid, whether
// it is paused, and u, d or 0). They stay when supervise ends; running, which says
// what there is to take over, does not. If supervise is a
// symbolic link that leads nowhere, the directory to which it leads is made.
//
// # A run that leaves processes behind
//
// A run that puts a daemon into the background and ends is run again, second
// after second. If DIR has a file follow when supervise starts, and the system is
// Linux, the service is up until the last process that descends from run has
// ended. The pid in the status is that of one of them, after run of the oldest
// whose parent has ended; letters that send signals are for that one. d ends one
// after the other, the same way. finish is told of the end of the last. After a
// supervise that was killed the next one knows only of the process in the status.
//
// # A new version
//
// At the letter e, which svc --reexec writes, supervise starts the program that is
// there now under the path by which it was started itself, to see whether it
// understands what it would get. If so it becomes it by exec: pid, lock, children
// and state stay, and nobody is restarted. If not it says why, and goes on.
//
// # Encore
//
// In a directory with a file encore, supervise does besides what that of
// daemontools-encore does:
//
//	start      is run before run at first and after d and u; if it fails, run is
//	           not run
//	stop       is run when run has ended for the last time, or at d if it has not
//	           been run
//	log        an executable file: a logger whose standard input is the standard
//	           output of start, run and stop
//	notify     is run at every start and end, with four arguments: the name of the
//	           script, start, exit or killed, the pid, and the exit code or the
//	           signal
//	no-setsid  do not make every child the leader of a session of its own
//
// run may be missing; start then has done it all. A run that exits 100 is not
// started again. TERM and INT to supervise mean dx, TSTP means p, and CONT means
// c. The status has the phase in 20 bytes, or 40 with a logger.
//
// When supervise leaves it waits for run, then for stop, and then for the
// logger, which finds the end of its input behind the last line. A logger that
// has not ended after five seconds is sent TERM.
//
// # Signals
//
// Without encore supervise takes none: whatever ends it leaves the service
// running. The next supervise of the directory, on Linux and in the same boot,
// takes it over as it is, up or down, and starts no second one. If the service
// has ended meanwhile, or nobody tells how it ends later, "exit status unknown"
// is said, and finish gets -1.
//
// # Exit codes
//
// 0 after x, 100 for a wrong call, 111 if the directory cannot be used or has a
// supervise already.
//
// # Differences from daemontools 0.76
//
// The control directory, the letters, the diagnostics and what a service gets
// are the same; svc, svstat and svok of either can be used with either.
// Supervise listens during the first second after a start too, and counts that
// second on a clock that nobody sets. A run that cannot be executed counts as
// down, not as up for a second. When no process can be made it tries again
// after 60 seconds, listening meanwhile. The environment variable SUPERVISEDIR,
// the letters q 1 2 w + = L l, and the files finish, timeout-kill,
// timeout-finish, down-signal and encore mean something. Signals that whoever
// started supervise ignores, other than HUP and INT, have their default action
// in the service; CHLD stays blocked there if it was.
package main

import (
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/tree"
)

func main() { cli.Main("supervise", tree.Supervise) }
