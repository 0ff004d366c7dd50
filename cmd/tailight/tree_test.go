//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tailight/tailight/supervise"
)

// A scanTree is a scan directory with an svscan of its own, and the service
// directories that are linked into it.
type scanTree struct {
	t    *testing.T
	path string               // PATH of svscan
	home string               // the service directories
	scan string               // the scan directory
	said string               // what came out of descriptor 2
	attr *syscall.SysProcAttr // of svscan, if it matters
	job  *job
}

// newScanTree makes an empty one whose programs are in bin, a list as in PATH.
func newScanTree(t *testing.T, bin string) *scanTree {
	t.Helper()
	dir := t.TempDir()
	tr := &scanTree{t: t, path: bin + ":/usr/bin:/bin", home: filepath.Join(dir, "home"), scan: filepath.Join(dir, "service"), said: filepath.Join(dir, "said")}
	for _, d := range []string{tr.home, tr.scan} {
		tr.must(os.Mkdir(d, 0o755))
	}
	return tr
}

func (tr *scanTree) must(err error) {
	tr.t.Helper()
	if err != nil {
		tr.t.Fatal(err)
	}
}

// service makes a service directory; its scripts are for sh, and an empty log
// is none.
func (tr *scanTree) service(name, run, log string) {
	tr.t.Helper()
	tr.script(name+"/run", run)
	if log != "" {
		tr.script(name+"/log/run", log)
	}
}

func (tr *scanTree) script(path, text string) {
	tr.t.Helper()
	full := filepath.Join(tr.home, path)
	tr.must(os.MkdirAll(filepath.Dir(full), 0o755))
	// Nothing may fork meanwhile, or the script is busy when it is run.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	tr.must(os.WriteFile(full, []byte("#!/bin/sh\n"+text), 0o755))
}

// link puts a service directory into the scan directory.
func (tr *scanTree) link(names ...string) {
	tr.t.Helper()
	for _, name := range names {
		tr.must(os.Symlink(filepath.Join(tr.home, name), filepath.Join(tr.scan, name)))
	}
}

func (tr *scanTree) unlink(name string) {
	tr.t.Helper()
	tr.must(os.Remove(filepath.Join(tr.scan, name)))
}

// start starts svscan in a session of its own, so that what it leaves behind
// can be found.
func (tr *scanTree) start(options ...string) {
	tr.t.Helper()
	tr.startBy(tr.program("svscan"), append(options, tr.scan)...)
}

// program finds a program in PATH.
func (tr *scanTree) program(name string) string {
	tr.t.Helper()
	for dir := range strings.SplitSeq(tr.path, ":") {
		if path := filepath.Join(dir, name); fileExists(path) {
			return path
		}
	}
	tr.t.Fatalf("no %s in %s", name, tr.path)
	return ""
}

// startBy starts svscan, or a program that does.
func (tr *scanTree) startBy(program string, args ...string) {
	tr.t.Helper()
	said, err := os.OpenFile(tr.said, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	tr.must(err)
	defer said.Close()
	tr.startSaying(said, program, args...)
}

// startSaying gives it a standard output and error.
func (tr *scanTree) startSaying(said *os.File, program string, args ...string) {
	tr.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = []string{"PATH=" + tr.path}, said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if tr.attr != nil {
		cmd.SysProcAttr = tr.attr
	}
	var err error
	tr.job, err = startJob(cmd)
	tr.must(err)
	pid := cmd.Process.Pid
	tr.t.Cleanup(func() {
		if tr.t.Failed() {
			tr.t.Logf("it said %q, processes %v", readAll(tr.said), session(pid))
		}
		endSession(tr.t, pid)
	})
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// endSession kills whatever is left of a session.
func endSession(t *testing.T, sid int) {
	if err := until("the end of the session", nil, func() bool {
		left := session(sid)
		for _, p := range left {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
		return len(left) == 0
	}); err != nil {
		t.Error(err)
	}
}

func (tr *scanTree) signal(s syscall.Signal) {
	tr.t.Helper()
	tr.must(tr.job.signal(s))
}

// ends waits for the end of svscan and, unless its services were to stay, looks
// that it has left no process.
func (tr *scanTree) ends() {
	tr.t.Helper()
	tr.must(tr.job.wait())
	if got := tr.job.end(); got != "exit 0" {
		tr.t.Errorf("svscan: %s, want exit 0", got)
	}
	if left := session(tr.job.cmd.Process.Pid); len(left) > 0 {
		tr.t.Errorf("svscan has left %v", left)
	}
}

// wait waits until something is so.
func (tr *scanTree) wait(what string, ok func() bool) {
	tr.t.Helper()
	tr.must(until(what, nil, ok))
}

// says waits until svscan, or one of its children, has said something.
func (tr *scanTree) says(text string) {
	tr.t.Helper()
	tr.wait(text, func() bool { return strings.Contains(readAll(tr.said), text) })
}

// isUp waits until the service of a directory, such as x or x/log, is up, and
// returns its pid.
func (tr *scanTree) isUp(name string) (pid int) {
	tr.t.Helper()
	tr.wait(name+" up", func() bool {
		pid = tr.status(name).PID
		return pid != 0
	})
	return pid
}

func (tr *scanTree) status(name string) supervise.Status {
	s, err := supervise.ReadStatus(filepath.Join(tr.home, name, "supervise"))
	if err != nil {
		return supervise.Status{}
	}
	return s
}

// svc gives letters to a supervise.
func (tr *scanTree) svc(letters, name string) {
	tr.t.Helper()
	tr.must(supervise.Send(filepath.Join(tr.home, name, "supervise"), []byte(letters)))
}

// children are the processes that svscan runs, but for those that have ended.
func (tr *scanTree) children() []proc {
	var all []proc
	for _, p := range session(tr.job.cmd.Process.Pid) {
		if p.parent == tr.job.cmd.Process.Pid && p.state != "Z" {
			all = append(all, p)
		}
	}
	return all
}

// proc is a process as /proc shows it.
type proc struct {
	pid, parent int
	state, args string
}

// session lists the processes of a session, zombies of others' left out: they
// are gone, and whoever has to has not looked yet.
func session(sid int) []proc {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	var all []proc
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // gone
		}
		// PID (NAME) STATE PPID PGRP SESSION ...
		f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		if len(f) < 4 || f[3] != strconv.Itoa(sid) {
			continue
		}
		p := proc{state: f[0]}
		p.pid, _ = strconv.Atoi(filepath.Base(filepath.Dir(path)))
		p.parent, _ = strconv.Atoi(f[1])
		if p.state == "Z" && p.parent != sid {
			continue
		}
		args, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		p.args = strings.ReplaceAll(strings.TrimSuffix(string(args), "\x00"), "\x00", " ")
		all = append(all, p)
	}
	return all
}

func (p proc) String() string { return fmt.Sprintf("%d %s %q", p.pid, p.state, p.args) }

// called finds a child of svscan by its arguments.
func (tr *scanTree) called(args string) (pid int) {
	tr.t.Helper()
	tr.wait(args, func() bool {
		for _, p := range tr.children() {
			if p.args == args {
				pid = p.pid
			}
		}
		return pid != 0
	})
	return pid
}

// ran is what the scheduler has counted for the threads of svscan.
func (tr *scanTree) ran() string {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", tr.job.cmd.Process.Pid))
	var all strings.Builder
	for _, f := range files {
		all.WriteString(readAll(f))
	}
	return all.String()
}

// pause is a time in which an idle program must not run; it waits for nothing.
func pause() { time.Sleep(100 * time.Millisecond) }
