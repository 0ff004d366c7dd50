package supervise

import (
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// starters are the two ways in which a child is watched; the second is that of
// systems without pidfds.
var starters = []struct {
	name  string
	start func(path string, argv []string, attr *syscall.ProcAttr) (child, error)
}{{"as the system can", start}, {"by a goroutine", watched}}

func attributes() *syscall.ProcAttr {
	return &syscall.ProcAttr{Dir: "/", Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{}}
}

// awaited waits until the descriptor of a child says that it has ended.
func awaited(t *testing.T, c *child) exit {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLIN}}
	if n, err := again(func() (int, error) { return unix.Poll(fds, int(limit/time.Millisecond)) }); n != 1 || err != nil {
		t.Fatalf("nothing to read of the child: %d, %v", n, err)
	}
	e, ended := c.reap()
	if !ended || c.pid != 0 || c.fd != -1 {
		t.Fatalf("ended %v, left %+v", ended, *c)
	}
	return e
}

func TestTheEndOfAChildIsSeenAndTold(t *testing.T) {
	t.Parallel()
	for _, s := range starters {
		for script, want := range map[string]exit{
			"exit 0": {}, "exit 3": {code: 3}, "kill -9 $$": {signal: 9}, "exit 255": {code: 255},
		} {
			c, err := s.start("/bin/sh", []string{"sh", "-c", script}, attributes())
			if err != nil {
				t.Fatal(err)
			}
			if e := awaited(t, &c); e != want {
				t.Errorf("%s: %s: %v, want %v", s.name, script, e, want)
			}
		}
	}
}

func TestASignalReachesAChildThatHasNotEnded(t *testing.T) {
	t.Parallel()
	for _, s := range starters {
		for _, group := range []bool{false, true} {
			var hold [2]int
			if err := pipe(hold[:]); err != nil {
				t.Fatal(err)
			}
			attr := attributes()
			attr.Files[0] = uintptr(hold[0])
			c, err := s.start("/bin/cat", []string{"cat"}, attr)
			if err != nil {
				t.Fatal(err)
			}
			if _, ended := c.reap(); ended {
				t.Errorf("%s: ended before it got a signal", s.name)
			}
			c.send(unix.SIGTERM, group) // it leads no group, and gets it even so
			if e := awaited(t, &c); e != (exit{signal: 15}) {
				t.Errorf("%s: %v, want SIGTERM", s.name, e)
			}
			c.send(unix.SIGKILL, true) // of no child nobody gets anything
			closeFD(&hold[0])
			closeFD(&hold[1])
		}
	}
}

func TestAProgramThatCannotRunIsAnError(t *testing.T) {
	t.Parallel()
	for _, s := range starters {
		if c, err := s.start("/no/such/program", []string{"x"}, attributes()); err != syscall.ENOENT || c != noChild {
			t.Errorf("%s: %+v, %v, want no child and ENOENT", s.name, c, err)
		}
	}
}
