// Multilog reads lines from standard input and writes those its script
// selects to automatically rotated log directories.
//
//	multilog WORD ...
//
// # What it does
//
// Every argument is a word of the script. The words are obeyed from left to
// right for every line:
//
//	t         (first word only) put a TAI64N stamp and a space before each line
//	-PATTERN  deselect the line if it matches
//	+PATTERN  select the line if it matches
//	e         print the line on standard error, 200 bytes of it at most
//	=FILE     make the line the content of FILE, as 1001 bytes padded with newlines
//	./DIR     append the line to the log directory DIR, if it is selected
//	/DIR      the same
//	file=PATH append the line to the plain rotated file PATH, if it is selected
//
// and these hold for the destinations after them:
//
//	sSIZE          size of a file in bytes, 4096 to 16777215 (99999)
//	nNUM           number of files, current among them, at least 2 (10)
//	!COMMAND       shell command through which each finished file goes
//	compress=gzip  file= only: compress old files
//	keep=DURATION  file= only: delete old files after that time, such as 12h or 30d
//
// Any other word is ignored. Every line starts selected. A line may be of any
// length and hold any bytes; patterns, e and = see its first 1000 bytes, the
// stamp among them. A last line without a newline gets one.
//
// In a pattern a star at the end matches everything; any other star skips to
// the first place where the next byte of the pattern occurs, and tries no
// later one. All other bytes stand for themselves, and the whole line has to
// match.
//
// # Destinations
//
// A log directory is crash-safe. Its lines are in DIR/current as soon as
// multilog has read them. When current is full it ends with a line if one
// ends within the last 2000 bytes of its size, is put on disk, and gets the
// name of the time: @LABEL.s, which means complete and on disk. @LABEL.u is a
// file that was cut short by an outage. The oldest are deleted so that NUM-1
// are left. A rotation goes on beside the reading of lines.
//
// A plain file (file=) is best effort: it is for tools that expect an
// app.log, its old files have dates in their names, nothing is forced to
// disk, and a crash in the middle of a rotation may lose a file's name or
// compression. SIZE is rounded up to whole megabytes (1048576 bytes), a
// duration to whole days.
//
// # Processor
//
// COMMAND is run by /bin/sh in DIR with the finished file as descriptor 0 and
// the file that replaces it as descriptor 1. What an earlier run wrote to
// descriptor 5 is on descriptor 4. It is run again, after a pause, until it
// exits 0.
//
// # Signals
//
// TERM: read to the end of the line at hand, leave the rest in standard
// input, and end. ALRM: rotate every destination that is not empty.
//
// # When something fails
//
// A step that fails is said on standard error and done again after five
// seconds, until it works. Meanwhile nothing more is read and nothing is lost.
// TERM ends such a wait if no line is in memory only.
//
// # Exit codes
//
// 0 at the end of input or after TERM; 111 if a destination cannot be opened,
// or had to be left in the middle of a rotation (the next start finishes it);
// 100 for a bad key=value word.
//
// # Files
//
// In DIR: lock (held while multilog runs), current, previous and processed
// (during a rotation), state and newstate (of the processor), @LABEL.s and
// @LABEL.u. The owner-execute bit of current says that it was closed in good
// order.
//
// # Differences from daemontools 0.76
//
// The directory, the script and the diagnostics are the same; either program
// can go on with the other's directory. Stamps have full nanoseconds and rise
// strictly. Lines that come by the thousands a second may wait up to 5 ms in
// the pipe. Files fill up closer to SIZE when lines come fast. A rotation and
// its processor do not stop the reading of lines. An empty current left by an
// outage is removed, not archived; a complete previous becomes .s. Only
// strictly named archives are counted and deleted, and one that cannot be
// deleted stops nothing. A removed current or directory is noticed at the
// next line and made anew. A read error is said before the clean end, and a
// non-blocking input is waited for. A processor that crashes is said once and
// run again after five seconds, not ten. ARCHITECTURE.md has the whole list.
package main

import (
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/logs"
)

func main() { cli.Main("multilog", logs.Multilog) }
