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
	start func(c command) (child, error)
}{{"as the system can", start}, {"by a goroutine", watched}}

func shell(script string) command { return runOf("/bin/sh", "-c", script) }

func runOf(path string, args ...string) command {
	return command{dir: "/", path: path, args: args, env: syscall.Environ(), files: []uintptr{0, 1, 2}}
}

// awaited waits until the descriptor of a child says that it has ended.
func awaited(t *testing.T, c *child) exit {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLIN}}
	if n, err := again(func() (int, error) { return unix.Poll(fds, int(limit/time.Millisecond)) }); n != 1 || err != nil {
		t.Fatalf("nothing to read of the child: %d, %v", n, err)
	}
	e, ended := c.reap(time.Now())
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
			c, err := s.start(shell(script))
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
			cat := runOf("/bin/cat")
			cat.files[0] = uintptr(hold[0])
			c, err := s.start(cat)
			if err != nil {
				t.Fatal(err)
			}
			if _, ended := c.reap(time.Now()); ended {
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
		if c, err := s.start(runOf("/no/such/program")); err != syscall.ENOENT || c != noChild {
			t.Errorf("%s: %+v, %v, want no child and ENOENT", s.name, c, err)
		}
	}
}
