//go:build linux

package supervise

import (
	"fmt"
	"os"
	"os/exec"
	ossignal "os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// How a scanner finds what an earlier one has left, and the switches that take
// newer calls away. Scanners and supervises are this test binary again, by way
// of TestPlayTree. Storms of kills are in cmd/tailight.

// TestPlayTree is no test but the scanner and the supervises of the others.
func TestPlayTree(t *testing.T) {
	switch os.Getenv("TEST_PLAY") {
	case "svscan":
		playSvscan(t)
	case "supervise":
		playSupervise(t)
	}
}

func playSvscan(t *testing.T) {
	for name, s := range map[string]*bool{
		"pidfdOpen": &missing.pidfdOpen, "pidfdGetfd": &missing.pidfdGetfd, "pidfdInfo": &missing.pidfdInfo,
		"procFD": &missing.procFD, "procLocks": &missing.procLocks,
	} {
		*s = strings.Contains(os.Getenv("TEST_MISSING"), name)
	}
	// supervise is a script that makes itself the player of one.
	s, err := NewScanner(ScanOptions{
		Supervise: []string{os.Getenv("TEST_SUPERVISE")},
		Warn:      func(err error) { fmt.Fprintln(os.Stderr, err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	s.gap = 50 * time.Millisecond
	signals := make(chan os.Signal, 16)
	ossignal.Notify(signals, syscall.SIGCHLD, syscall.SIGTERM)
	go func() {
		for sig := range signals {
			s.Ask(map[os.Signal]Request{syscall.SIGCHLD: Reap, syscall.SIGTERM: Stop}[sig])
		}
	}()
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
}

func playSupervise(t *testing.T) {
	if err := os.Chdir(os.Getenv("TEST_DIR")); err != nil {
		t.Fatal(err)
	}
	s, err := Open(".", Options{Warn: func(err error) { fmt.Fprintln(os.Stderr, err) }})
	if err != nil {
		fmt.Fprintln(os.Stderr, "supervise:", err)
		os.Exit(111)
	}
	l, err := NewLoop(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	os.Exit(0)
}

// tree is a scan directory with a service x and its log, which copy lines.
type tree struct {
	t    *testing.T
	dir  string   // the scan directory
	home string   // beside it
	in   *os.File // what the service copies
	cmd  *exec.Cmd
}

// said is what has come out of descriptor 2 of the scanners.
func (tr *tree) said() string {
	b, _ := os.ReadFile(filepath.Join(tr.home, "said"))
	return string(b)
}

func newTree(t *testing.T) *tree {
	t.Helper()
	tr := &tree{t: t, dir: t.TempDir(), home: t.TempDir()}
	tr.script("home/supervise", "TEST_PLAY=supervise TEST_DIR=$1 exec "+os.Args[0]+" -test.run=^TestPlayTree$")
	tr.must(os.MkdirAll(filepath.Join(tr.dir, "x/log"), 0o755))
	tr.must(unix.Mkfifo(filepath.Join(tr.home, "in"), 0o600))
	var err error
	tr.in, err = os.OpenFile(filepath.Join(tr.home, "in"), os.O_RDWR, 0)
	tr.must(err)
	t.Cleanup(func() { _ = tr.in.Close() })
	tr.script("dir/x/run", "exec cat <"+tr.home+"/in")
	tr.script("dir/x/log/run", "exec cat >>"+tr.home+"/out")
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("it said %q", tr.said())
		}
		for _, half := range []string{"x", "x/log"} {
			if pid := tr.holder(half); pid != 0 {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
			if st, err := ReadStatus(tr.control(half)); err == nil && st.PID != 0 {
				_ = syscall.Kill(st.PID, syscall.SIGKILL)
			}
		}
	})
	return tr
}

func (tr *tree) must(err error) {
	tr.t.Helper()
	if err != nil {
		tr.t.Fatal(err)
	}
}

func (tr *tree) control(half string) string { return filepath.Join(tr.dir, half, "supervise") }

func (tr *tree) script(path, text string) {
	tr.t.Helper()
	path = strings.NewReplacer("home/", tr.home+"/", "dir/", tr.dir+"/").Replace(path)
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	tr.must(os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755))
}

func (tr *tree) wait(what string, ok func() bool) {
	tr.t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			tr.t.Fatalf("no %s; it said %q", what, tr.said())
		}
	}
}

// start starts a scanner that lacks some calls.
func (tr *tree) start(missing string) {
	tr.t.Helper()
	tr.cmd = exec.Command(os.Args[0], "-test.run=^TestPlayTree$")
	said, err := os.OpenFile(filepath.Join(tr.home, "said"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	tr.must(err)
	defer said.Close()
	tr.cmd.Dir, tr.cmd.Stderr = tr.dir, said
	tr.cmd.Env = append(os.Environ(), "TEST_PLAY=svscan", "TEST_MISSING="+missing, "TEST_SUPERVISE="+tr.home+"/supervise")
	tr.must(tr.cmd.Start())
	cmd := tr.cmd
	tr.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

func (tr *tree) kill() {
	tr.t.Helper()
	tr.must(tr.cmd.Process.Kill())
	_ = tr.cmd.Wait()
}

// keeper waits for a supervise, other than that of a pid.
func (tr *tree) keeper(half string, other int) (pid int) {
	tr.t.Helper()
	tr.wait("supervise of "+half, func() bool {
		pid = tr.holder(half)
		return pid != 0 && pid != other
	})
	return pid
}

// holder is who holds the lock of a supervise, or 0.
func (tr *tree) holder(half string) int {
	fi, err := os.Stat(filepath.Join(tr.dir, half))
	tr.must(err)
	held := (&Scanner{}).holds(tr.control(half)+"/lock", idOf(fi))
	if held.who == nil {
		return 0
	}
	held.who.close()
	return held.who.pid
}

// pipeOf is the pipe that a process has.
func (tr *tree) pipeOf(pid, n int) string {
	to, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, n))
	return to
}

// passes lets a line run through both.
func (tr *tree) passes(line string) {
	tr.t.Helper()
	_, err := tr.in.WriteString(line + "\n")
	tr.must(err)
	tr.wait("line "+line, func() bool {
		b, _ := os.ReadFile(filepath.Join(tr.home, "out"))
		return strings.Contains(string(b), line+"\n")
	})
}

// hasPipe reports whether the scanner has a pipe.
func (tr *tree) hasPipe(pipe string) bool {
	for fd := range 40 {
		if tr.pipeOf(tr.cmd.Process.Pid, fd) == pipe {
			return true
		}
	}
	return false
}

// stop ends everything in order.
func (tr *tree) stop() {
	tr.t.Helper()
	tr.must(tr.cmd.Process.Signal(syscall.SIGTERM))
	tr.wait("end", func() bool {
		return tr.holder("x") == 0 && tr.holder("x/log") == 0
	})
	_ = tr.cmd.Wait()
}

// killBoth kills a supervise and what it runs, so that another has to start it.
func (tr *tree) killBoth(half string) {
	tr.t.Helper()
	pid := tr.keeper(half, 0)
	st, err := ReadStatus(tr.control(half))
	if err != nil || st.PID <= 0 {
		tr.t.Fatalf("%s does not run: %+v, %v", half, st, err)
	}
	tr.must(syscall.Kill(pid, syscall.SIGSTOP))
	tr.must(syscall.Kill(st.PID, syscall.SIGKILL))
	tr.must(syscall.Kill(pid, syscall.SIGKILL))
	tr.keeper(half, pid)
}

func TestSurvivorsAreTakenOverWithoutTheNewerCalls(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{"", "pidfdOpen", "procFD", "pidfdInfo", "pidfdGetfd"} {
		t.Run("without "+missing, func(t *testing.T) {
			t.Parallel()
			tr := newTree(t)
			tr.start("")
			tr.passes("first")
			main, log := tr.keeper("x", 0), tr.keeper("x/log", 0)
			pipe := tr.pipeOf(main, 1)
			tr.kill()
			tr.start(missing)
			tr.wait("takeover", func() bool { return tr.hasPipe(pipe) })
			tr.passes("second")
			tr.killBoth("x")
			tr.passes("third")
			tr.killBoth("x/log")
			tr.passes("fourth")
			for half, n := range map[string]int{"x": 1, "x/log": 0} {
				if pid := tr.keeper(half, 0); pid == main || pid == log || tr.pipeOf(pid, n) != pipe {
					t.Errorf("%s: supervise %d has the pipe %s, want %s", half, pid, tr.pipeOf(pid, n), pipe)
				}
			}
			tr.stop()
			if got := tr.said(); got != "" {
				t.Errorf("it said %q", got)
			}
		})
	}
}

// Where the system does not let go of the pipe, that is said once, nothing that
// runs is disturbed, and as soon as one side ends both get a new pipe.
func TestAPipeThatIsRefusedIsReplacedWhenOneSideEnds(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"x", "x/log"} {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			tr := newTree(t)
			tr.start("")
			tr.passes("first")
			main, log := tr.keeper("x", 0), tr.keeper("x/log", 0)
			tr.kill()
			tr.start("procFD pidfdGetfd")
			tr.wait("word", func() bool { return tr.said() != "" })
			tr.passes("second")
			if tr.keeper("x", 0) != main || tr.keeper("x/log", 0) != log {
				t.Error("a supervise was started anew")
			}
			tr.killBoth(first)
			tr.keeper("x", main)
			tr.keeper("x/log", log)
			tr.passes("third")
			tr.stop()
			if got := tr.said(); got != "unable to take back the pipe of x: permission denied\n" {
				t.Errorf("it said %q", got)
			}
		})
	}
}

// Who holds the lock cannot be seen: that is said once, and when he is gone the
// service is started.
func TestALockOfSomebodyUnknownIsWaitedFor(t *testing.T) {
	t.Parallel()
	tr := newTree(t)
	tr.must(os.Mkdir(tr.control("x"), 0o700))
	fd, err := unix.Open(tr.control("x")+"/lock", unix.O_CREAT|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	tr.must(err)
	tr.must(unix.Flock(fd, unix.LOCK_EX))
	tr.start("")
	tr.keeper("x/log", 0)
	tr.wait("word", func() bool { return tr.said() != "" })
	for range 5 {
		time.Sleep(50 * time.Millisecond) // sweeps, in which nothing more is said
	}
	if got := tr.said(); got != "unable to find who holds x/supervise/lock: no such process\n" {
		t.Errorf("it said %q", got)
	}
	tr.must(unix.Close(fd))
	tr.keeper("x", 0)
	tr.passes("first")
	tr.stop()
}

// A supervise that was told to leave, so that its entry can be removed, is not
// started at once: its exit status tells that, whoever was its parent.
func TestTheEndOfASurvivorIsKnown(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("/bin/sh", "-c", "sleep 100 </dev/null >/dev/null 2>&1 & echo $!")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(out)))
	sv := findSurvivor(identity{pid, bornOf(pid)})
	if sv == nil {
		t.Fatal("it was not found")
	}
	defer sv.close()
	if sv.ended(time.Now(), 0) {
		t.Error("it has ended already")
	}
	sv.kill(syscall.SIGTERM)
	h := half{pid: pid, old: sv}
	for end := time.Now().Add(limit); !hasEnded(sv.fd) && time.Now().Before(end); time.Sleep(time.Millisecond) {
	}
	sv.over = true
	if !sv.ended(time.Now(), 0) {
		t.Error("it has not ended")
	}
	later := time.Now().Add(time.Hour)
	h.ended(0, later)
	if h.old != nil || h.pid != 0 || !h.next.Equal(later) {
		t.Errorf("left %+v", h)
	}
}
