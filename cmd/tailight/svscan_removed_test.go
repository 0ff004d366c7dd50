//go:build linux

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tailight/tailight/supervise"
)

// What svscan makes of entries that are removed or get another name.

func TestStopRemovedEndsAServiceAndItsLog(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("x", "trap 'echo last; exit 0' TERM; : >../ready; while :; do sleep 0.05; done\n", keeper)
	tr.service("y", sleeper, "")
	tr.link("x", "y")
	tr.start("--stop-removed")
	stays := tr.isUp("y")
	tr.wait("the trap", func() bool { return fileExists(filepath.Join(tr.home, "ready")) })
	tr.unlink("x")
	tr.wait("the end of x", func() bool { return len(tr.children()) == 1 })
	if got := tr.read("x"); got != "last\n" {
		t.Errorf("the log has read %q", got)
	}
	tr.link("x") // and it may come back
	tr.isUp("x")
	if got := tr.isUp("y"); got != stays {
		t.Errorf("y was pid %d, is %d", stays, got)
	}
	tr.signal(syscall.SIGTERM)
	tr.ends()
}

// A link whose target is away for a while is still there.
func TestStopRemovedSparesALinkThatLeadsNowhere(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("x", sleeper, "")
	tr.service("y", sleeper, "")
	tr.link("x")
	tr.start("--stop-removed")
	tr.isUp("x")
	tr.must(os.Rename(filepath.Join(tr.home, "x"), filepath.Join(tr.home, "away")))
	tr.link("y")
	tr.isUp("y") // so the directory was looked at
	if tr.status("away").Want != supervise.Up {
		t.Error("x has been told to end")
	}
	tr.unlink("x")
	tr.wait("the end of x", func() bool { return len(tr.children()) == 1 })
	tr.signal(syscall.SIGTERM)
	tr.ends()
}

func TestHupEndsWhatIsRemovedAndNothingElse(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("x", sleeper, keeper)
	tr.service("y", sleeper, keeper)
	tr.service("z", sleeper, "")
	tr.link("x", "y")
	tr.start()
	tr.isUp("x")
	stays := tr.isUp("y")
	tr.unlink("x")
	tr.link("z")
	tr.isUp("z") // so the directory was looked at, and x is still there
	if tr.status("x").Want != supervise.Up {
		t.Error("x has been told to end before HUP")
	}
	tr.signal(syscall.SIGHUP)
	tr.wait("the end of x", func() bool { return len(tr.children()) == 3 })
	if got := tr.isUp("y"); got != stays {
		t.Errorf("y was pid %d, is %d", stays, got)
	}
	tr.signal(syscall.SIGTERM)
	tr.ends()
}

func TestARenamedServiceIsEndedUnderItsOldName(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("x", sleeper, keeper)
	tr.must(os.Rename(filepath.Join(tr.home, "x"), filepath.Join(tr.scan, "x")))
	tr.start()
	for _, dir := range []string{"x", "x/log"} {
		tr.wait(dir+" supervised", func() bool { // and so entered
			running, err := supervise.Running(filepath.Join(tr.scan, dir, "supervise"))
			return err == nil && running
		})
	}
	tr.must(os.Rename(filepath.Join(tr.scan, "x"), filepath.Join(tr.home, "x"))) // out of it
	tr.isUp("x")
	tr.isUp("x/log")
	tr.signal(syscall.SIGTERM)
	tr.ends()
}
