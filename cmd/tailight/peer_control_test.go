//go:build linux && peer

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// These tests put the control tools in front of a real supervise. Not covered
// here: two svc at the same time.

// A stage is a service directory with a supervise that runs in it, and the
// tools that are used on it.
type stage struct {
	t        *testing.T
	dir      string // holds sv
	svc      string // the directory of the svc in use
	programs []string
	job      *job
}

// newStage starts a supervise on a service that sleeps.
func newStage(t *testing.T, supervise, svc string, programs ...string) *stage {
	t.Helper()
	s := &stage{t: t, dir: t.TempDir(), svc: svc, programs: programs}
	s.must(os.Mkdir(filepath.Join(s.dir, "sv"), 0o755))
	s.must(putProgram(filepath.Join(s.dir, "sv/run"), "#!/bin/sh\necho $$ >>pids\nexec sleep 1000\n"))
	cmd := exec.Command(filepath.Join(supervise, "supervise"), "sv")
	cmd.Dir, cmd.Env = s.dir, testEnv("")
	j, err := startJob(cmd)
	s.must(err)
	s.job = j
	t.Cleanup(s.end)
	return s
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// putProgram writes a program to be run. Nothing may fork meanwhile, or the
// child would hold it open for writing, and it could not be run.
func putProgram(path, text string) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(path, []byte(text), 0o755)
}

// end takes the supervise and its service away, whatever the test has left.
func (s *stage) end() {
	if !s.job.gone() {
		_ = s.job.cmd.Process.Kill()
		_ = s.job.wait()
	}
	pids, _ := os.ReadFile(filepath.Join(s.dir, "sv/pids"))
	for _, text := range strings.Fields(string(pids)) {
		pid, err := strconv.Atoi(text)
		if cwd, lerr := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err == nil && lerr == nil && cwd == filepath.Join(s.dir, "sv") {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// call runs a tool and returns its outputs and exit code in one text.
func (s *stage) call(bin, name string, args ...string) string {
	cmd := exec.Command(filepath.Join(bin, name), args...)
	cmd.Dir, cmd.Env = s.dir, testEnv("")
	out, err := cmd.CombinedOutput()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		s.t.Fatal(err)
	}
	return fmt.Sprintf("%s=> %d\n", out, cmd.ProcessState.ExitCode())
}

// agree runs a tool of 0.76 and ours until they say the same, which it returns.
// They may differ when something happens between them, and at the end of a
// second, of which the clock that 0.76 reads learns some milliseconds late.
func (s *stage) agree(name string, args ...string) string {
	s.t.Helper()
	theirs, ours := "", ""
	for range 20 {
		theirs, ours = s.call(s.programs[0], name, args...), s.call(s.programs[1], name, args...)
		if theirs == ours {
			return ours
		}
	}
	s.t.Fatalf("%s %q: 0.76 says %q, ours %q", name, args, theirs, ours)
	return ""
}

var numbers = regexp.MustCompile(`[0-9]+ seconds|pid [0-9]+`)

// becomes waits until svstat, without its numbers, shows a state.
func (s *stage) becomes(want string) {
	s.t.Helper()
	got := ""
	err := until(want, s.job, func() bool {
		got = numbers.ReplaceAllStringFunc(s.agree("svstat", "sv"), func(n string) string {
			return strings.Trim(n, "0123456789 ")
		})
		return got == "sv: "+want+"\n=> 0\n"
	})
	if err != nil {
		s.t.Fatalf("%v; svstat says %q", err, got)
	}
}

// pid is the process of the service as svstat --json tells it.
func (s *stage) pid() int {
	s.t.Helper()
	text, _, _ := strings.Cut(s.call(s.programs[1], "svstat", "--json", "sv"), "=>")
	var object struct {
		PID     int
		Seconds *int
		Since   time.Time
	}
	s.must(json.Unmarshal([]byte(text), &object))
	if age := time.Since(object.Since); object.Seconds == nil || age < 0 || age > limit {
		s.t.Errorf("since %v seconds: %s", age, text)
	}
	return object.PID
}

func (s *stage) tell(args ...string) {
	s.t.Helper()
	if got := s.call(s.svc, "svc", append(args, "sv")...); got != "=> 0\n" {
		s.t.Errorf("svc %q: %q", args, got)
	}
}

// TestPeerControl leads a supervise through all that svc can tell it, by either
// svc, and looks at it with both svstat and both svok after every step.
func TestPeerControl(t *testing.T) {
	t.Parallel()
	theirs, ours := peer(t), ours(t)
	supervises := map[string]string{"0.76": theirs}
	if cli.Find(commands, "supervise") != nil {
		supervises["ours"] = ours
	}
	for name, supervise := range supervises {
		for tool, svc := range map[string]string{"their svc": theirs, "our svc": ours} {
			t.Run(name+", "+tool, func(t *testing.T) {
				t.Parallel()
				newStage(t, supervise, svc, theirs, ours).play()
			})
		}
	}
}

const (
	isUp   = "up (pid) seconds"
	isDown = "down seconds"
)

func (s *stage) play() {
	s.becomes(isUp)
	if got := s.agree("svok", "sv"); got != "=> 0\n" {
		s.t.Errorf("svok: %q", got)
	}
	for _, act := range []struct{ options, state string }{
		{"-p", isUp + ", paused"}, {"-c", isUp}, {"-pc", isUp}, {"-cp", isUp + ", paused"}, {"-d", isDown + ", normally up"},
		{"-o", isUp}, {"-p", isUp + ", paused"}, {"-k", isDown + ", normally up"},
		{"-u", isUp}, {"-x -zz", ""}, {"-du", isUp}, {"-od", isDown + ", normally up"}, {"-ot", isDown + ", normally up"},
	} {
		if act.state == "" {
			if got := s.call(s.svc, "svc", append(strings.Fields(act.options), "sv")...); !strings.HasSuffix(got, "=> 100\n") {
				s.t.Errorf("svc %s: %q", act.options, got)
			}
			continue // nothing has been told
		}
		s.tell(strings.Fields(act.options)...)
		s.becomes(act.state)
	}
	s.restarts("-u", "-t")
	s.must(os.WriteFile(filepath.Join(s.dir, "sv/down"), nil, 0o644))
	s.becomes(isUp + ", normally down")
	s.tell("-dx")
	s.must(s.job.wait())
	if got := s.agree("svstat", "sv"); got != "sv: supervise not running\n=> 0\n" {
		s.t.Errorf("svstat at the end: %q", got)
	}
	if got := s.agree("svok", "sv"); got != "=> 100\n" {
		s.t.Errorf("svok at the end: %q", got)
	}
	if got := s.agree("svc", "-u", "sv"); got != "svc: warning: unable to control sv: supervise not running\n=> 0\n" {
		s.t.Errorf("svc at the end: %q", got)
	}
}

// restarts tells the service to come up, and then something by which it is
// restarted at once.
func (s *stage) restarts(up, again string) {
	s.t.Helper()
	s.tell(up)
	s.becomes(isUp)
	first := s.pid()
	s.tell(again)
	if err := until("another process", s.job, func() bool { pid := s.pid(); return pid != 0 && pid != first }); err != nil {
		s.t.Fatal(err)
	}
	s.becomes(isUp)
}
