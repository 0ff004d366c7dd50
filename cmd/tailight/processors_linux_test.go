//go:build amd64 || arm64

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The entry appends to the environment that the runtime sees. Nobody else does.
func TestTheEnvironmentIsPassedOnAsItWasGiven(t *testing.T) {
	t.Parallel()
	bin := built(t)
	for _, env := range [][]string{
		nil,
		{"A=1"},
		{"A=1", "B=2"},
		{"GOMAXPROCS=3"},
		{"A=1", "GOMAXPROCS=3", "B=2"},
		{"GOMAXPROCS="},
		{"GOMAXPRO=7"},
		{"GOMAXPROCSES=7", "A"},
		{"NOGOMAXPROCS=7"},
	} {
		for _, command := range [][]string{{"pgrphack"}, {"fghack"}, {"setlock", "lock"}} {
			cmd := exec.Command(filepath.Join(bin, command[0]), append(command[1:], "/bin/cat", "/proc/self/environ")...)
			cmd.Dir, cmd.Env = t.TempDir(), append([]string{}, env...)
			out, err := cmd.CombinedOutput()
			if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); err != nil || strings.Join(got, " ") != strings.Join(env, " ") {
				t.Errorf("%s with %q passes on %q (%v)", command, env, got, err)
			}
		}
	}
}

// Arguments are found behind the same number.
func TestTheEntryMovesAllArguments(t *testing.T) {
	t.Parallel()
	bin := built(t)
	for n := range 9 {
		args := []string{"/bin/echo"}
		for i := range n {
			args = append(args, strings.Repeat("x", i))
		}
		out, err := exec.Command(filepath.Join(bin, "pgrphack"), args...).CombinedOutput()
		if want := strings.Join(args[1:], " ") + "\n"; err != nil || string(out) != want {
			t.Errorf("%q: %q (%v), want %q", args, out, err, want)
		}
	}
}

func TestAProcessorHasTheEnvironmentOfItsMultilog(t *testing.T) {
	t.Parallel()
	for _, given := range []string{"KEPT=1", "GOMAXPROCS=3"} {
		cmd := exec.Command(filepath.Join(built(t), "multilog"), "s4096", "!env >../env; cat", "./d")
		cmd.Dir, cmd.Env = t.TempDir(), append(testEnv(""), given)
		cmd.Stdin = bytes.NewReader(bytes.Repeat([]byte("a line\n"), 1000))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v, said %s", err, out)
		}
		env, err := os.ReadFile(filepath.Join(cmd.Dir, "env"))
		if err != nil || !bytes.Contains(env, []byte(given+"\n")) || bytes.Contains(env, []byte("GOMAXPROCS=1")) {
			t.Errorf("with %s it has %q (%v)", given, env, err)
		}
	}
}

// The system tells a process of its own timers alone, but a child has those of its parent.
func TestOnlyTheTimersOfMultilogMayWait(t *testing.T) {
	t.Parallel()
	const own = "/proc/self/timerslack_ns"
	usual, err := exec.Command("cat", own).Output() // we have several threads, and may only look at ours
	if err != nil {
		t.Fatal(err)
	}
	if n, err := strconv.Atoi(strings.TrimSpace(string(usual))); err != nil || n < 1 || n >= 500_000 {
		t.Fatalf("this test has a timer slack of %q", usual)
	}
	bin := built(t)
	for _, c := range []struct{ name, command, want string }{
		{"multilog", filepath.Join(bin, "multilog"), "500000\n"},
		{"multilog without a path", "multilog", "500000\n"},
		{"the last letters of it", "ultilog", string(usual)},
		{"no name", "", string(usual)},
		{"a long one", strings.Repeat("multilog/", 100) + "tailight", string(usual)},
	} {
		cmd := exec.Command(filepath.Join(bin, "tailight"), "multilog", "s4096", "!cat "+own+" >../slack; cat", "./d")
		cmd.Args[0] = c.command
		if strings.HasSuffix(c.command, "multilog") {
			cmd.Args = append(cmd.Args[:1], cmd.Args[2:]...)
		}
		cmd.Dir, cmd.Env = t.TempDir(), testEnv("")
		cmd.Stdin = bytes.NewReader(bytes.Repeat([]byte("a line\n"), 1000))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v, said %s", c.name, err, out)
		}
		if got := readAll(filepath.Join(cmd.Dir, "slack")); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

var gomaxprocs = regexp.MustCompile(`gomaxprocs=(\d+) `)

// A multilog begins with one processor, and takes all when it has to. The
// runtime says how many there are, as it was asked to.
func TestMultilogTakesAllProcessorsWhenItIsBusy(t *testing.T) {
	t.Parallel()
	if runtime.NumCPU() == 1 {
		t.Skip("this system has one processor")
	}
	cmd := exec.Command(filepath.Join(built(t), "multilog"), "t", "./d")
	cmd.Dir, cmd.Env = t.TempDir(), append(testEnv(""), "GODEBUG=schedtrace=1")
	said, err := os.Create(filepath.Join(cmd.Dir, "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	cmd.Stderr = said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	j, err := startJob(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = j.wait()
	}()
	procs := func() (one, more bool) {
		for _, m := range gomaxprocs.FindAllStringSubmatch(readAll(said.Name()), -1) {
			one, more = one || m[1] == "1", more || m[1] != "1"
		}
		return one, more
	}
	if _, err := in.Write([]byte("a line\n")); err != nil {
		t.Fatal(err)
	}
	if err := until("a line with one processor", j, func() bool {
		one, _ := procs()
		return one && strings.HasSuffix(readAll(cmd.Dir+"/d/current"), "a line\n")
	}); err != nil {
		t.Fatal(err)
	}
	if _, more := procs(); more {
		t.Error("it has several processors for a line")
	}
	var pouring sync.WaitGroup
	defer pouring.Wait()
	pouring.Go(func() {
		lines := bytes.Repeat([]byte("many lines\n"), 100_000)
		for err := error(nil); err == nil; {
			_, err = in.Write(lines) // until it is killed
		}
	})
	err = until("several processors", j, func() bool { _, more := procs(); return more })
	if _ = cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
}
