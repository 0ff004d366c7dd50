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
//	@LABEL.s        0744  finished: complete, on disk, processed
//	@LABEL.u              cut short by an outage
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
// # Plain files
//
// [File] is a plain rotated file kept by lumberjack, for tools that expect
// one. It is best effort.
package rotate
