package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func init() {
	playedTable = append(playedTable,
		Command{"candidates", "where a program is looked for", func(e *Env) int {
			_, _ = fmt.Fprintln(e.Out, strings.Join(Candidates(e.Args[0]), " "))
			return OK
		}},
		Command{"environ", "the environment as it is", func(e *Env) int {
			_, _ = fmt.Fprintf(e.Out, "%q\n", Environ())
			return OK
		}})
}

func TestCandidatesAreInTheDirectoriesOfPATH(t *testing.T) {
	t.Parallel()
	const unset = "unset"
	for _, c := range []struct{ path, program, want string }{
		{"/a:/b", "x", "/a/x /b/x"},
		{"", "x", "./x"},
		{":/a", "x", "./x /a/x"},
		{"/a:", "x", "/a/x ./x"},
		{"/a::/b", "x", "/a/x ./x /b/x"},
		{":", "x", "./x ./x"},
		{"a/", "x", "a//x"},
		{unset, "x", "/bin/x /usr/bin/x"},
		{"/a", "", "/a/"},
		{"/a", "x/y", "x/y"},
		{"/a", "/x", "/x"},
		{"/a", "x/", "x/"},
	} {
		cmd := played(t, "candidates", "", c.program)
		cmd.Env = []string{"PLAYED_COMMAND=candidates"}
		if c.path != unset {
			cmd.Env = append(cmd.Env, "PATH="+c.path)
		}
		if c.path == "/a:/b" { // a name that only ends like it
			cmd.Env = append([]string{"MYPATH=/no", "PATHS=/no"}, cmd.Env...)
		}
		if out, said, code := outcome(t, cmd); out != c.want+"\n" || code != 0 {
			t.Errorf("%q in %q: %q, %q, code %d, want %q", c.program, c.path, out, said, code, c.want)
		}
	}
}

// The rules of section 1.5 of the specification.
func TestSearchGoesOnOrEndsByTheError(t *testing.T) {
	t.Parallel()
	const (
		none, acces, perm, isdir = syscall.ENOENT, syscall.EACCES, syscall.EPERM, syscall.EISDIR
		notdir, noexec, toobig   = syscall.ENOTDIR, syscall.ENOEXEC, syscall.E2BIG
	)
	for _, c := range []struct {
		errs  []syscall.Errno
		want  syscall.Errno
		tried int
	}{
		{nil, none, 0},
		{[]syscall.Errno{none, none}, none, 2},
		{[]syscall.Errno{none, 0, acces}, 0, 2},
		{[]syscall.Errno{acces, none, 0}, 0, 3},
		{[]syscall.Errno{acces, none}, acces, 2},
		{[]syscall.Errno{none, perm}, perm, 2},
		{[]syscall.Errno{acces, perm, none}, perm, 3},
		{[]syscall.Errno{perm, isdir}, isdir, 2},
		{[]syscall.Errno{acces, notdir, 0}, notdir, 2},
		{[]syscall.Errno{noexec, 0}, noexec, 1},
		{[]syscall.Errno{toobig, 0}, toobig, 1},
	} {
		tried := 0
		err := Search(c.errs, func(errno syscall.Errno) error {
			tried++
			if errno == 0 {
				return nil
			}
			return errno
		})
		got, _ := errors.AsType[syscall.Errno](err)
		if got != c.want || (err == nil) != (c.want == 0) || tried != c.tried {
			t.Errorf("%v: %v after %d, want %v after %d", c.errs, err, tried, c.want, c.tried)
		}
	}
}

func TestTheEnvironmentIsPassedOnAsItIs(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	must(t, err)
	r, w, err := os.Pipe()
	must(t, err)
	defer r.Close()
	given := []string{"A=1", "PLAYED_COMMAND=environ", "A=2", "", "no value", "B=", "A=1"}
	// os/exec would remove what is double.
	proc, err := os.StartProcess(self, []string{self}, &os.ProcAttr{Env: given, Files: []*os.File{nil, w, w}})
	must(t, err)
	must(t, w.Close())
	out := make([]byte, 4096)
	n, err := r.Read(out)
	must(t, err)
	state, err := proc.Wait()
	must(t, err)
	if want := fmt.Sprintf("%q\n", given); string(out[:n]) != want || !state.Success() {
		t.Errorf("%s, %v, want %s", out[:n], state, want)
	}
}

func TestSpawnReportsWhyAProgramCannotRun(t *testing.T) {
	t.Parallel()
	if pid, err := Spawn([]string{"/no/such/program"}, &syscall.ProcAttr{}); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("pid %d, %v, want ENOENT", pid, err)
	}
	pid, err := Spawn([]string{"sh", "-c", "exit 7"}, &syscall.ProcAttr{Env: slices.Concat(Environ(), []string{"X=1"})})
	must(t, err)
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || status.ExitStatus() != 7 {
		t.Errorf("%v, %v, want exit 7", status, err)
	}
}
