// Svc gives commands to services that a supervise keeps.
//
//	svc [--reexec] [-udopchaitkxq12w+=Ll] DIR ...
//
// # What it does
//
// The letters of all options are collected in order, duplicates are dropped,
// and for each service directory DIR they are written to the FIFO
// DIR/supervise/control at once. supervise obeys them one by one; svc does not
// wait for that, except for room in the FIFO. Options end at the first DIR.
//
// # Options
//
//	-u  up: start the service if it is down, and again whenever it ends
//	-d  down: TERM and CONT to the service, and do not start it again
//	-o  once: start the service if it is down, and do not start it again
//	-x  exit: supervise ends as soon as the service is down
//	-p  pause: STOP          -i  interrupt: INT     -q  QUIT
//	-c  continue: CONT       -t  terminate: TERM    -1  USR1
//	-h  hang up: HUP         -k  kill: KILL         -2  USR2
//	-a  alarm: ALRM                                 -w  WINCH
//
// In front of these, --reexec has supervise become the program that is installed by
// now; the service does not notice. Only the supervise of this toolkit does that.
//
// These change the letters behind them, up to the end of the options:
//
//	-+  signals go to the process group of the service
//	-=  signals go to the process alone again
//	-L  commands are for the log service that the same supervise runs
//	-l  commands are for the main service again
//
// So svc -dx DIR takes a service and its supervise away, svc -du DIR restarts
// it, and svc -t DIR does the same if it is wanted up.
//
// # Exit codes
//
// 0 always, whether a service could be told or not: that is a warning. 100 for
// an unknown option, 111 if the current directory cannot be opened or
// returned to, or for more than 32 letters.
//
// # Environment
//
// SUPERVISEDIR is the name of the control directory instead of supervise. An
// absolute one is followed by the absolute path of DIR, in which every slash
// but the first became a colon: /run/sv and /service/foo make
// /run/sv/service:foo. supervise has to have the same.
//
// # Files
//
// DIR/supervise/control. A supervise that does not run has no reader there.
//
// # Differences from daemontools 0.76
//
// The letters q 1 2 w + = L l are those of daemontools-encore; the supervise
// of 0.76 ignores them. Letters of 0.76 alone arrive as the svc of 0.76 would
// write them. With any other letter the batch begins with l, as with
// daemontools-encore, and ends with = and l if + and L were given, so that
// they do not reach the letters of the next svc. A letter may come again behind
// + = L l. --reexec is ours: a word that begins with two dashes ends the options
// of 0.76, and any other one still does. The usage text has a second line.
package main

import (
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/control"
)

func main() { cli.Main("svc", control.Svc) }
