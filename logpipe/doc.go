// Package logpipe carries lines from an input to their destinations by the
// rules of a multilog script.
//
// It guarantees that every line selected for a destination gets there whole
// and once, in order, whatever bytes it has and however long it is, and that
// a line whose newline has been read is in its file before more input is
// read. A step that fails is said, and tried again after a pause until it
// works: a full disk makes the writer wait and loses nothing. A pipe that is
// killed loses and doubles nothing in its log directories if it reads through a
// spool (see [Options.Spool] and intake.go); without one, it loses what was read
// and not yet written.
//
// A [Script] is parsed from the words of multilog, a [Pipe] is opened for it
// and fed by [Pipe.Run] from a descriptor or by [Pipe.Write]. The first 1000
// bytes of a line, stamp included, are its head, which is all that patterns,
// alerts and status files see; a line longer than that streams to its
// destinations as it comes.
package logpipe
