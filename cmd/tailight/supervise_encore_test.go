//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What a service directory with a file encore gets, and what finish,
// timeout-kill and down-signal do in any.

// encored begins a tale with a directory of daemontools-encore.
func encored(t *testing.T, steps ...step) *world {
	t.Helper()
	return tale(t, append([]step{put("sv/encore", 0o644, ""), step{"", func(w *world) error {
		w.let("sv")
		return nil
	}}}, steps...)...)
}

// tells compares what the scripts have written to descriptor 1.
func tells(t *testing.T, w *world, want string) {
	t.Helper()
	if got := strings.Join(strings.Fields(readAll(w.stdout.Name())), " "); got != want {
		t.Errorf("the scripts tell %q, want %q", got, want)
	}
}

func TestEncoreRunsStartRunStop(t *testing.T) {
	t.Parallel()
	w := encored(t, script("sv/start", "echo begin"), witnessed("sv"), script("sv/stop", "echo stop"),
		run("supervise", "sv"), starts(1), becomes("up, want up, running"),
		commanded("t"), starts(2), commanded("d"), becomes("down, want down, stopped"),
		commanded("u"), starts(3), commanded("dx"))
	ended(t, w, "exit 0")
	tells(t, w, "begin start TERM start TERM stop begin start TERM stop")
}

func TestEncoreGivesUpAfterExit100(t *testing.T) {
	t.Parallel()
	w := encored(t, script("sv/run", "echo start; exit 100"), script("sv/stop", "echo stop"), run("supervise", "sv"),
		becomes("down, want down, failed"), commanded("u"), starts(2), becomes("down, want down, failed"), commanded("x"))
	ended(t, w, "exit 0")
	tells(t, w, "start start")
}

func TestEncoreGivesUpWhenStartFails(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"exit 1", "kill -9 $$"} {
		w := encored(t, script("sv/start", "echo begin; "+how), witnessed("sv"), script("sv/stop", "echo stop"),
			run("supervise", "sv"), becomes("down, want down, failed"), commanded("d"), becomes("down, want down, stopped"), commanded("x"))
		ended(t, w, "exit 0")
		tells(t, w, "begin stop")
	}
}

func TestEncoreNeedsNoRun(t *testing.T) {
	t.Parallel()
	w := encored(t, script("sv/start", "echo begin"), script("sv/stop", "echo stop"), run("supervise", "sv"),
		becomes("down, want once, started"), commanded("d"), becomes("down, want down, stopped"), commanded("x"))
	ended(t, w, "exit 0")
	tells(t, w, "begin stop")
}

func TestEncoreGivesChildrenASession(t *testing.T) {
	t.Parallel()
	for _, own := range []bool{true, false} {
		steps := []step{witnessed("sv"), run("supervise", "sv"), becomes("up, want up, running"), starts(1)}
		if !own {
			steps = slices.Insert(steps, 0, put("sv/no-setsid", 0o644, ""))
		}
		w := encored(t, steps...)
		pid := w.pid("sv")
		group, err := syscall.Getpgid(pid)
		if err != nil || (group == pid) != own {
			t.Errorf("a group of its own: %v (%v), want %v", group == pid, err, own)
		}
		w.do(t, commanded("dx"))
		ended(t, w, "exit 0")
	}
}

func TestEncoreSignalsAGroup(t *testing.T) {
	t.Parallel()
	w := encored(t, script("sv/run", "trap 'echo TERM' TERM; ./inner & echo start; wait; wait; wait"), witnessed("sv/more"),
		script("sv/inner", "cd more; exec ./run"), run("supervise", "sv"), starts(2), commanded("d"), output("TERM"))
	if n := strings.Count(readAll(w.stdout.Name()), "TERM"); n != 1 {
		t.Errorf("%d processes got TERM without +, want 1", n)
	}
	w.do(t, commanded("+dx"))
	ended(t, w, "exit 0")
}

func TestEncoreNotifiesOfEveryStartAndEnd(t *testing.T) {
	t.Parallel()
	w := encored(t, script("sv/notify", "echo $# $1 $2 $4 >>told"), script("sv/start", ":"), witnessed("sv"), script("sv/stop", "exit 3"),
		run("supervise", "sv"), starts(1), commanded("k"), starts(2), commanded("dx"))
	ended(t, w, "exit 0")
	want := []string{"4 run exit 0", "4 run killed 9", "4 run start 0", "4 run start 0", "4 start exit 0", "4 start start 0", "4 stop exit 3", "4 stop start 0"}
	var got []string
	if err := until("all notes", nil, func() bool { // nobody waits for the last ones
		got = strings.Split(strings.TrimSpace(readAll(filepath.Join(w.dir, "sv/told"))), "\n")
		return len(got) >= len(want)
	}); err != nil {
		t.Error(err)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("notify was told %q, want %q", got, want)
	}
}

func TestEncoreObeysSignals(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		w := encored(t, witnessed("sv"), run("supervise", "sv"), starts(1))
		w.do(t, step{"TSTP", func(w *world) error { return w.job.signal(syscall.SIGTSTP) }}, becomes("up, want up, paused, running"),
			step{"CONT", func(w *world) error { return w.job.signal(syscall.SIGCONT) }}, becomes("up, want up, running"),
			step{"end", func(w *world) error { return w.job.signal(s) }})
		ended(t, w, "exit 0")
		tells(t, w, "start TERM")
	}
}

func TestWithoutTheFileNothingOfEncoreHappens(t *testing.T) {
	t.Parallel()
	w := tale(t, script("sv/start", "echo begin"), script("sv/run", "echo start; exit 100"), script("sv/stop", "echo stop"),
		script("sv/notify", "echo notified"), script("sv/log", "echo log"), run("supervise", "sv"),
		starts(2), commanded("dx"))
	ended(t, w, "exit 0")
	tells(t, w, "start start")
	if b, err := os.ReadFile(filepath.Join(w.dir, "sv/supervise/status")); err != nil || len(b) != 18 {
		t.Errorf("a record of %d bytes (%v), want 18", len(b), err)
	}
}

func TestFinishIsToldHowRunEnded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ run, want string }{
		{"exit 3", "3 0"}, {"kill -9 $$", "256 9"}, {"exit 100", "100 0"},
	} {
		w := tale(t, put("sv/down", 0o644, ""), script("sv/run", c.run), script("sv/finish", "echo $*"), run("supervise", "sv"),
			becomes("down, want down"), commanded("o"), output("\n"), commanded("x"))
		ended(t, w, "exit 0")
		tells(t, w, c.want)
	}
}

// The service is down while finish runs, and not started before it has ended.
func TestFinishHasALimit(t *testing.T) {
	t.Parallel()
	w := tale(t, witnessed("sv"), fifo("sv/fifo"), script("sv/finish", "echo finish; exec cat fifo"), put("sv/timeout-finish", 0o644, "300\n"),
		run("supervise", "sv"), starts(1), commanded("i"), output("finish"), becomes("down, want up"), starts(2), commanded("dx"))
	ended(t, w, "exit 0")
	tells(t, w, "start INT finish start TERM finish")
}

func TestAStubbornServiceIsKilled(t *testing.T) {
	t.Parallel()
	for _, limit := range []string{"200", "0.2s", "200ms"} {
		w := tale(t, witnessed("sv"), put("sv/stubborn", 0o644, ""), put("sv/timeout-kill", 0o644, limit+"\n"),
			run("supervise", "sv"), starts(1))
		begin := time.Now()
		w.do(t, commanded("d"), becomes("down, want down"), commanded("x"))
		if d := time.Since(begin); d < 200*time.Millisecond {
			t.Errorf("killed after %v, want 200ms at least", d)
		}
		ended(t, w, "exit 0")
		tells(t, w, "start TERM")
	}
}

func TestDownSignalIsWhatTheFileSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, want, says string }{
		{"INT\n", "start INT", ""}, {"SIGINT", "start INT", ""}, {"2", "start INT", ""}, {"", "start TERM", ""},
		{"NONSENSE", "start TERM", "supervise: warning: unable to read sv/down-signal: not a signal such as HUP or 1: \"NONSENSE\"\n"},
	} {
		w := tale(t, witnessed("sv"), put("sv/down-signal", 0o644, c.file), run("supervise", "sv"), starts(1), commanded("d"),
			becomes("down, want down"), commanded("x"))
		ended(t, w, "exit 0")
		tells(t, w, c.want)
		if got := readAll(w.stderr.Name()); got != c.says {
			t.Errorf("%q: it said %q, want %q", c.file, got, c.says)
		}
	}
}

func TestABadTimeoutIsSaidOnceAndNotUsed(t *testing.T) {
	t.Parallel()
	w := tale(t, script("sv/run", "echo start"), script("sv/finish", ":"), put("sv/timeout-finish", 0o644, "soon"),
		run("supervise", "sv"), starts(3), commanded("dx"))
	ended(t, w, "exit 0")
	want := "supervise: warning: unable to read sv/timeout-finish: not a time such as 5000 (milliseconds) or 5s: \"soon\"\n"
	if got := readAll(w.stderr.Name()); got != want {
		t.Errorf("it said %q, want %q", got, want)
	}
}

// Everything that a service has written is in the log, once and in order, though
// both sides are restarted under way; and the last to end is the logger.
func TestEncoreLosesNoLineOnTheWayToItsLog(t *testing.T) {
	t.Parallel()
	w := encored(t, witnessed("sv/more"), script("sv/stop", "echo stop"), put("sv/main/", 0o755, ""),
		script("sv/run", "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; cd more; exec ./run"))
	w.do(t, script("sv/log", "exec "+filepath.Join(w.bin, "multilog")+" s16777215 ./main"), run("supervise", "sv"))
	var want strings.Builder
	for n := 1; n <= 4; n++ {
		for i := range 2000 {
			fmt.Fprintln(&want, "line", i)
		}
		want.WriteString("start\n")
		w.do(t, appears("sv/main/current", want.String()), commanded("Ltl")) // l: the next batch may come with the same read
		if n < 4 {
			w.do(t, commanded("t"))
			want.WriteString("TERM\n")
		}
	}
	w.do(t, becomes("up, want up, running; log up, want up, running"), commanded("dx"))
	ended(t, w, "exit 0")
	want.WriteString("TERM\nstop\n")
	if got := readAll(filepath.Join(w.dir, "sv/main/current")); got != want.String() {
		t.Errorf("%d bytes are logged, want %d; they differ from byte %d on", len(got), want.Len(), common(got, want.String()))
	}
}

// common is the length of what two texts have in common at their start.
func common(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// A logger that does not read is told to end when its time is up.
func TestEncoreDoesNotWaitForADeafLogger(t *testing.T) {
	t.Parallel()
	w := encored(t, witnessed("sv"), fifo("sv/fifo"), script("sv/log", "echo logger; exec cat fifo"), run("supervise", "sv"),
		becomes("up, want up, running; log up, want up, running"), commanded("dx"))
	ended(t, w, "exit 0")
	if got := statusText(readAll(filepath.Join(w.dir, "sv/supervise/status"))); got != "down, want down, stopped; log down, want down, stopped" {
		t.Errorf("left as %s", got)
	}
}
