// Svlog shows the logs of services: several in one order, a range of time, what
// is written now, chosen lines, as text or JSON, or counted.
//
//	svlog [OPTION ...] [SERVICE|DIR ...]
//
// # What it does
//
// It reads log directories of multilog: the archives, compressed ones too (gzip
// and zstd, by their content), and current. The lines of all of them come in the
// order of their stamps. zstd is unpacked by tailight-zstd, from the directory of svlog
// itself or from PATH, or else by the program zstd; if there is neither, such an archive
// is passed over with a warning. It needs to be allowed to read them, takes no lock and
// writes nothing there.
//
// An operand with a slash in it is a directory: a log directory if it holds
// current, or else a service, or the log of one. Any other is the name of a service
// below the scan directory. The log directory of a service is log/main, or the one
// that the last multilog in log/run writes to, as far as that can be seen without a
// shell: the first that gets all lines, or else the first. Without operands it is
// all services of the scan directory that have a log directory.
//
// An operand for which there is nothing is said; the others are gone on with.
//
// # Range
//
//	-S, --since TIME   lines of this time and later
//	-U, --until TIME   lines before this time
//	-n, --lines N      the last N lines (that are chosen) of all together, or all
//	-r, --reverse      the newest line first
//	-f, --follow       go on with what is written later, across rotations, also in
//	                   directories that are removed and made anew, and of new services;
//	                   begins with the last ten lines, unless -n or --since says other
//	    --wait         with -f: wait for services and directories that are not there
//	-F, --follow-wait  both
//
// A TIME is one of
//
//	now, today, yesterday             the last two are midnight, local time
//	[today|yesterday ]10:00[:00[.5]]  local time, of today without a word
//	2026-11-25[ 10:00[:00[.5]]]       local time; T may stand for the space
//	2026-11-25T10:00:00+01:00         with a zone, as in RFC 3339: Z, +01:00 or +0100
//	1h30m[ ago]                       before now, with the units s, m, h, d and w
//	@400000006b0340fe0d710cc1         a label
//	1764061572[.5]                    Unix time, of nine digits or more
//
// Every time that svlog shows is one. A local time that comes twice, because the
// clock is set back, is the first one in --since and the last one in --until.
//
// # Choice of lines
//
//	-m, --match WORD   a word of multilog's: -PATTERN, +PATTERN, F, S, drop=REGEX or
//	                   select=REGEX. Several are obeyed in their order, for the line as
//	                   it is in the file, as multilog would: -m '-*' -m '+* ERROR *'
//	-g, --grep REGEX   lines whose text, without its stamp, matches (RE2, as in Go);
//	                   on a terminal the match is marked
//	-s, --service GLOB services whose name matches; may be given again for more
//
// # Output
//
//	-o, --output FORMAT  short: time, name and text, the name with several sources only
//	                     cat: the text only
//	                     json: an object a line
//	    --time STYLE     local: 2026-11-25 17:46:12.123456+01:00, iso: the same with a T,
//	                     tai64n: the label, unix: 1764061572.123456, none
//	    --precision N    digits behind the second, 0 to 9; the rest is cut off (6)
//	    --color WHEN     auto (on a terminal), always or never
//	    --no-pager       do not start a pager
//
// Text keeps its bytes, whatever they are, and every line gets a newline. A line
// without a stamp has the time of the line before it in its directory; if there is
// none, - stands for the time.
//
// On a terminal, and without -f, the output goes through a pager, which shows what
// fits on a page and ends.
//
// An object has time (RFC 3339 with nine digits, local; null for a line before any
// stamp, or a year that RFC 3339 does not have), tai64n (null in the first case),
// service and text. In text a byte that is no part of UTF-8 is U+FFFD, one for each;
// then there is also base64, all bytes of the text in that encoding, with padding.
// "stamp":false is there if the line has no stamp of its own; "more":true if
// the line goes on in the next object of the service, because it is longer than a mebibyte
// or was cut at the end of a file; "open":true if the file has no newline behind it.
//
//	{"time":"2026-11-25T17:46:12.123456789+01:00","tai64n":"@40000000...",
//	 "service":"web","text":"GET /"}                        (on one line)
//
// # Counts
//
//	--stats          lines and bytes in the files, of each service, by time
//	--histogram      lines by time, as a picture as wide as the terminal (or COLUMNS,
//	                 or 80); in colour a bar has a piece for each service
//	--bucket LENGTH  of time of a row, such as 10m; else a length is taken that gives
//	                 24 rows at most
//
// Rows begin where the clock on the wall is a multiple of the length. What the log
// directory has given up for want of space (full=drop-oldest of multilog) is told
// behind. With -o json a row is an object with time, seconds (the length), service,
// lines and bytes; and one with service and dropped, of bytes and archives.
//
// # Cursor
//
//	--cursor-file FILE  begin behind the last line that the run before with this FILE has
//	                    written, and keep the place there
//
// The place is of each directory, and is that of the last line that was looked at,
// chosen or not. It is saved at the end of a run, also when TERM, INT or HUP ends it, and
// with -f a second after lines were written. A crash leaves the old place or the new
// one, and no line is missed; those since the last save come again. A half line at the end
// of a log is left to the next run. What could not be written is not passed over.
//
// # Signals
//
// INT, TERM and HUP end it, after what was read has been written; the code is then 0. If
// that takes longer than a second, because the output is not read, it dies of the signal.
// With a pager INT ends the reading, and the pager goes on.
//
// # Exit codes
//
// 0 done, also when the reader of the output has gone or there was no line; 100 for a
// wrong call; 111 if a source cannot be found or read, or the output or the cursor not
// written.
//
// # Environment
//
// SVDIR: the scan directory (/service). TZ: local time. SVLOG_PAGER, PAGER: the
// command of the pager, for sh; empty or cat for none; without both `less -FRX`, if there
// is one. LESS is FRX for it unless it is set. NO_COLOR: no colours unless
// --color=always. COLUMNS: see --histogram. LC_ALL, LC_CTYPE, LANG: whether bars may be
// made of blocks.
//
// # Files
//
// In a log directory: @LABEL files of all suffixes, previous, current, dropped. FILE.new
// beside the cursor while it is written.
package main

import (
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/logs"
)

func main() { cli.Main("svlog", logs.Svlog) }
