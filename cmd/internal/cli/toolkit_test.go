package cli

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// played runs the test binary as a command, or as the whole toolkit.
func played(t testing.TB, as string, argv0 string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self, args...)
	if argv0 != "" {
		cmd.Args[0] = argv0
	}
	cmd.Env = append(os.Environ(), "PLAYED_COMMAND="+as)
	return cmd
}

// outcome is what a command that ends by itself has written, and its code.
func outcome(t testing.TB, cmd *exec.Cmd) (out, err string, code int) {
	t.Helper()
	var o, e strings.Builder
	cmd.Stdout, cmd.Stderr = &o, &e
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

func TestTheCommandIsTheNameTheBinaryIsCalledBy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		argv0    string
		args     []string
		out, err string
		code     int
	}{
		{"echo", []string{"a", "b"}, "echo a b\n", "", 0},
		{"/some/where/echo", []string{"fail"}, "echo fail\n", "", 0},
		{"tailight", []string{"echo", "a"}, "echo a\n", "", 0},
		{"renamed", []string{"echo", "a"}, "echo a\n", "", 0},
		{"tailight", []string{"own", "a", "b"}, "tailight [a b]\n", "", 0},
		{"own", []string{"own"}, "tailight []\n", "", 0}, // it has no name of its own
		{"fail", nil, "", "fail: fatal: unable to open x: file does not exist\n", 111},
		{"tailight", []string{"fail"}, "", "fail: fatal: unable to open x: file does not exist\n", 111},
		{"tailight", []string{"nonsense"}, "", "tailight: usage: unknown command nonsense; tailight alone lists the commands\n", 100},
		{"tailight", []string{"-x"}, "", "tailight: usage: unknown command -x; tailight alone lists the commands\n", 100},
		{"tailight", []string{""}, "", "tailight: usage: unknown command ; tailight alone lists the commands\n", 100},
	} {
		out, err, code := outcome(t, played(t, "multi", c.argv0, c.args...))
		if out != c.out || err != c.err || code != c.code {
			t.Errorf("%s %q: %q, %q, code %d, want %q, %q, %d", c.argv0, c.args, out, err, code, c.out, c.err, c.code)
		}
	}
}

func TestTheToolkitListsItsCommands(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"-h"}, {"--help"}, {"help"}} {
		e := newEnv(t, "tailight", args...)
		if code := toolkit(e.Env, playedTable, playedOwn); code != OK {
			t.Errorf("%q: code %d", args, code)
		}
		got := text(t, e.Out)
		if !strings.HasPrefix(got, "usage: tailight COMMAND [ARG ...]") {
			t.Errorf("%q: %q", args, got)
		}
		for _, c := range slices.Concat(playedTable, playedOwn) {
			if n := strings.Count(got, "\n  "+c.Name+" "); n != 1 || !strings.Contains(got, c.Summary) {
				t.Errorf("%q: %s is listed %d times in %q", args, c.Name, n, got)
			}
		}
	}
}

func TestAListThatCannotBeWrittenFails(t *testing.T) {
	t.Parallel()
	e := newEnv(t, "tailight")
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	must(t, err)
	defer full.Close()
	e.Out = full
	if code := toolkit(e.Env, playedTable, playedOwn); code != Failed {
		t.Errorf("code %d, want %d", code, Failed)
	}
	if got, want := text(t, e.Err), "tailight: fatal: unable to write output: out of disk space\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
