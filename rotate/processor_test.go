package rotate

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
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
