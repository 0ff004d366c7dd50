// Package rotate keeps log directories as the multilog of daemontools 0.76
// does: the same files, names and modes, so that either program can go on
// with a directory the other has left, at any point of a crash.
//
// It guarantees that what [Dir.Write] has counted is in exactly one place of
// the directory, whole and in order, whatever happens to the process; that a
// file named .s is complete and on disk; and that a step which fails is
// either done again or reported, never skipped.
//
// # Format
//
//	lock            0600  held by flock(2) as long as the directory is open
//	current         0644  being written
//	                0744  closed in good order
//	previous        0644  the finished current, perhaps not on disk yet
//	                0744  complete and on disk
//	processed       0644  output of the processor that runs
//	                0744  complete and on disk
//	state           0644  what the last processor wrote to descriptor 5
//	newstate        0644  what the present one is writing there
//	spool           0600  what was taken out of a pipe, see [Spool]
//	progress        0600  how far that is in the destinations
//	progress.new    0600  the next one of these, before it gets its name
//	dropped         0644  what was given up for want of space, see [FullDropOldest]
//	dropped.new     0644  space for the next one of these
//	@LABEL.s        0744  finished: complete, on disk, processed
//	@LABEL.u              cut short by an outage, or given up by its processor
//
// LABEL is a TAI64N label of 24 digits, not before any line of the file. s may
// be any other [Options.Suffix]; archives of all suffixes are one history. The
// owner-execute bit is the only part of a mode that is looked at. Files of
// other names are left alone.
//
// # Rotation
//
// A rotation renames current to previous and opens a new current; the rest,
// from the first fsync to the deletion of the oldest archive, is a walk of
// small steps beside the writer (see state in rotation.go). Each step may be
// done twice, so that trying again after an error and beginning again after a
// crash are one thing. What a crash at each step leaves, and what the next
// [Open] makes of it, is the table in ARCHITECTURE.md.
//
// With [Options.Compress] a finished file is made of members; see [Compression]. For
// [Zstd] the program tailight-zstd has to be installed.
//
// # Spool
//
// A writer that takes its input through a [Spool] is exact: a kill at any
// instruction loses and doubles nothing. Its record, a [Progress], is true
// at every moment, whatever the writer was doing. Recovery makes use of it as long
// as the system has not been started anew:
//
//	current is the file of the record   cut to the recorded size, and goes on
//	current is empty or missing         goes on; the record says what of the
//	                                    input is in finished files already
//	current is another file             another multilog has been here: by the
//	                                    rules of 0.76; the file of the record
//	                                    is cut where it is an archive .u now
//	previous is unmarked                complete: synced, processed, made .s
//	processed is marked                 newstate is complete: becomes state
//
// What follows Done in the spool is then written once more, but for the first
// Skip bytes of it in each directory. Nothing is cut that was closed in good
// order: that is on record before the mark is set (Closed), because another
// multilog may go on with it.
//
// # Reading
//
// A [Reader] gives the lines of one or more log directories in the order of their
// labels, forward or backward, and follows what is written. It takes no lock, and
// needs permission to read only. A [Cursor] makes the next one go on exactly.
//
// # Plain files
//
// [File] is a plain rotated file kept by lumberjack, for tools that expect
// one. It is best effort.
package rotate
