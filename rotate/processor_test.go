package rotate

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// processed is a directory with a processor, whose failures are told and tried
// again a few times.
func processed(t *testing.T, command string) *logDir {
	l := newLogDir(t)
	l.opt.Processor, l.opt.HasProcessor = command, true
	l.opt.spawn = func(run func()) { run() }
	l.opt.Retry = func(err error) bool { l.told = append(l.told, err.Error()); return len(l.told) < 5 }
	return l
}

// oneRotation writes a line and rotates.
func (l *logDir) oneRotation(d *Dir, line string) {
	l.t.Helper()
	l.write(d, line)
	l.rotate(d)
}

func TestAFinishedFileGoesThroughTheProcessor(t *testing.T) {
	t.Parallel()
	l := processed(t, "tr a-z A-Z")
	d := l.open()
	l.oneRotation(d, "one\n")
	l.oneRotation(d, "two\n")
	l.write(d, "three\n")
	l.close(d)
	l.wantContents("ONE\n", "TWO\n", "three\n")
	l.wantTold()
}

func TestAnEmptyCommandIsAProcessorToo(t *testing.T) {
	t.Parallel()
	l := processed(t, "")
	d := l.open()
	l.oneRotation(d, "one\n")
	l.close(d)
	l.wantContents("", "")
}

// TestStateIsCarriedFromRunToRun counts the runs in the state: also over a
// clean restart, not over an outage.
func TestStateIsCarriedFromRunToRun(t *testing.T) {
	t.Parallel()
	l := processed(t, `read n <&4 || n=0; echo $n; echo $((n+1)) >&5`)
	d := l.open()
	l.oneRotation(d, "x\n")
	l.oneRotation(d, "x\n")
	l.close(d)
	d = l.open()
	l.oneRotation(d, "x\n")
	if got := l.read("state"); got != "3\n" {
		t.Errorf("state %q", got)
	}
	d.Abandon()
	d = l.open()
	l.oneRotation(d, "x\n")
	l.close(d)
	l.wantContents("0\n", "1\n", "2\n", "0\n", "")
}

func TestAProcessorThatFailsIsRunAgainFromScratch(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, end, told string }{
		{"by its exit code", "exit 3", "processor failed in "},
		{"by a signal", "kill -9 $$", "processor crashed in "},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			l := processed(t, `read n <&4; read line; echo "$line$n"
				echo first >&5; [ -e tried ] && exit; echo half; >tried; `+row.end)
			d := l.open()
			l.oneRotation(d, "one\n")
			l.oneRotation(d, "two\n")
			l.close(d)
			l.wantContents("one\n", "twofirst\n", "")
			l.wantTold(row.told + l.name)
			if l.told[0] != row.told+l.name {
				t.Errorf("told %q", l.told)
			}
		})
	}
}

func TestAProcessorThatCannotBeFoundFails(t *testing.T) {
	t.Parallel()
	l := processed(t, "exec 2>/dev/null; ./missing || >tried; [ -e again ] && exec cat; >again; exit 127")
	d := l.open()
	l.oneRotation(d, "one\n")
	l.close(d)
	l.wantContents("one\n", "")
	l.wantTold("processor failed in " + l.name)
}

func TestARemovedStateIsAnEmptyOne(t *testing.T) {
	t.Parallel()
	l := processed(t, `cat <&4; cat; echo state >&5`)
	d := l.open()
	l.oneRotation(d, "one\n")
	l.ok(os.Remove(l.path("state")))
	l.oneRotation(d, "two\n")
	l.oneRotation(d, "three\n")
	l.close(d)
	l.wantContents("one\n", "two\n", "state\nthree\n", "")
	l.wantTold()
}

func TestASmallOutputOfALargeFileIsAnArchive(t *testing.T) {
	t.Parallel()
	l := processed(t, "grep -c .")
	d := l.open()
	l.write(d, lines(30, 100))
	l.close(d)
	l.wantContents("30\n", "")
	for _, name := range l.archives() {
		if fi, err := os.Stat(l.path(name)); err != nil || fi.Mode().Perm() != 0o744 {
			t.Errorf("%s: %v, %v", name, fi.Mode(), err)
		}
	}
}

// childProcess runs the test binary as a small program; see child. What it
// prints is a failure.
func (l *logDir) childProcess(umask, processor string, files []*os.File, env ...string) {
	l.t.Helper()
	exe, err := os.Executable()
	l.ok(err)
	cmd := exec.Command(exe, l.name, processor)
	cmd.Env = append(os.Environ(), append(env, "ROTATE_TEST_CHILD="+umask)...)
	cmd.ExtraFiles = files
	out, err := cmd.CombinedOutput()
	if err != nil || len(out) > 0 {
		l.t.Fatalf("%v: %s", err, out)
	}
}

func TestTheProcessorHasTheEnvironmentOfItsProcess(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	l.childProcess("022", `echo "$ROTATE_TEST_WORD"; echo "$0"`, nil, "ROTATE_TEST_WORD=a word")
	l.wantContents("a word\nsh\n", "next\n")
}

func TestTheProcessorWorksInTheDirectory(t *testing.T) {
	t.Parallel()
	l := processed(t, "echo *; cat previous")
	d := l.open()
	l.oneRotation(d, "one\n")
	l.close(d)
	got := l.contents()[0]
	if !strings.Contains(got, "lock newstate previous processed state\n") || !strings.HasSuffix(got, "one\n") {
		t.Errorf("the processor saw %q", got)
	}
}

func TestModesDoNotDependOnTheUmask(t *testing.T) {
	t.Parallel()
	for _, umask := range []string{"000", "022", "077"} {
		for _, processor := range []string{"", "cat"} {
			l := newLogDir(t)
			l.childProcess(umask, processor, nil)
			l.wantContents("line\n", "next\n")
			want := map[string]os.FileMode{l.archives()[0]: 0o744, "current": 0o744, "lock": 0o600}
			for name, mode := range want {
				if fi, err := os.Stat(l.path(name)); err != nil || fi.Mode().Perm() != mode {
					t.Errorf("umask %s, processor %q: %s has mode %v, %v", umask, processor, name, fi.Mode(), err)
				}
			}
			if fi, err := os.Stat(l.name); err != nil || fi.Mode().Perm() != 0o700 {
				t.Errorf("the directory has mode %v, %v", fi.Mode(), err)
			}
		}
	}
}

// TestWhileInUseCurrentIsNotMarked looks at current between Open and Close.
func TestWhileInUseCurrentIsNotMarked(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	for range 2 {
		d := l.open()
		if fi, err := os.Stat(l.path("current")); err != nil || fi.Mode().Perm() != 0o644 {
			t.Errorf("in use: %v, %v", fi.Mode(), err)
		}
		l.close(d)
		if fi, err := os.Stat(l.path("current")); err != nil || fi.Mode().Perm() != 0o744 {
			t.Errorf("closed: %v, %v", fi.Mode(), err)
		}
	}
}

// TestTheLockHoldsAcrossProcesses lets another process open a directory that
// is in use here.
func TestTheLockHoldsAcrossProcesses(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	d := l.open()
	exe, err := os.Executable()
	l.ok(err)
	cmd := exec.Command(exe, l.name, "")
	cmd.Env = append(os.Environ(), "ROTATE_TEST_CHILD=022")
	out, _ := cmd.CombinedOutput()
	if want := "unable to lock directory " + l.name + ": " + syscall.EAGAIN.Error() + "\n"; string(out) != want || cmd.ProcessState.ExitCode() != 111 {
		t.Errorf("it said %q, want %q", out, want)
	}
	l.close(d)
	l.childProcess("022", "", nil)
}

// TestAProcessorThatAlwaysFailsStopsNothing writes more than a writer could if it
// had to wait for it: the files stay as they are.
func TestAProcessorThatAlwaysFailsStopsNothing(t *testing.T) {
	t.Parallel()
	l := processed(t, "echo half; echo state >&5; exit 1")
	var mu sync.Mutex
	stop := false
	l.opt.spawn = nil
	l.opt.Retry = func(err error) bool {
		mu.Lock()
		defer mu.Unlock()
		l.told = append(l.told, err.Error())
		return !stop
	}
	l.opt.Warn = func(err error) { l.opt.Retry(err) }
	d := l.open()
	var want []string
	for i := range 5 {
		want = append(want, fmt.Sprintf("file %d\n", i))
		l.write(d, want[i])
		l.rotate(d)
	}
	l.write(d, "rest\n")
	mu.Lock()
	stop = true
	mu.Unlock()
	if err := d.Close(); err == nil {
		t.Error("Close has finished what it could not")
	}
	got := l.contents()
	if len(got) < 5 || !slices.Equal(got[:4], want[:4]) {
		t.Errorf("archives and current hold %q", got)
	}
	for _, name := range l.archives() {
		if !strings.HasSuffix(name, ".u") {
			t.Errorf("%s went through no processor", name)
		}
	}
	left, failed := 0, 0
	for _, text := range l.told {
		switch text {
		case "processor failed in " + l.name:
			failed++
		case "unable to process " + l.name + "/previous, leaving it as it is: processor failed in " + l.name:
			left++
		default:
			t.Errorf("told %q", text)
		}
	}
	if left < 4 || failed < enough-1 {
		t.Errorf("told of %d files left and %d failures", left, failed)
	}
	// What is left is for the next start, with a processor that works.
	l.opt.Processor, l.told = "tr a-z A-Z", nil
	l.close(l.open())
	if got := l.contents(); got[4] != "FILE 4\n" && got[4] != "file 4\n" {
		t.Errorf("archives and current hold %q", got)
	}
}

// TestAStartDoesNotWaitForAProcessorThatAlwaysFails finds a complete previous.
func TestAStartDoesNotWaitForAProcessorThatAlwaysFails(t *testing.T) {
	t.Parallel()
	l := processed(t, "exit 1")
	l.opt.Retry = func(err error) bool { l.told = append(l.told, err.Error()); return true }
	l.put("previous", "one\n", 0o744)
	l.put("current", "two\n", 0o744)
	l.close(l.open())
	l.wantContents("one\n", "two\n")
	failed := "processor failed in " + l.name
	l.wantTold(failed, failed, "process "+l.name+"/previous, leaving it as it is: "+failed)
}

// groupOf waits for a processor that writes its number beside the directory, and
// sees to it that its group ends.
func (l *logDir) groupOf() (gone func() bool) {
	l.t.Helper()
	var pid int
	eventually(l.t, "the processor runs", func() bool {
		b, _ := os.ReadFile(l.name + "/../pid")
		_, err := fmt.Sscanf(string(b), "%d\n", &pid)
		return err == nil
	})
	l.t.Cleanup(func() { _ = syscall.Kill(-pid, syscall.SIGKILL) })
	return func() bool { return syscall.Kill(-pid, 0) == syscall.ESRCH }
}

// TestAProcessorThatHangsIsKilledWhenAWriterWaits has one with a child.
func TestAProcessorThatHangsIsKilledWhenAWriterWaits(t *testing.T) {
	t.Parallel()
	l := processed(t, "echo $$ >../pid; sleep 1000; cat")
	l.opt.spawn, l.opt.patience = nil, 50*time.Millisecond
	d := l.open()
	l.write(d, "one\n")
	l.rotate(d)
	gone := l.groupOf()
	l.write(d, "two\n") // goes on beside it
	if gone() {
		t.Error("the processor has ended, and nobody waits for it")
	}
	l.rotate(d)
	eventually(t, "the processor and its child have ended", gone)
	l.write(d, "three\n")
	if names := l.archives(); len(names) != 1 || !strings.HasSuffix(names[0], ".u") || l.read(names[0]) != "one\n" {
		t.Errorf("archives %q", names)
	}
	// A close waits no longer, and leaves the file to the next start.
	if err := d.Close(); !errors.Is(err, errLate) {
		t.Errorf("Close: %v", err)
	}
	l.wantTold("process " + l.name + "/previous, leaving it as it is: processor killed in " + l.name + ": it takes too long")
	l.opt.Processor, l.opt.patience = "tr a-z A-Z", 0
	l.close(l.open())
	l.wantContents("one\n", "TWO\n", "three\n", "")
}

// TestStateWithoutEndIsAFailedRun has a processor that would fill the disk, and one
// that ends before it is looked at.
func TestStateWithoutEndIsAFailedRun(t *testing.T) {
	t.Parallel()
	for _, rest := range []string{"while :; do echo state >&5; done", "echo state >&5"} {
		l := processed(t, "[ -e ../again ] && exec cat; echo >../again; echo $$ >../pid; "+rest)
		l.opt.maxState = 3
		d := l.open()
		l.oneRotation(d, "one\n")
		l.close(d)
		l.wantContents("one\n", "")
		l.wantTold("processor killed in " + l.name + ": it writes more than 3 bytes of state")
		if got := l.read("state"); got != "" {
			t.Errorf("state %q", got)
		}
		eventually(t, "the processor has ended", l.groupOf())
	}
}

// TestAProcessorThatForksHoldsNothingUp leaves a child that has all descriptors.
func TestAProcessorThatForksHoldsNothingUp(t *testing.T) {
	t.Parallel()
	l := processed(t, "echo $$ >../pid; cat; sleep 1000 & exit 0")
	d := l.open()
	l.oneRotation(d, "one\n")
	gone := l.groupOf()
	if gone() {
		t.Error("there is no child")
	}
	l.oneRotation(d, "two\n")
	l.groupOf()
	l.close(d)
	l.wantContents("one\n", "two\n", "")
	l.wantTold()
}
