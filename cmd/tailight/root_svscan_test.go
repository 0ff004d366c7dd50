//go:build root && linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// newUserTree makes a tree that everybody may use, with programs that everybody
// may run.
func newUserTree(t *testing.T) *scanTree {
	t.Helper()
	dir, err := os.MkdirTemp("", "tailight-root-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	tr := &scanTree{t: t, home: filepath.Join(dir, "home"), scan: filepath.Join(dir, "service"), said: filepath.Join(dir, "said")}
	bin := filepath.Dir(publicMultilog(t))
	for _, name := range []string{"svscan", "supervise"} {
		tr.must(os.Symlink("multilog", filepath.Join(bin, name)))
	}
	tr.path = bin + ":/usr/bin:/bin"
	for _, d := range []string{dir, tr.home, tr.scan} {
		tr.must(os.MkdirAll(d, 0o777))
		tr.must(os.Chmod(d, 0o777))
	}
	return tr
}

// As the init of a container svscan gets all orphans there are.
func TestRootAnInitWaitsForOrphans(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	// Each round leaves an orphan, which ends at once.
	tr.service("x", "for i in 1 2 3 4 5 6 7 8 9 10; do (true & echo >>../orphans); done; exec sleep 1000\n", keeper)
	tr.link("x")
	tr.attr = &syscall.SysProcAttr{Setsid: true, Cloneflags: unix.CLONE_NEWPID}
	tr.start()
	tr.wait("ten orphans", func() bool { return len(readAll(filepath.Join(tr.home, "orphans"))) >= 10 })
	pid := tr.job.cmd.Process.Pid
	tr.wait("sleep, and no zombies", func() bool {
		asleep := false
		for _, p := range session(pid) {
			if p.state == "Z" {
				return false
			}
			asleep = asleep || p.args == "sleep 1000"
		}
		return asleep
	})
	if pids := fmt.Sprint(tr.status("x").PID); pids == fmt.Sprint(pid) {
		t.Error("svscan is not in a namespace of its own")
	}
	tr.signal(syscall.SIGTERM)
	tr.ends()
}

func TestRootAFullProcessTable(t *testing.T) {
	t.Parallel()
	const most = 60 // processes of a user who has no others
	for _, who := range []struct {
		name string
		uid  uint32
	}{{"ours", 64001}, {"0.76", 64002}} {
		t.Run(who.name, func(t *testing.T) {
			t.Parallel()
			tr := newUserTree(t)
			if who.name == "0.76" {
				tr.path = peer(t) + ":/usr/bin:/bin"
			}
			tr.service("x", sleeper, "")
			tr.service("y", sleeper, sleeper)
			tr.must(exec.Command("chown", "-R", fmt.Sprint(who.uid), tr.home).Run())
			tr.link("x")
			as := &syscall.Credential{Uid: who.uid, Gid: who.uid}
			tr.attr = &syscall.SysProcAttr{Setsid: true, Credential: as}
			tr.startBy("/bin/sh", "-c", fmt.Sprintf(`{ ulimit -u %d || ulimit -p %d; } 2>/dev/null; exec svscan "$1"`, most, most), "sh", tr.scan)
			tr.sleeping("x")
			table := fill(t, as, most)
			tr.link("y")
			const text = "svscan: warning: unable to fork for y: temporary failure\n" // and nothing of the log
			tr.says(text)
			table.empty()
			tr.sleeping("y")
			tr.sleeping("y/log")
			for l := range strings.Lines(readAll(tr.said)) {
				if l != text {
					t.Errorf("it said %q", l)
				}
			}
			if who.name == "ours" {
				tr.signal(syscall.SIGTERM)
				tr.ends()
			}
		})
	}
}

// fillers are processes that do nothing but be there.
type fillers []*job

func fill(t *testing.T, as *syscall.Credential, count int) fillers {
	t.Helper()
	var all fillers
	t.Cleanup(func() { all.empty() })
	for range count {
		cmd := exec.Command("sleep", "1000")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
		j, err := startJob(cmd)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, j)
	}
	return all
}

func (f fillers) empty() {
	for _, j := range f {
		_ = j.cmd.Process.Kill()
		<-j.exited
	}
}

func TestRootAnUnreadableScanDirectory(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"ours", "0.76"} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			tr := newUserTree(t)
			if who == "0.76" {
				tr.path = peer(t) + ":/usr/bin:/bin"
			}
			tr.service("x", sleeper, "")
			tr.must(exec.Command("chown", "-R", fmt.Sprint(nobody), tr.home).Run())
			tr.link("x")
			tr.must(os.Chmod(tr.scan, 0o711))
			tr.attr = &syscall.SysProcAttr{Setsid: true, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
			tr.start()
			tr.says("svscan: warning: unable to read directory: access denied\n")
			tr.must(os.Chmod(tr.scan, 0o755))
			tr.sleeping("x")
			if who == "ours" { // it knows its services all the same
				tr.must(os.Chmod(tr.scan, 0o711))
				tr.says("svscan: warning: unable to read directory: access denied\nsvscan: warning: unable to read directory: access denied\n")
				old := tr.called("supervise x")
				tr.must(syscall.Kill(tr.isUp("x"), syscall.SIGKILL))
				tr.must(syscall.Kill(old, syscall.SIGKILL))
				tr.wait("another supervise", func() bool {
					all := tr.children()
					return len(all) == 1 && all[0].pid != old
				})
			}
		})
	}
}
