//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// reexec has svc tell supervise to become the program that is there now, and
// waits until it has: the variable by which it hands over is in the memory that
// /proc shows of the new one.
func reexec() step {
	return step{"svc --reexec", func(w *world) error {
		supervise := fmt.Sprintf("/proc/%d/", w.job.cmd.Process.Pid)
		before := variable(supervise)
		cmd := exec.Command(filepath.Join(w.bin, "svc"), "--reexec", filepath.Join(w.dir, "sv"))
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			return fmt.Errorf("svc says %q: %w", out, err)
		}
		return until("another program", w.job, func() bool { return variable(supervise) != before })
	}}
}

// variable is the address at which the program has its environment, which is
// another one in every program, and the variable.
func variable(proc string) string {
	stat := strings.Fields(readAll(proc + "stat"))
	for v := range strings.SplitSeq(readAll(proc+"environ"), "\x00") {
		if strings.HasPrefix(v, "TAILIGHT_RENEWAL=") && len(stat) > 49 {
			return stat[49] + v
		}
	}
	return ""
}

func TestSuperviseReplacesItselfInPlace(t *testing.T) {
	t.Parallel()
	w := tale(t, append([]step{script("sv/finish", "echo finish $1 $2")}, whenUp()...)...)
	service, status := w.pid("sv"), readAll(filepath.Join(w.dir, "sv/supervise/status"))
	open := openFiles(t, w.job.cmd.Process.Pid)
	for range 3 {
		w.do(t, reexec(), taken())
		if now := readAll(filepath.Join(w.dir, "sv/supervise/status")); now != status || w.pid("sv") != service {
			t.Errorf("the status was %x and is %x", status, now)
		}
		// The test has cut the name of the program itself.
		if now := readAll(fmt.Sprintf("/proc/%d/cmdline", w.job.cmd.Process.Pid)); now != "supervise\x00sv\x00" {
			t.Errorf("the arguments are %q", now)
		}
		if now := openFiles(t, w.job.cmd.Process.Pid); len(now) != len(open) {
			t.Errorf("it had open %v and has %v", open, now)
		}
	}
	w.do(t, commanded("t"), output("finish"), starts(2))
	w.do(t, step{"the service does not see what was handed over", func(w *world) error {
		return until("another environment", w.job, func() bool {
			env := readAll(fmt.Sprintf("/proc/%d/environ", w.pid("sv")))
			return env != "" && !strings.Contains(env, "RENEWAL")
		})
	}}, commanded("dx"))
	ended(t, w, "exit 0")
	// It is still the parent of its children.
	if got := readAll(w.stdout.Name()); strings.Contains(got, "finish -1") || strings.Count(got, "finish") != 2 {
		t.Errorf("the output is %q", got)
	}
	if got := readAll(w.stderr.Name()); got != "" {
		t.Errorf("it said %q", got)
	}
	if _, err := os.Lstat(filepath.Join(w.dir, "sv/supervise/running")); err == nil {
		t.Error("running is left")
	}
}

func TestANewVersionThatCannotStartChangesNothing(t *testing.T) {
	t.Parallel()
	for text, reason := range map[string]string{
		"#!/bin/sh\nexit 100\n":     "PATH: exit status 100",
		"#!/bin/sh\necho another\n": "exec format error",
		"no program\n":              "exec format error",
	} {
		w := tale(t, whenUp()...)
		service := w.pid("sv")
		path := filepath.Join(w.bin, "supervise")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := writeProgram(path, text); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
		want := "supervise: warning: unable to replace supervise for sv: " + strings.Replace(reason, "PATH", path, 1) + "\n"
		w.do(t, commanded("e"), said(want), commanded("h"), output("HUP"))
		if now := w.pid("sv"); now != service {
			t.Errorf("the service was %d and is %d", service, now)
		}
		w.do(t, commanded("dx"))
		ended(t, w, "exit 0")
		if got := readAll(w.stderr.Name()); got != want {
			t.Errorf("it said %q, want %q", got, want)
		}
	}
}

// Letters that come while it becomes another program stay in the FIFO, and a
// death in between is seen.
func TestAStormOfReplacementsLosesNoLetterAndNoEnd(t *testing.T) {
	t.Parallel()
	rounds := 25
	if testing.Short() {
		rounds = 5
	}
	w := tale(t, script("sv/finish", "echo finish $1 $2"), step{"encore", put("sv/encore", 0o644, "").do})
	w.do(t, script("sv/log", `while read x; do echo "$x" >>logged; done`))
	w.do(t, script("sv/run", `trap 'echo usr1' USR1; trap 'exit 7' TERM; echo start; while :; do sleep 5 & wait $!; done`))
	w.do(t, run("supervise", "sv"))
	logged := func(line string, n int) step {
		return step{fmt.Sprintf("%d times %s", n, line), func(w *world) error {
			return until(fmt.Sprintf("%d times %s", n, line), w.job, func() bool {
				return strings.Count(readAll(filepath.Join(w.dir, "sv/logged")), line) >= n
			})
		}}
	}
	w.do(t, logged("start", 1))
	for i := range rounds {
		w.do(t, commanded("e"), commanded("1"), commanded("e"), logged("usr1", i+1))
	}
	for i := range 3 {
		w.do(t, commanded("et"), commanded("e"), logged("finish 7 0", i+1), logged("start", i+2))
	}
	w.do(t, commanded("e"), commanded("dx"), commanded("e"))
	ended(t, w, "exit 0")
	got := readAll(filepath.Join(w.dir, "sv/logged"))
	if n := strings.Count(got, "usr1"); n != rounds {
		t.Errorf("%d of %d signals arrived", n, rounds)
	}
	if strings.Contains(got, "finish -1") || strings.Count(got, "start") != strings.Count(got, "finish") {
		t.Errorf("the log is %q", got)
	}
	if got := readAll(w.stderr.Name()); got != "" {
		t.Errorf("it said %q", got)
	}
}
