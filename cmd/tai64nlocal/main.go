// Tai64nlocal shows TAI64N stamps in local time.
//
//	tai64nlocal
//
// # What it does
//
// It copies standard input to standard output and replaces the label at the
// start of a line, "@" and hexadecimal digits, by the local date and time with
// nanoseconds: 1999-08-24 04:04:05.787492500. Other lines, and labels
// elsewhere in a line, are copied as they are. Arguments are ignored.
//
// # Environment
//
// TZ is the time zone, in any form the C library takes: a name such as
// Europe/Berlin, a rule such as CET-1CEST,M3.5.0,M10.5.0/3, the path of a zone
// file; a right/ zone with leap seconds works. Without TZ it is the system's,
// /etc/localtime. An unknown name means UTC.
//
// # Exit codes
//
// 0 at the end of input, 111 in silence if reading or writing fails. A reader
// that goes away ends it by SIGPIPE.
//
// # Differences from daemontools 0.76
//
// A label beyond the years the C library knows, which kills the original
// (every line that starts with "@" and no real label is one), passes through
// unchanged.
package main

import (
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/logs"
)

func main() { cli.Main("tai64nlocal", logs.Tai64nlocal) }
