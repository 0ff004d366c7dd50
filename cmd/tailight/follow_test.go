//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tailight/tailight/supervise"
)

// daemons is a run that ends and leaves n processes behind, whose pids are in
// the file left.
func daemons(n int) step {
	return script("sv/run", "echo start; for i in 1 2 3 4 5 6 7 8 9; do\n"+
		"test $i -gt "+strconv.Itoa(n)+" && exit 0\n"+
		"(exec sleep 1000 </dev/null >/dev/null 2>&1) & echo $! >>left; done")
}

// follower is a supervise of such a service, as soon as it follows the first of
// what run has left behind.
func follower(t *testing.T, n int, more ...step) (w *world, left func() []int, status func() supervise.Status) {
	t.Helper()
	w = tale(t, append([]step{daemons(n), put("sv/follow", 0o644, "")}, more...)...)
	left = func() (pids []int) {
		for word := range strings.FieldsSeq(readAll(filepath.Join(w.dir, "sv/left"))) {
			if pid, err := strconv.Atoi(word); err == nil {
				pids = append(pids, pid)
			}
		}
		return pids
	}
	t.Cleanup(func() {
		for _, pid := range left() {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it is there only after a failure
		}
	})
	status = func() supervise.Status {
		s, err := supervise.ReadStatus(filepath.Join(w.dir, "sv/supervise"))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	w.do(t, run("supervise", "sv"), starts(1))
	if err := until("the first left behind", w.job, func() bool {
		l := left()
		return len(l) == n && status().PID == l[0]
	}); err != nil {
		t.Fatal(err)
	}
	return w, left, status
}

func started(w *world) int { return strings.Count(readAll(w.stdout.Name()), "start\n") }

// TestAFollowedServiceDoesNotMultiply: 0.76 starts a run that leaves a process
// behind again every second. Here it is started when the last of them has ended.
func TestAFollowedServiceDoesNotMultiply(t *testing.T) {
	t.Parallel()
	w, left, status := follower(t, 2)
	first, second := left()[0], left()[1]
	since := status().Since
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := until("the second one", w.job, func() bool { return status().PID == second }); err != nil {
		t.Fatal(err)
	}
	if s := status(); s.Since != since || s.Want != supervise.Up {
		t.Errorf("%+v, want up since %v", s, since)
	}
	// 0.76 would have started it twice more by then.
	for begin := time.Now(); time.Since(begin) < 2200*time.Millisecond; pause() {
		if n := started(w); n != 1 || status().PID != second {
			t.Fatalf("%d starts, pid %d", n, status().PID)
		}
	}
	if err := syscall.Kill(second, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	w.do(t, starts(2))
	if err := until("the next two", w.job, func() bool { l := left(); return len(l) == 4 && status().PID == l[2] }); err != nil {
		t.Fatal(err)
	}
	w.do(t, commanded("dx"))
	ended(t, w, "exit 0")
	for _, pid := range left() {
		if syscall.Kill(pid, 0) == nil {
			t.Errorf("process %d is left", pid)
		}
	}
}

// TestDownEndsAllThatAFollowedServiceLeft, one after the other, and then it is
// down, and finish has run once.
func TestDownEndsAllThatAFollowedServiceLeft(t *testing.T) {
	t.Parallel()
	w, left, _ := follower(t, 5, script("sv/finish", "echo finish $1 $2"))
	w.do(t, commanded("d"), becomes("down, want down"))
	for _, pid := range left() {
		if syscall.Kill(pid, 0) == nil {
			t.Errorf("process %d is left", pid)
		}
	}
	if err := until("finish", w.job, func() bool { return strings.Contains(readAll(w.stdout.Name()), "finish") }); err != nil {
		t.Fatal(err)
	}
	w.do(t, commanded("x"))
	ended(t, w, "exit 0")
	if got, want := readAll(w.stdout.Name()), "start\nfinish 256 15\n"; got != want {
		t.Errorf("it said %q, want %q", got, want)
	}
}

// TestAFollowedServiceLeavesNoZombie: what such a process leaves behind itself is
// waited for.
func TestAFollowedServiceLeavesNoZombie(t *testing.T) {
	t.Parallel()
	w := tale(t, put("sv/follow", 0o644, ""), script("sv/run", "echo start\n"+
		"(for i in 1 2 3 4 5 6 7 8 9; do (true &); done; echo done; exec sleep 1000 >/dev/null 2>&1 </dev/null) & exit 0"))
	w.do(t, run("supervise", "sv"), output("done"))
	if err := until("no child but the one", w.job, func() bool {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(w.job.cmd.Process.Pid) + "/task/" + strconv.Itoa(w.job.cmd.Process.Pid) + "/children")
		return err != nil || len(strings.Fields(string(b))) == 1
	}); err != nil {
		t.Error(err)
	}
	w.do(t, commanded("dx"))
	ended(t, w, "exit 0")
	if n := started(w); n != 1 {
		t.Errorf("%d starts", n)
	}
}
