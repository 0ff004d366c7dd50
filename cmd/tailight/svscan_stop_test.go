//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tailight/tailight/supervise"
)

// How svscan ends. Every test ends with svscan gone and nothing left.

const (
	sleeper = "exec sleep 1000\n"
	// keeper keeps what it reads in the file read.
	keeper = "exec cat >>read\n"
)

// read is what the logger of a service has kept.
func (tr *scanTree) read(name string) string {
	return readAll(filepath.Join(tr.home, name, "log/read"))
}

func TestTermEndsAServiceBeforeItsLog(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("x", "trap 'echo last; exit 0' TERM; echo first; : >../ready; while :; do sleep 0.05; done\n",
		"trap 'echo TERM >>read' TERM; while read l; do echo $l >>read; done\n") // the end of its input has to do
	tr.service("unlogged", sleeper, "")
	tr.link("x", "unlogged")
	tr.start()
	tr.wait("the trap", func() bool { return fileExists(filepath.Join(tr.home, "ready")) })
	tr.isUp("unlogged")
	tr.signal(syscall.SIGTERM)
	tr.ends()
	if got := tr.read("x"); got != "first\nlast\n" {
		t.Errorf("the log has read %q", got)
	}
}

func TestIntEndsEverythingToo(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("x", sleeper, keeper)
	tr.link("x")
	tr.start()
	tr.isUp("x")
	tr.signal(syscall.SIGINT)
	tr.ends()
}

func TestASlowLoggerReadsEverything(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("x", "seq 1 300; exec sleep 1000\n", "while read l; do sleep 0.005; echo $l >>read; done\n")
	tr.link("x")
	tr.start()
	tr.wait("the first line", func() bool { return fileExists(filepath.Join(tr.home, "x/log/read")) })
	tr.signal(syscall.SIGTERM)
	tr.ends()
	if got := tr.read("x"); got != count(1, 300) {
		t.Errorf("the log has read %q", got)
	}
}

// count is a line for every number.
func count(first, last int) string {
	var b strings.Builder
	for i := first; i <= last; i++ {
		fmt.Fprintln(&b, i)
	}
	return b.String()
}

// A logger may hold its supervise up only as long as it has something to read.
func TestALoggerThatDoesNotEndIsEnded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, run, log string }{
		{"at the end of its input", "echo one; exec sleep 1000\n", "cat >>read; exec sleep 1000\n"},
		{"because another process holds the pipe", "sleep 1000 & echo one; exec sleep 1000\n", keeper},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tr := newScanTree(t, ours(t))
			tr.service("x", c.run, c.log)
			tr.link("x")
			tr.start()
			tr.wait("the line", func() bool { return tr.read("x") == "one\n" })
			tr.signal(syscall.SIGTERM)
			tr.must(tr.job.wait())
			if got := tr.job.end(); got != "exit 0" {
				t.Errorf("svscan: %s", got)
			}
			for _, p := range session(tr.job.cmd.Process.Pid) {
				if p.args != "sleep 1000" { // that the service has left behind
					t.Errorf("svscan has left %v", p)
				}
			}
		})
	}
}

func TestASecondTermKills(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, run, log string }{
		{"a service that ignores TERM", "trap '' TERM; echo one; while :; do sleep 1; done\n", keeper},
		{"a logger that reads nothing and ignores TERM", "echo one; exec sleep 1000\n", "trap '' TERM; : >read; while :; do sleep 1; done\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tr := newScanTree(t, ours(t))
			tr.service("x", c.run, c.log)
			tr.link("x")
			tr.start()
			tr.wait("the trap", func() bool { return fileExists(filepath.Join(tr.home, "x/log/read")) })
			tr.isUp("x")
			tr.signal(syscall.SIGTERM)
			tr.wait("the first TERM", func() bool { return tr.status("x").Want == supervise.Down })
			tr.signal(syscall.SIGTERM)
			tr.must(tr.job.wait())
			endSession(t, tr.job.cmd.Process.Pid) // sleep of the killed shell may go on for a second
		})
	}
}

func TestTermAtAnyMomentOfTheStart(t *testing.T) {
	t.Parallel()
	const tries, services = 12, 4
	tr := newScanTree(t, ours(t))
	for i := range services {
		name := strconv.Itoa(i)
		tr.service(name, sleeper, keeper)
		tr.link(name)
	}
	for i := range tries {
		tr.start()
		// Not to wait for anything: TERM is to come at any moment. Before Go has
		// its handlers it ends the process as it is.
		time.Sleep(time.Duration(i) * 4 * time.Millisecond)
		tr.signal(syscall.SIGTERM)
		tr.must(tr.job.wait())
		if got := tr.job.end(); got == "killed by TERM" && len(tr.children()) == 0 {
			continue
		}
		tr.ends()
	}
}

func TestQuitLeavesEverythingRunning(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("x", "echo one; exec sleep 1000\n", keeper)
	tr.link("x")
	tr.start()
	service, logger := tr.isUp("x"), tr.isUp("x/log")
	tr.wait("the line", func() bool { return tr.read("x") == "one\n" })
	tr.signal(syscall.SIGQUIT)
	tr.must(tr.job.wait())
	if got := tr.job.end(); got != "exit 0" {
		t.Errorf("svscan: %s, want exit 0", got)
	}
	for _, pid := range []int{service, logger} {
		tr.must(syscall.Kill(pid, 0))
	}
	tr.svc("dx", "x")
	tr.svc("dx", "x/log")
	tr.wait("the end of all", func() bool { return len(session(tr.job.cmd.Process.Pid)) == 0 })
}

// A pipe that holds something when TERM comes is read, whatever the state of
// the logger.
func TestTermLosesNothingInThePipe(t *testing.T) {
	t.Parallel()
	const held = "trap 'exit 0' TERM; while ! test -e ../go; do sleep 0.02; done; seq 1 100; : >../wrote; while :; do sleep 0.05; done\n"
	for _, c := range []struct {
		name string
		harm func(tr *scanTree)
	}{
		{"its supervise and itself are dead", func(tr *scanTree) {
			// It was started less than five seconds ago: svscan waits with the next.
			tr.must(syscall.Kill(tr.called("supervise log"), syscall.SIGKILL))
			tr.must(syscall.Kill(tr.status("x/log").PID, syscall.SIGKILL))
			tr.wait("the end of the log", func() bool { return len(tr.children()) == 1 })
		}},
		{"its supervise was told to leave", func(tr *scanTree) {
			tr.svc("dx", "x/log")
			tr.wait("the end of the log", func() bool { return len(tr.children()) == 1 })
		}},
		{"it is down", func(tr *scanTree) {
			tr.svc("d", "x/log")
			tr.wait("the end of the logger", func() bool { return tr.status("x/log").PID == 0 })
		}},
		{"it is paused", func(tr *scanTree) {
			tr.svc("p", "x/log")
			tr.wait("the pause", func() bool { return tr.status("x/log").Paused })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tr := newScanTree(t, ours(t))
			tr.service("x", held, keeper)
			tr.link("x")
			tr.start()
			tr.isUp("x")
			tr.isUp("x/log")
			c.harm(tr)
			tr.must(os.WriteFile(filepath.Join(tr.home, "go"), nil, 0o600))
			tr.wait("100 lines in the pipe", func() bool { return fileExists(filepath.Join(tr.home, "wrote")) })
			if got := readAll(filepath.Join(tr.home, "x/log/read")); strings.Contains(got, "1\n") {
				t.Fatalf("the logger has read %q already", got)
			}
			tr.signal(syscall.SIGTERM)
			tr.ends()
			if got := tr.read("x"); got != count(1, 100) {
				t.Errorf("the log has read %q", got)
			}
		})
	}
}

// The pipe is empty, and what was in it is with the logger alone.
func TestTermContinuesAPausedLoggerThatHasReadAll(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("x", "echo 1; exec sleep 1000\n", "read l; : >../got; while ! test -e ../go; do sleep 0.02; done; echo $l >>read; exec cat >>read\n")
	tr.link("x")
	tr.start()
	tr.wait("a line in the logger", func() bool { return fileExists(filepath.Join(tr.home, "x/got")) })
	tr.svc("p", "x/log")
	tr.wait("the pause", func() bool { return tr.status("x/log").Paused })
	tr.must(os.WriteFile(filepath.Join(tr.home, "x/go"), nil, 0o600))
	tr.signal(syscall.SIGTERM)
	tr.ends()
	if got := tr.read("x"); got != "1\n" {
		t.Errorf("the log has read %q", got)
	}
}

// The logger dies again and again while it reads the rest.
func TestALoggerThatDiesIsStartedAgainAfterTerm(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("x", "seq 1 3; exec sleep 1000\n", "read l && echo $l >>read\n")
	tr.link("x")
	tr.start()
	tr.wait("the first line", func() bool { return tr.read("x") == "1\n" })
	tr.signal(syscall.SIGTERM)
	tr.ends()
	if got := tr.read("x"); got != "1\n2\n3\n" {
		t.Errorf("the log has read %q", got)
	}
}

func TestADeletedDirectoryDoesNotKeepSvscan(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("x", sleeper, "")
	tr.link("x")
	tr.start()
	tr.isUp("x")
	tr.must(os.RemoveAll(filepath.Join(tr.home, "x")))
	tr.signal(syscall.SIGTERM)
	tr.says("svscan: warning: unable to control x: file does not exist\n")
	tr.signal(syscall.SIGTERM)
	tr.must(tr.job.wait())
	if got := tr.job.end(); got != "exit 0" {
		t.Errorf("svscan: %s, want exit 0", got)
	}
}
