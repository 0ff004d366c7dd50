package supervise

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"
)

// Go tells why a start has failed, and not in which step: the steps of 0.76 have
// to be told apart afterwards.
func TestAFailedStartNamesItsStep(t *testing.T) {
	t.Parallel()
	here := t.TempDir()
	missing := filepath.Join(here, "x")
	for _, c := range []struct {
		l    launching
		err  error
		want string
		why  syscall.Errno
	}{
		{launching{what: "x"}, syscall.EAGAIN, "unable to fork for x", syscall.EAGAIN},
		{launching{what: "x"}, syscall.ENOMEM, "unable to fork for x", syscall.ENOMEM},
		{launching{what: "x/log", dir: here}, syscall.EMFILE, "unable to fork for x/log", syscall.EMFILE},
		{launching{what: "x"}, syscall.ENOENT, "unable to start supervise x", syscall.ENOENT},
		{launching{what: "x/log", dir: here}, syscall.EACCES, "unable to start supervise x/log", syscall.EACCES},
		{launching{what: "x/log", dir: missing}, syscall.ENOENT, "unable to switch to " + missing, syscall.ENOENT},
		{launching{what: "x"}, &fs.PathError{Op: "fork/exec", Path: "supervise", Err: syscall.ENOEXEC}, "unable to start supervise x", syscall.ENOEXEC},
	} {
		err := c.l.explain(c.err)
		if want := fmt.Sprintf("%s: %v", c.want, c.why); err.Error() != want || !errors.Is(err, c.why) {
			t.Errorf("%v: %q, want %q", c.err, err, want)
		}
	}
}
