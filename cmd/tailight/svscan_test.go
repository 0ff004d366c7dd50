//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// What svscan does as long as it lives. How it ends is in svscan_stop_test.go,
// what removed entries mean in svscan_removed_test.go, what it says in
// golden_svscan_test.go.
//
// Not covered here: a file system without inotify (the tests of supervise take
// it away), the five seconds of the sweep.

func TestNothingElseIsInherited(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("x", sleeper, sleeper)
	tr.service("y", sleeper, sleeper)
	tr.service("z", sleeper, "")
	tr.link("x", "y", "z")
	tr.start()
	ends := map[string]string{} // what the descriptors of a service lead to
	for _, name := range []string{"x", "x/log", "y", "y/log", "z"} {
		fds := openFiles(t, tr.sleeping(name))
		if len(fds) != 3 {
			t.Errorf("%s has the descriptors %v", name, fds)
		}
		ends[name+" in"], ends[name+" out"] = fds["0"], fds["1"]
	}
	for _, name := range []string{"x", "y"} {
		if pipe := ends[name+" out"]; pipe != ends[name+"/log in"] || !strings.HasPrefix(pipe, "pipe:") {
			t.Errorf("%s writes to %s, its log reads %s", name, pipe, ends[name+"/log in"])
		}
	}
	if ends["x out"] == ends["y out"] || ends["z out"] != ends["x/log out"] {
		t.Errorf("pipes are mixed up: %v", ends)
	}
	for _, p := range tr.children() { // and the supervises hold no pipe of another
		for fd, to := range openFiles(t, p.pid) {
			if fd > "2" && (to == ends["x out"] || to == ends["y out"]) {
				t.Errorf("%v has %s as descriptor %s", p, to, fd)
			}
		}
	}
	tr.signal(syscall.SIGTERM)
	tr.ends()
}

// sleeping waits until a service is sleep, and not the shell before it, and
// sleeps: while it starts it has a library open, or something like that.
func (tr *scanTree) sleeping(name string) (pid int) {
	tr.t.Helper()
	tr.wait(name+" asleep", func() bool {
		pid = tr.status(name).PID
		args, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		call, _ := os.ReadFile(fmt.Sprintf("/proc/%d/syscall", pid))
		number, _, _ := strings.Cut(string(call), " ")
		return bytes.HasPrefix(args, []byte("sleep\x00")) &&
			(number == strconv.Itoa(unix.SYS_CLOCK_NANOSLEEP) || number == strconv.Itoa(unix.SYS_NANOSLEEP))
	})
	return pid
}

// openFiles lists the open descriptors of a process.
func openFiles(t *testing.T, pid int) map[string]string {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		all[e.Name()], _ = os.Readlink(filepath.Join(dir, e.Name()))
	}
	return all
}

// svscan itself holds the same descriptors after a service has come and gone.
func TestAServiceThatIsGoneLeavesNoDescriptor(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("first", sleeper, keeper)
	tr.service("x", sleeper, keeper)
	tr.link("first")
	tr.start("--stop-removed")
	tr.sleeping("first")
	before := openFiles(t, tr.job.cmd.Process.Pid)
	tr.link("x")
	tr.sleeping("x")
	tr.unlink("x")
	tr.wait("the end of x", func() bool { return len(tr.children()) == 2 })
	tr.wait("the same descriptors", func() bool {
		return fmt.Sprint(openFiles(t, tr.job.cmd.Process.Pid)) == fmt.Sprint(before)
	})
	tr.signal(syscall.SIGTERM)
	tr.ends()
}

func TestADeadSuperviseIsReplacedAndLeavesNoZombie(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("x", sleeper, keeper)
	tr.link("x")
	tr.start()
	for _, args := range []string{"supervise x", "supervise log"} {
		old := tr.called(args)
		name := map[string]string{"supervise x": "x", "supervise log": "x/log"}[args]
		tr.must(syscall.Kill(tr.isUp(name), syscall.SIGKILL)) // or it would hold its own lock
		tr.must(syscall.Kill(old, syscall.SIGKILL))
		tr.wait("another "+args, func() bool {
			for _, p := range tr.children() {
				if p.args == args && p.pid != old {
					return true
				}
			}
			return false
		})
	}
	tr.wait("no zombies", func() bool {
		for _, p := range session(tr.job.cmd.Process.Pid) {
			if p.state == "Z" {
				return false
			}
		}
		return true
	})
	tr.signal(syscall.SIGTERM)
	tr.endsLeaving() // the first cat may have survived its supervise
}

// endsLeaving waits for the end of svscan, and ends what else there is.
func (tr *scanTree) endsLeaving() {
	tr.t.Helper()
	tr.must(tr.job.wait())
	if got := tr.job.end(); got != "exit 0" {
		tr.t.Errorf("svscan: %s, want exit 0", got)
	}
	endSession(tr.t, tr.job.cmd.Process.Pid)
}

// supervise is a shell script here: the limit of the original is svscan's.
func TestThereIsNoLimitOfAThousandServices(t *testing.T) {
	t.Parallel()
	const services = 1100
	bin := t.TempDir()
	tr := newScanTree(t, bin+":"+ours(t))
	tr.script("supervise", "echo x >>"+tr.home+"/started; exit 111\n")
	tr.must(os.Rename(filepath.Join(tr.home, "supervise"), filepath.Join(bin, "supervise")))
	for i := range services {
		tr.must(os.Mkdir(filepath.Join(tr.scan, strconv.Itoa(i)), 0o755))
	}
	tr.start()
	tr.wait("1100 starts", func() bool { return len(readAll(filepath.Join(tr.home, "started"))) >= 2*services })
	tr.signal(syscall.SIGTERM)
	tr.ends()
	if got := readAll(tr.said); got != "" {
		t.Errorf("svscan says %q", got)
	}
}

func TestMessagesGoToALogFile(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	file := filepath.Join(tr.home, "svscan.log")
	tr.link("nothing")
	tr.start("--log=" + file)
	tr.wait("a line", func() bool { return strings.HasSuffix(readAll(file), "\n") })
	got := labelText.ReplaceAllString(readAll(file), "@LABEL")
	if want := "@LABEL svscan: warning: unable to stat nothing: file does not exist\n"; got != want {
		t.Errorf("the file has %q, want %q", got, want)
	}
	tr.signal(syscall.SIGTERM)
	tr.ends()
	if got := readAll(tr.said); got != "" {
		t.Errorf("descriptor 2 has %q", got)
	}
}

func TestEncoreIsPassedOn(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("x", sleeper, keeper)
	tr.link("x")
	tr.start("--encore")
	tr.called("supervise --encore x")
	tr.called("supervise --encore log")
	tr.wait("the record of encore", func() bool { return tr.status("x").Extended && tr.status("x/log").Extended })
	tr.signal(syscall.SIGTERM)
	tr.ends()
}

func TestNohupIsPassedOn(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("x", sleeper, "")
	tr.link("x")
	tr.startBy("/bin/sh", "-c", `trap "" HUP INT; exec svscan "$1"`, "sh", tr.scan)
	pid := tr.sleeping("x")
	if mask := statusField(t, pid, "SigIgn"); mask&3 != 3 { // HUP is 1, INT is 2
		t.Errorf("the service ignores %x", mask)
	}
	tr.signal(syscall.SIGTERM)
	tr.ends()
}

// statusField reads a mask of signals from /proc/PID/status.
func statusField(t *testing.T, pid int, name string) uint64 {
	t.Helper()
	for l := range strings.Lines(readAll(fmt.Sprintf("/proc/%d/status", pid))) {
		if text, ok := strings.CutPrefix(l, name+":"); ok {
			n, err := strconv.ParseUint(strings.TrimSpace(text), 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("process %d has no %s", pid, name)
	return 0
}

// The reader of svscan's messages may die: the services do not depend on it.
func TestAMessageThatNobodyReadsDoesNotEndSvscan(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	r, w, err := os.Pipe()
	tr.must(err)
	tr.must(r.Close())
	defer w.Close()
	tr.service("x", sleeper, "")
	tr.link("nothing")
	tr.startSaying(w, tr.program("svscan"), tr.scan)
	tr.link("x")
	tr.isUp("x") // the link to nothing was looked at before
	tr.signal(syscall.SIGTERM)
	tr.ends()
}

// Between its looks svscan uses no time at all.
func TestAnIdleSvscanSleeps(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("x", sleeper, keeper)
	tr.link("x")
	tr.start()
	tr.sleeping("x")
	before := tr.ran()
	tr.wait("two seconds without running", func() bool {
		// A look of the sweep may fall into the time: then another time counts.
		for range 20 {
			if now := tr.ran(); now != before {
				before = now
				return false
			}
			pause()
		}
		return true
	})
	tr.signal(syscall.SIGTERM)
	tr.ends()
}

// As many services with a log are run as there are descriptors for their pipes;
// the rest is said, and nothing else suffers.
func TestDescriptorsUsedUp(t *testing.T) {
	t.Parallel()
	for _, most := range []int{39, 40} {
		t.Run(strconv.Itoa(most), func(t *testing.T) {
			t.Parallel()
			tr := newScanTree(t, ours(t))
			for i := range most / 2 {
				name := fmt.Sprintf("%02d", i)
				tr.service(name, sleeper, keeper)
				tr.link(name)
			}
			tr.startBy("/bin/sh", "-c", fmt.Sprintf(`ulimit -n %d; exec svscan "$1"`, most), "sh", tr.scan)
			tr.says("svscan: warning: unable to create pipe for ")
			// Nine are for other things: 0, 1, 2, svscan's own, a look, and a start.
			tr.wait("services", func() bool { return len(tr.children()) >= most-11 })
			tr.service("late", sleeper, "") // without a log it needs none
			tr.link("late")
			tr.sleeping("late")
			tr.signal(syscall.SIGTERM)
			tr.ends()
			for l := range strings.Lines(readAll(tr.said)) {
				if !strings.HasPrefix(l, "svscan: warning: unable to create pipe for ") || !strings.HasSuffix(l, ": process cannot open more files\n") {
					t.Errorf("it said %q", l)
				}
			}
		})
	}
}
