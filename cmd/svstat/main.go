// Svstat shows the state of services, a line for each.
//
//	svstat [-l] [-L] [--json] DIR ...
//
// # What it does
//
// For each service directory DIR it prints one of
//
//	DIR: up (pid PID) N seconds
//	DIR: down N seconds
//	DIR: REASON
//
// N counts from the last start or end of the service. Behind it stands what is
// out of the ordinary, in this order:
//
//	, normally down  it is up, and there is a file DIR/down
//	, normally up    it is down, and there is none
//	, paused         it was told to pause
//	, want up        it is down, and will be started
//	, want down      it is up, and was told to end
//
// and, if the supervise keeps more than that of 0.76: ", once" for a service
// that will not be started again, and its phase: stopped, starting, started,
// running, stopping or failed. If it runs a log service too, a line "DIR log:"
// follows.
//
// # Options
//
// Options stand in front. A word that names an existing directory or file is
// no option, as to 0.76 none is; nor is any other word with a dash.
//
//	-l      the main service only
//	-L      the log service only
//	--json  one JSON object a line
//
// An object has name, state ("up" or "down"), pid (0 if down), seconds, since
// (RFC 3339, UTC; null for a time beyond the years of that), tai64n, want
// ("up", "down" or "once"), paused, and normally ("up" or "down"); phase, and
// an object log with the same fields but for the name, where there are any; and
// dropped, an object with bytes and archives, where the log directory log/main (or
// main) has a file dropped, which multilog's full=drop-oldest makes. If there is nothing to tell it has name and error:
//
//	{"name":"sv","state":"up","pid":977,"seconds":1,
//	 "since":"2026-11-24T20:31:00.123456500Z","tai64n":"@40000000...",
//	 "want":"up","paused":false,"normally":"up"}          (on one line)
//	{"name":"nosuch","error":"unable to chdir: file does not exist"}
//
// # Exit codes
//
// 0 whatever the state is, and for no DIR at all; 100 for an option without
// DIR; 111 if the current directory cannot be opened or returned to.
//
// # Environment
//
// SUPERVISEDIR, as for svc.
//
// # Files
//
// DIR/down, DIR/supervise/ok and DIR/supervise/status. It has to be allowed to
// write to ok, so as to ask whether a supervise runs.
//
// # Differences from daemontools 0.76
//
// The options, SUPERVISEDIR, and what it tells of the longer records of
// daemontools-encore. A status that cannot be read is said, where 0.76 shows
// the state of the directory before. If the current directory cannot be
// returned to, what is known by then is printed.
package main

import (
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/control"
)

func main() { cli.Main("svstat", control.Svstat) }
