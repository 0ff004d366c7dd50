package cli

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// Every diagnostic is one line on descriptor 2, in one write:
//
//	NAME: usage|warning|fatal: unable to VERB OBJECT: REASON
//
// lower case, no full stop, the reason in the words of daemontools (see
// reason). Errors that reach this file carry their text and wrap the errno
// at their end, as fmt.Errorf("unable to open %s: %w", name, errno) does.

// Fatal says why the command gives up and returns its exit code.
func (e *Env) Fatal(err error) int {
	e.say("fatal: ", Text(err))
	return Failed
}

// Usage says how the command is called, or what is wrong with the call, and
// returns its exit code.
func (e *Env) Usage(text string) int {
	e.say("usage: ", text)
	return Misuse
}

// Warn says what went wrong; the command goes on.
func (e *Env) Warn(err error) {
	e.say("warning: ", Text(err))
}

// WarnPausing says what went wrong and that the same step is tried again
// after a pause.
func (e *Env) WarnPausing(err error) {
	what, why := split(err)
	e.say("warning: ", join(what+", pausing", why))
}

func (e *Env) say(level, text string) {
	e.Tell(fmt.Appendf(nil, "%s: %s%s\n", e.Name, level, text))
}

// Tell writes a line to descriptor 2 as it is, in one write. What cannot be
// written has nowhere else to go. An os.File would wait for room where
// somebody has made the descriptor non-blocking, and a multilog that waits for
// the reader of its diagnostics does not log.
func (e *Env) Tell(line []byte) {
	if _, err := syscall.Write(int(e.Err.Fd()), line); err == syscall.EPIPE {
		_, _ = e.Err.Write(line) // dies of SIGPIPE, also where the runtime catches it
	}
}

// Text is the error in the words of daemontools: its own text, and the
// errno at its end replaced by the project's string for it.
func Text(err error) string {
	return join(split(err))
}

func join(what, why string) string {
	if what == "" || why == "" {
		return what + why
	}
	return what + ": " + why
}

// split parts an error into what failed and the reason the system gave;
// the reason is empty when no errno is behind the error.
func split(err error) (what, why string) {
	text := err.Error()
	errno, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		return text, ""
	}
	what, found := strings.CutSuffix(text, errno.Error())
	if !found {
		return text, ""
	}
	return strings.TrimSuffix(what, ": "), reason(errno)
}

// Errno is the reason behind an error, bare: the diagnostic already names
// the operation and the file.
func Errno(err error) error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno
	}
	return err
}
