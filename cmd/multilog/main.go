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
//	T         (first word only) put Unix time, as 1000000000.123456, and a space
//	          before each line
//	stamp=KIND  (before all patterns and destinations) put such a stamp and a space
//	          before each line: tai64n as t, unix as T, or iso, which is
//	          2026-11-25T10:00:00.123456789Z
//	-PATTERN  deselect the line if it matches
//	+PATTERN  select the line if it matches
//	drop=REGEX  deselect the line if its text matches somewhere
//	select=REGEX  select the line if its text matches somewhere
//	F         patterns behind this word are those of fnmatch(3)
//	S         patterns behind this word are star patterns, as at the start
//	e         print the line on standard error, 200 bytes of it at most
//	=FILE     make the line the content of FILE, as 1001 bytes padded with newlines;
//	          while that fails the lines go on into the logs
//	./DIR     append the line to the log directory DIR, if it is selected
//	/DIR      the same
//	tee=1     write the line to standard output, if it is selected
//	tee=2     write the line to standard error, if it is selected
//	file=PATH append the line to the plain rotated file PATH, if it is selected
//
// and these hold for the destinations after them:
//
//	sSIZE          size of a file in bytes, 4096 to 16777215 (99999); with the
//	               unit k, m or g, as in s64m, up to 2147483647; k is 1024
//	nNUM           number of files, current among them, at least 2 (10)
//	wCODE          suffix of finished files, instead of s; it may be empty
//	!COMMAND       shell command through which each finished file goes
//	sync=WHEN      when lines are put on disk: rotate, always, or a time such as 10s
//	full=WHAT      what happens when there is no space: wait, or drop-oldest
//	compress=HOW   compress each finished file, by gzip or zstd; with a directory in
//	               place of !
//	keep=DURATION  delete old files after that time, such as 12h or 30d
//	every=WHEN     rotate current also when it is old: after a time such as 12h, or at
//	               each hour or day of the clock on the wall
//	total=SIZE     delete the oldest files of a directory as long as all have more
//	               bytes together, current not among them, such as 500m or 2g
//
// and these, which change what the destinations after them get; patterns, e and =
// see the line as it came:
//
//	prefix=TEXT    put TEXT before each line, behind the stamp
//	replace=C      put C in the place of bytes below 32 but tab, and of 127
//	line=BYTES     cut longer lines into pieces of so many bytes, 16 to 1g
//	rate=N/s:BURST let N lines a second through, BURST at once (N); also N/m, N/h
//
// and these for all:
//
//	ready=FD    write a newline to that descriptor, 3 or above, and close it, when all
//	            directories are locked and recovered
//	spool=SIZE  how many bytes of input may be taken while a destination is waited
//	            for, such as 1m or 2g; 0 for none (16m, or with sync=always 0)
//
//	config=FILE  (before all patterns and destinations) the words in FILE stand here,
//	          one in each line. Empty lines, and lines that begin with #, are none
//
// Any other word is ignored. Every line starts selected. A line may be of any
// length and hold any bytes; patterns, e and = see its first 1000 bytes, the
// stamp among them. A last line without a newline gets one.
//
// In a star pattern a star at the end matches everything; any other star skips
// to the first place where the next byte of the pattern occurs, and tries no
// later one. All other bytes stand for themselves, and the whole line has to
// match.
//
// Behind F a pattern is one of the shell, for the whole line again: * stands for
// any bytes, the slash among them, ? for any one, [a-z] for one of a set, [!a-z]
// or [^a-z] for one that is not in it, and \ takes the meaning from the byte
// after it. A set may have classes such as [:digit:], collating symbols such as
// [.-.] and equivalence classes such as [=a=], all as in the C locale: bytes, not
// characters. A [ without its ] stands for itself. F and S hold for the words
// behind them, in every line alike.
//
// A piece that goes on in the next one ends with a backslash. Each has a stamp of
// its own and the prefix; both, the backslash and the newline do not count. A
// character of UTF-8 is not cut. Put together without backslashes and newlines, the
// pieces are the line.
//
// Lines above a rate are left out and counted. At most a second later, or before a
// rotation by ALRM and at the end, a line of the log says so:
//
//	tailight: suppressed 7 lines from 2026-11-25T10:00:00.123456789Z to
//	2026-11-25T10:00:01.000000000Z: more than 100/s
//
// (in one line). It comes between whole lines, so an input that stops within one
// delays it. A rate goes by the stamps of lines, or by what they would be.
//
// REGEX is a regular expression of RE2 (as in Go, see pkg.go.dev/regexp/syntax). It
// sees the first 1000 bytes less the stamp, so ^ is the start of the text, and it
// need not match all of it: ^ and $ say so. Bytes that are no UTF-8 are taken for
// U+FFFD.
//
// The stamps of T are those of t cut to microseconds. They never fall unless the
// clock was set back by more than a second, but lines that come within one
// microsecond, or are read together, may have the same.
//
// The stamps of iso are UTC, always of 30 bytes, and hold all that those of t do:
// they rise strictly and sort as text.
//
// # Destinations
//
// A log directory is crash-safe. Its lines are in DIR/current as soon as
// multilog has read them. When current is full it ends with a line if one
// ends within the last 2000 bytes of its size, is put on disk, and gets the
// name of the time: @LABEL.s, which means complete and on disk. @LABEL.u is a
// file that was cut short by an outage. The oldest are deleted so that NUM-1
// are left, whatever their suffixes. A rotation goes on beside the reading of
// lines.
//
// every= rotates a current that has lines and is old, whether lines come or not. A
// time counts from the first line, by its stamp if multilog was started since, or
// else from the time the file was made. every=hour and every=day end a file when the
// clock on the wall shows a new hour or a new day, in the zone of TZ or /etc/localtime,
// also where that midnight is missing or there twice. A clock that was set is noticed
// within an hour. An empty current is left alone, so there may be days without a file.
//
// total= and keep= delete more than that, the oldest first. nNUM and total= are
// looked at when a rotation ends, and leave the newest file. keep= goes by LABEL,
// the time of a file's last line, and takes the newest too; it is looked at as well
// when multilog starts, and when the oldest file comes of age, within a day if the
// clock is set. A clock that is ahead makes files old; those that it names are kept
// for so much longer. Lines of current are not touched by any of them. Only names that are
// strictly of the form @LABEL.CODE count. One that cannot be deleted is said.
//
// CODE takes the place of s in @LABEL.s: wgz for a processor that compresses
// makes @LABEL.gz, w alone makes a name that ends in a dot. It has letters,
// digits, dots, dashes and underscores. @LABEL.u stays.
//
// The file of an = is a new one each time, renamed from FILE.new, so that no
// reader sees parts of two lines. A device, a link, and a file that has more names
// or more than 1001 bytes or may not be replaced, is written in place.
//
// A plain file (file=) is best effort: it is for tools that expect an
// app.log, its old files have dates in their names, nothing is forced to
// disk, and a crash in the middle of a rotation may lose a file's name or
// compression. SIZE is rounded up to whole megabytes (1048576 bytes), the
// duration of keep= to whole days, and that is looked at in a rotation only.
//
// tee= writes whole lines, of any length, and waits for a slow reader as for a slow
// disk: nothing is lost to him, and all wait for him. TERM gives him five seconds. A
// reader who goes away is missed once, in a warning, and multilog logs on.
//
// # Processor
//
// COMMAND is run by /bin/sh in DIR with the finished file as descriptor 0 and
// the file that replaces it as descriptor 1. What an earlier run wrote to
// descriptor 5 is on descriptor 4. It is run again, after a pause, until it
// exits 0.
//
// Lines go on meanwhile, until current is full as well. Then a processor that has
// failed three times in a row, or that runs for a minute more, is given up for this
// file: it keeps its name @LABEL.u and all its lines, and the state is that of the
// last good run. At the end of input, and after TERM, the file is left to the next
// start instead, and the exit code is 111. A processor that writes more than 16 MiB
// to descriptor 5 is killed, and has failed. It is a process group of its own; on
// Linux its shell is killed when multilog is, so that it never runs beside the
// next one. What it leaves running in the background is not waited for, and what
// that writes is on disk for nobody.
//
// compress=gzip needs no process: multilog itself compresses the finished file,
// beside the reading of lines, in the same steps and with no more to lose. Its name
// stays as wCODE says: readers of compressed logs go by content. zcat reads it. Every
// 262144 bytes or less of the log, whole lines, are a member of their own, which says
// with which stamp it begins: svlog finds a time by that. A file that
// an outage has cut short stays as it is. Only the next rotation of the same directory
// waits when lines come faster than they are compressed.
//
// compress=zstd is the same in the form of zstd, which zstdcat reads: a little smaller
// and in less than half the time. The program tailight-zstd does it, as a processor
// would. It is looked for in the directory of multilog itself, then in PATH; without it
// multilog does not start.
//
// # Signals
//
// TERM: read to the end of the line at hand, leave the rest in standard
// input, and end. ALRM: rotate every destination that is not empty.
//
// HUP, with config= only: read FILE again and go on by it from the next line on. A
// directory whose words are the same stays open, all others are closed in good
// order and opened. If FILE cannot be read or has a bad word, or what is new in it
// cannot be opened, that is said once and the old script stays. No line is lost; a
// kill at that moment may leave @LABEL.u, of complete lines. If FILE has another
// first directory now, see "When it is killed". ready= is told once. Without config=
// HUP ends multilog, as in 0.76.
//
// # When something fails
//
// A step that fails is said on standard error and done again after five
// seconds, until it works. Nothing is lost meanwhile.
// TERM ends such a wait if no line is in memory only, or all such lines are in
// the spool: then the exit code is 111, and the next multilog goes on with them.
//
// # When a destination is waited for
//
// The service goes on. While multilog waits for a step that failed, for the last
// rotation of a directory to end, or for a reader of tee=, its input runs on into DIR/spool
// (see "When it is killed"), until that has SIZE bytes of spool=; only then does
// the pipe fill up and its writer wait. Lines that have waited so are stamped with the
// time they were taken, to the second; after a kill in between, with that of the next
// start. An input that is no pipe, and one without a spool, is not read meanwhile; nor
// is it in a write or a sync that itself takes long, as on a disk that is slow.
//
// The spool leaves three quarters of the space at hand to the logs it is written to
// afterwards, and takes nothing on a full disk. (A quota is not seen: who has a tight
// one says spool=0.) HUP ends it, and TERM: what has been taken by then is written, or
// what of that is not written after five seconds is left there, with exit code 111; what
// is in the pipe stays there. After a wait the file is cut back to 1 MiB.
//
// A power loss takes what is in the spool. sync=always promises how little that is, so
// nothing runs on then unless spool= says so. The 16m of all others are what comes
// at 280 kB a second, some 3000 lines, in the minute that a processor has.
//
// # When the disk is full
//
//	full=wait         (as in 0.76) the step is done again every five seconds;
//	                  nothing is lost, and the writer waits when the pipe is full
//	full=drop-oldest  the oldest @LABEL file of the directory is deleted and the
//	                  step done again at once, down to the newest one; then wait
//
// That counts for a quota as well, for the spool, and for a processor that fails
// when there is no space left for its output. What is given up is said, and told by
// a line in the log itself, behind the next whole line and with the stamp of that,
// whatever the patterns say:
//
//	tailight: dropped 99983 bytes of @LABEL.s: no space left on device
//	tailight: dropped 199966 bytes of 2 archives, @LABEL.s to @LABEL.s: no space left on device
//
// It is there once, also when multilog is killed. DIR/dropped counts what was ever
// dropped, in two lines, which svstat --json shows:
//
//	bytes 299949
//	archives 3
//
// A line "untold BYTES ARCHIVES FIRST LAST" there is what the log has no line about
// yet. DIR/dropped.new keeps the space for the next one. A file that somebody holds
// open gives its space back only when it is closed, so that more are dropped.
//
// # When it is killed
//
// If standard input is a pipe and the script has a log directory, a kill at any
// moment loses no line and doubles none in any log directory, as long as the
// system is not started anew in between: what was taken out of the pipe is in
// DIR/spool, of the first directory, until it is in every one. The next multilog
// with that directory goes on where the killed one was: with the same current,
// in the middle of a line if need be, with the state of the processors, and with
// stamps that rise. Its input may be another one. Right after a start, before
// anything is read, a kill may still leave @LABEL.u, of complete lines.
//
// Not exact are: lines of e, which may be said twice; tee=, where a kill may double
// the 4096 bytes that were just written, and loses none; plain files; a directory
// that is removed while multilog runs; a start with other words than the killed one
// had, as far as they give the lines it was at another shape; and a script whose first
// directory is another one than before, which leaves the old spool until it is the
// first again. Input that is no pipe is read plainly: then a kill loses what was read and
// not written, half a megabyte at most. So it is where a spool cannot be made at the
// start, which is said; it is tried again once a minute while lines come, and said
// when it is there.
//
// # When the power fails
//
// After a power loss spool and progress are thrown away, and what was not on
// disk is lost: what DIR/spool held as well as what current held. What is on disk
// is for sync= to say; @LABEL.s always is.
//
//	sync=rotate  (as in 0.76) the lines of a file are on disk when it is finished
//	             and when multilog ends; a power loss may take all of current
//	sync=10s     a line is on disk ten seconds after it was written at the latest,
//	             plus the time the disk takes; a silent input costs nothing. The
//	             unit is ms, s, m, h or d
//	sync=always  multilog takes nothing more out of the pipe before what it has
//	             taken is on disk: a power loss takes what one read took (half a
//	             megabyte at most), a line without its end, and what is in the pipe
//
// A pipe has no answer, so who writes to it never knows what is on disk; who reads
// current may see a line before it is. Each directory has its own sync=; the pipe
// waits for all of them. A disk that reports an error is asked again after five
// seconds, as always. Because Linux forgets what it could not write, the lines are
// written once more first, and a processor is run once more; what the system
// has dropped from its memory by then is lost.
//
// # Exit codes
//
// 0 at the end of input or after TERM; 111 if a destination cannot be opened,
// or had to be left in the middle of a rotation or a write (the next start
// finishes it);
// 100 for a bad wCODE or key=value word.
//
// # Files
//
// In DIR: lock (held while multilog runs), current, previous and processed
// (during a rotation), state and newstate (of the processor), @LABEL.s and
// @LABEL.u. The owner-execute bit of current says that it was closed in good
// order. dropped and dropped.new are there with full=drop-oldest. spool (1 MiB
// at most, or what spool= says) and progress are there while multilog runs and after
// it was killed; who removes them then gives up what was not written yet. A clean end
// removes them.
//
// # Differences from daemontools 0.76
//
// The directory, the script and the diagnostics are the same; either program
// can go on with the other's directory. Stamps have full nanoseconds and rise
// strictly. Lines that come by the thousands a second may wait up to 5 ms in
// the pipe. Files fill up closer to SIZE when lines come fast. A rotation and
// its processor do not stop the reading of lines, nor does a wait, up to spool=. An empty current left by an
// outage is removed, not archived; a complete previous becomes .s. Only
// strictly named archives are counted and deleted, and one that cannot be
// deleted stops nothing. After a kill current goes on and is not made
// @LABEL.u. A removed current or directory is noticed at the
// next line and made anew. A read error is said before the clean end, and a
// non-blocking input is waited for. A processor that crashes is said once and
// run again after five seconds, not ten. ARCHITECTURE.md has the whole list.
//
// T, F, S and wCODE, which 0.76 ignores, are those of daemontools-encore. T, F
// and S are that letter alone; longer words that begin with it are ignored as in
// 0.76. In daemontools-encore F holds until an S is reached, be it in the next
// line; here it is a matter of the place in the script. There any size may be up
// to 2147483647; here a plain number is held below 16777216 as in 0.76, and the
// unit is what asks for more: 0.76 takes s100k for s100, which is 4096 bytes. It
// takes sync= and spool= for a size without digits, which is 4096 too, and total= as the first
// word for t, and every= for e; here they are none of these.
package main

import (
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/logs"
)

func main() { cli.Main("multilog", logs.Multilog) }
