// Tai64n puts a TAI64N stamp in front of every line.
//
//	tai64n
//
// # What it does
//
// It copies standard input to standard output with "@", 24 hexadecimal digits
// and a space before each line. The stamp is of the moment when the line's
// first byte was read; stamps rise strictly, by a nanosecond at least. An
// empty line is stamped too, and a last line without a newline gets none.
// What has been read is written before more is read. Arguments are ignored.
//
// # Exit codes
//
// 0 at the end of input, 111 in silence if reading or writing fails. A reader
// that goes away ends it by SIGPIPE.
//
// # Differences from daemontools 0.76
//
// Stamps have full nanoseconds and are unique.
package main

import (
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/logs"
)

func main() { cli.Main("tai64n", logs.Tai64n) }
