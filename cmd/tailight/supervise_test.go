//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tailight/tailight/supervise"
)

// What only real processes can show of supervise, beyond the golden cases.
//
// Not tested: systems without pidfds, and the end of the 60 seconds after a
// failed fork, which the machine's table has.

// tale is a world in which steps have been done with our programs. What is left
// of it is ended with the test.
func tale(t *testing.T, steps ...step) *world {
	t.Helper()
	w, err := newWorld(t.TempDir(), ours(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	w.let("sv")
	w.do(t, steps...)
	return w
}

func (w *world) do(t *testing.T, steps ...step) {
	t.Helper()
	for _, s := range steps {
		if err := s.do(w); err != nil {
			t.Fatalf("%s: %v\nstdout: %s\nstderr: %s", s.text, err, readAll(w.stdout.Name()), readAll(w.stderr.Name()))
		}
	}
}

// script is a step that makes an executable shell script.
func script(path, text string) step { return put(path, 0o755, "#!/bin/sh\n"+text+"\n") }

// wrapper makes a program that does something before it becomes the program of
// its arguments.
func wrapper(name, text string) step {
	return step{"wrapper " + name, func(w *world) error {
		path := filepath.Join(w.bin, name)
		return errors.Join(writeProgram(path, "#!/bin/sh\n"+text+"; exec \"$@\"\n"), os.Chmod(path, 0o755))
	}}
}

func whenUp() []step {
	return []step{witnessed("sv"), run("supervise", "sv"), becomes("up, want up"), starts(1)}
}

func ended(t *testing.T, w *world, how string) {
	t.Helper()
	w.do(t, over())
	if got := w.job.end(); got != how {
		t.Errorf("supervise: %s, want %s; it said %s", got, how, readAll(w.stderr.Name()))
	}
}

// 0.76 would start it once more before it looks.
func TestSuperviseListensInTheFirstSecond(t *testing.T) {
	t.Parallel()
	w := tale(t, script("sv/run", "echo start"), run("supervise", "sv"), starts(1), commanded("d"), becomes("down, want down"), commanded("x"))
	ended(t, w, "exit 0")
	if n := strings.Count(readAll(w.stdout.Name()), "start"); n != 1 {
		t.Errorf("started %d times, want once", n)
	}
}

// The record has the time of the start as supervise took it.
func TestStartsAreASecondApart(t *testing.T) {
	t.Parallel()
	w := tale(t, whenUp()...)
	var last supervise.Status
	for n := range 3 {
		s := last
		w.do(t, starts(n+1), step{"another pid", func(w *world) error {
			var err error
			waited := until("another pid", w.job, func() bool {
				s, err = supervise.ReadStatus(filepath.Join(w.dir, "sv/supervise"))
				return err != nil || s.PID != 0 && s.PID != last.PID
			})
			return errors.Join(waited, err)
		}}, commanded("k"))
		if d := s.Since.Time().Sub(last.Since.Time()); n > 0 && d < time.Second {
			t.Errorf("start %d is %v after the one before", n+1, d)
		}
		last = s
	}
	w.do(t, commanded("dx"))
	ended(t, w, "exit 0")
}

func TestAMissingRunIsSaidOnceASecond(t *testing.T) {
	t.Parallel()
	const line = "supervise: fatal: unable to start sv/run: file does not exist\n"
	w := tale(t, put("sv/", 0o755, ""), run("supervise", "sv"), said(line))
	first := time.Now()
	w.do(t, said(line+line+line), commanded("dx"))
	if d := time.Since(first); d < 1900*time.Millisecond {
		t.Errorf("the third line came %v after the first", d)
	}
	ended(t, w, "exit 0")
}

func TestASecondSuperviseLeavesTheFirstAlone(t *testing.T) {
	t.Parallel()
	w := tale(t, whenUp()...)
	cmd := exec.Command(filepath.Join(w.bin, "supervise"), "sv")
	cmd.Dir = w.dir
	out, err := cmd.CombinedOutput()
	if want := "supervise: fatal: unable to acquire sv/supervise/lock: temporary failure\n"; string(out) != want || cmd.ProcessState.ExitCode() != 111 {
		t.Errorf("%v %q, want exit 111 and %q", err, out, want)
	}
	w.do(t, commanded("h"), output("HUP"), becomes("up, want up"), commanded("dx"))
	ended(t, w, "exit 0")
}

func TestAServiceHasWhatSuperviseHas(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := tale(t, script("sv/run", "echo files $(ulimit -n); sed -n 's/^SigIgn:.*\\(.......\\)$/ignored \\1/p' /proc/self/status; cut -d' ' -f5,6 /proc/$$/stat; echo start; read x <fifo"), fifo("sv/fifo"))
	if err := os.Symlink(self, filepath.Join(w.bin, maskedName)); err != nil {
		t.Fatal(err)
	}
	w.do(t, wrapper("limited", "ulimit -S -n 50"), run("limited", filepath.Join(w.bin, maskedName), filepath.Join(w.bin, "supervise"), "sv"), starts(1))
	group, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", w.job.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Fields(string(group[bytes.LastIndexByte(group, ')')+1:]))
	for _, want := range []string{
		"files 50\n",                    // Go's rise of the limit does not leak
		"ignored 0000001\n",             // HUP; the C library of a parent may ignore 32
		"\n" + f[2] + " " + f[3] + "\n", // process group, session
	} {
		if got := readAll(w.stdout.Name()); !strings.Contains(got, want) {
			t.Errorf("the service has %q, want %q in it", got, want)
		}
	}
	w.do(t, commanded("dx"))
	ended(t, w, "exit 0")
}

// A shell would unblock every signal, so this service is none.
func TestAServiceHasTheSignalsBlockedThatSuperviseHas(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := tale(t, witnessed("sv"))
	if err := os.Symlink(self, filepath.Join(w.bin, maskedName)); err != nil {
		t.Fatal(err)
	}
	w.do(t, run(maskedName, filepath.Join(w.bin, "supervise"), "sv"), starts(1))
	w.do(t, step{"PWR is blocked, and nothing else", func(w *world) error {
		return until("that", w.job, func() bool { // the runtime blocks all in some threads, or at times
			threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", w.pid("sv")))
			return err == nil && slices.ContainsFunc(threads, func(f string) bool {
				return strings.Contains(readAll(f), "SigBlk:\t0000000020000000\n")
			})
		})
	}}, commanded("dx"))
	ended(t, w, "exit 0")
}

// 0.76 would be deaf for a minute.
func TestSuperviseListensWhenNoProcessCanBeMade(t *testing.T) {
	t.Parallel()
	w := tale(t, witnessed("sv"), wrapper("limited", "ulimit -n 12"))
	w.do(t, run("limited", filepath.Join(w.bin, "supervise"), "sv"), said("sleeping"), becomes("down, want up"), commanded("o"), becomes("down, want once"), commanded("x"))
	ended(t, w, "exit 0")
	want := "supervise: warning: unable to fork for sv, sleeping 60 seconds: process cannot open more files\n"
	if got := readAll(w.stderr.Name()); got != want {
		t.Errorf("it said %q, want %q", got, want)
	}
}

func TestARenamedServiceGoesOn(t *testing.T) {
	t.Parallel()
	w := tale(t, witnessed("sv"), put("sv/down", 0o644, ""), run("supervise", "sv"), becomes("down, want down"), taken())
	if err := os.Rename(filepath.Join(w.dir, "sv"), filepath.Join(w.dir, "other")); err != nil {
		t.Fatal(err)
	}
	w.do(t, controlIn("other", "u"), becomesIn("other", "up, want up"), starts(1))
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", w.pid("other")))
	if err != nil || filepath.Base(cwd) != "other" {
		t.Errorf("the service is in %s (%v), want other", cwd, err)
	}
	w.do(t, controlIn("other", "dx"))
	ended(t, w, "exit 0")
}

// 0.76 waits for every child; one that was there before supervise was executed
// would else be a zombie as long as supervise runs.
func TestInheritedChildrenLeaveNoZombie(t *testing.T) {
	t.Parallel()
	w := tale(t, fifo("hold"), witnessed("sv"))
	w.do(t, wrapper("parent", "read x <hold & echo child $!"), run("parent", filepath.Join(w.bin, "supervise"), "sv"), starts(1))
	var child int
	if _, err := fmt.Sscanf(readAll(w.stdout.Name()), "child %d", &child); err != nil {
		t.Fatal(err)
	}
	release, err := os.OpenFile(filepath.Join(w.dir, "hold"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = release.Close()
	w.do(t, step{"the child is gone", func(w *world) error {
		return until("no child", w.job, func() bool { return syscall.Kill(child, 0) == syscall.ESRCH })
	}}, commanded("i"), starts(2), commanded("dx"))
	ended(t, w, "exit 0")
	if got := readAll(w.stdout.Name()); !strings.HasSuffix(got, "start\nINT\nstart\nTERM\n") {
		t.Errorf("the service tells %q", got)
	}
}

func TestAReaderSeesWholeRecordsOnly(t *testing.T) {
	t.Parallel()
	w := tale(t, whenUp()...)
	ctl := filepath.Join(w.dir, "sv/supervise")
	done := make(chan struct{})
	wrote := make(chan error, 1)
	go func() {
		defer close(done)
		for range 300 {
			if err := supervise.Send(ctl, []byte("cpcpcpcpcpcp")); err != nil {
				wrote <- err
				return
			}
		}
		wrote <- supervise.Send(ctl, []byte("c"))
	}()
	reads := 0
	for running := true; running; reads++ {
		select {
		case <-done:
			running = false
		default:
		}
		b, err := os.ReadFile(filepath.Join(ctl, "status"))
		if err != nil || len(b) != 18 || !strings.HasPrefix(statusText(string(b)), "up, want up") {
			t.Fatalf("read %d: %d bytes %q, %v", reads, len(b), b, err)
		}
	}
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	w.do(t, taken(), becomes("up, want up"), commanded("dx"))
	ended(t, w, "exit 0")
}

// A svc that finds the FIFO full waits; nothing of what it writes is lost.
func TestAFullControlFIFOIsWorkedOff(t *testing.T) {
	t.Parallel()
	w := tale(t, whenUp()...)
	if err := w.job.signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctl := filepath.Join(w.dir, "sv/supervise")
	fd, err := unix.Open(ctl+"/control", unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	filler := bytes.Repeat([]byte("z"), 4096)
	for err == nil {
		_, err = unix.Write(fd, filler)
	}
	if err != unix.EAGAIN {
		t.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() { sent <- supervise.Send(ctl, []byte("dx")) }()
	if err := w.job.signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	ended(t, w, "exit 0")
}

// 0.76 would read its end over and over.
func TestAControlThatIsNoFIFOIsReadOnce(t *testing.T) {
	t.Parallel()
	w := tale(t, witnessed("sv"), put("sv/supervise/control", 0o600, "p"), run("supervise", "sv"), becomes("up, want up, paused"),
		step{"control is closed", func(w *world) error {
			return until("a supervise that does not read", w.job, func() bool {
				return strings.Count(descriptors(t, w.job.cmd.Process.Pid), "control") == 1
			})
		}})
	if err := w.job.signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ended(t, w, "killed by TERM")
}

func TestWithoutItsControlDirectoryAServiceRunsOn(t *testing.T) {
	t.Parallel()
	w := tale(t, whenUp()...)
	ctl := filepath.Join(w.dir, "sv/supervise")
	pid := w.pid("sv")
	control, err := unix.Open(ctl+"/control", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(control)
	if err := os.RemoveAll(ctl); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	w.do(t, starts(2))
	if _, err := unix.Write(control, []byte("dx")); err != nil {
		t.Fatal(err)
	}
	ended(t, w, "exit 0")
	const warning = "supervise: warning: unable to open sv/supervise/status.new: file does not exist\n"
	if said := readAll(w.stderr.Name()); strings.ReplaceAll(said, warning, "") != "" || said == "" {
		t.Errorf("it said %q, want %q some times", said, warning)
	}
}

// descriptors lists those of a process, by what they are open on.
func descriptors(t *testing.T, pid int) string {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		to, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // closed since
		}
		to, _, _ = strings.Cut(to, ":[")
		all = append(all, filepath.Base(to))
	}
	return strings.Join(all, " ")
}

func TestRestartsLeakNothing(t *testing.T) {
	t.Parallel()
	w := tale(t, whenUp()...)
	pid := w.job.cmd.Process.Pid
	before := descriptors(t, pid)
	w.do(t, commanded("i"), starts(2), commanded("k"), starts(3), commanded("d"), becomes("down, want down"), commanded("u"), starts(4), becomes("up, want up"), taken())
	if after := descriptors(t, pid); after != before {
		t.Errorf("descriptors before: %s\nafter: %s", before, after)
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil || len(strings.Fields(string(children))) > 1 {
		t.Errorf("children %s (%v), want the service at most", children, err)
	}
	w.do(t, commanded("dx"))
	ended(t, w, "exit 0")
}

// The runtime of Go settles within some milliseconds. From then on no thread
// of supervise runs, while another service is started twice.
func TestAnIdleSuperviseSleeps(t *testing.T) {
	t.Parallel()
	w := tale(t, whenUp()...)
	clock := tale(t, script("sv/run", "echo start"), run("supervise", "sv"))
	w.do(t, step{"an idle process", func(w *world) error {
		n := 0
		return until("a second without a wake-up", w.job, func() bool {
			before := ran(t, w.job)
			n += 2
			clock.do(t, starts(n))
			return bytes.Equal(before, ran(t, w.job))
		})
	}}, commanded("dx"))
	ended(t, w, "exit 0")
	clock.do(t, commanded("dx"))
	ended(t, clock, "exit 0")
}

// ran is what the scheduler has counted for every thread of a job.
func ran(t *testing.T, j *job) []byte {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", j.cmd.Process.Pid))
	if err != nil || len(files) == 0 {
		t.Fatalf("no threads: %v", err)
	}
	var all []byte
	for _, f := range files {
		all = append(all, readAll(f)...)
	}
	return all
}
