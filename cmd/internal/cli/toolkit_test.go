package cli

import (
	"os"
	"os/exec"
	"path/filepath"
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
		if code := toolkit(e.Env, playedTable); code != OK {
			t.Errorf("%q: code %d", args, code)
		}
		got := text(t, e.Out)
		if !strings.HasPrefix(got, "usage: tailight COMMAND [ARG ...]") {
			t.Errorf("%q: %q", args, got)
		}
		for _, c := range append(playedTable, Command{Name: "install"}) {
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
	if code := toolkit(e.Env, playedTable); code != Failed {
		t.Errorf("code %d, want %d", code, Failed)
	}
	if got, want := text(t, e.Err), "tailight: fatal: unable to write output: out of disk space\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAWrongCallOfInstallTouchesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "bin")
	for _, args := range [][]string{{}, {"-x", dir}, {dir, dir}, {"-f"}, {"--force=maybe", dir}, {"--help"}} {
		e := newEnv(t, "tailight", append([]string{"install"}, args...)...)
		if code := toolkit(e.Env, playedTable); code != Misuse {
			t.Errorf("%q: code %d, want %d", args, code, Misuse)
		}
		if got, want := text(t, e.Err), "tailight: usage: tailight install [-f] DIR\n"; got != want {
			t.Errorf("%q: %q, want %q", args, got, want)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the directory was made")
	}
}

// installed runs install and returns its code and diagnostics.
func installed(t testing.TB, args ...string) (code int, diagnostics string) {
	t.Helper()
	e := newEnv(t, "tailight", append([]string{"install"}, args...)...)
	code = toolkit(e.Env, playedTable)
	return code, text(t, e.Err)
}

// wantInstalled holds that a directory has the binary, the links, and these
// names besides.
func wantInstalled(t *testing.T, dir string, besides ...string) {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	mine, err := os.ReadFile(self)
	must(t, err)
	binary, err := os.ReadFile(filepath.Join(dir, "tailight"))
	must(t, err)
	if string(binary) != string(mine) {
		t.Error("the binary is not a copy of the running one")
	}
	fi, err := os.Lstat(filepath.Join(dir, "tailight"))
	must(t, err)
	if !fi.Mode().IsRegular() || fi.Mode()&0o555 != 0o555 {
		t.Errorf("the binary has mode %v", fi.Mode())
	}
	for _, c := range playedTable {
		to, err := os.Readlink(filepath.Join(dir, c.Name))
		if err != nil || to != "tailight" {
			t.Errorf("%s: link to %q, %v, want one to tailight", c.Name, to, err)
		}
	}
	names, err := os.ReadDir(dir)
	must(t, err)
	if want := 1 + len(playedTable) + len(besides); len(names) != want {
		t.Errorf("%d names in %s, want %d: %v", len(names), dir, want, names)
	}
}

func TestInstallMakesABinaryAndLinks(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "usr", "local", "bin")
	if code, said := installed(t, dir); code != OK || said != "" {
		t.Fatalf("code %d, %q", code, said)
	}
	wantInstalled(t, dir)

	cmd := exec.Command(filepath.Join(dir, "echo"), "a", "b")
	cmd.Env = append(os.Environ(), "PLAYED_COMMAND=multi")
	if out, err, code := outcome(t, cmd); out != "echo a b\n" || err != "" || code != 0 {
		t.Errorf("the installed echo: %q, %q, code %d", out, err, code)
	}
}

func TestInstallRefusesABinaryThatIsThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "tailight"), []byte("old"), 0o600))
	code, said := installed(t, dir)
	if want := "tailight: fatal: unable to create " + dir + "/tailight: file already exists\n"; code != Failed || said != want {
		t.Errorf("code %d, %q, want %d, %q", code, said, Failed, want)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
		t.Errorf("%v, %v, want the old binary alone", names, err)
	}
	for _, flag := range []string{"-f", "--force"} {
		if code, said := installed(t, flag, dir); code != OK || said != "" {
			t.Errorf("%s: code %d, %q", flag, code, said)
		}
		wantInstalled(t, dir)
	}
}

func TestInstallRefusesCommandsThatAreThereAndMakesTheOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "echo"), []byte("the user's own"), 0o700))
	must(t, os.Symlink("tailight", filepath.Join(dir, "wait"))) // right already
	code, said := installed(t, dir)
	if want := "tailight: fatal: unable to create " + dir + "/echo: file already exists\n"; code != Failed || said != want {
		t.Errorf("code %d, %q, want %d, %q", code, said, Failed, want)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "echo")); string(b) != "the user's own" {
		t.Errorf("echo is %q, %v", b, err)
	}
	if to, err := os.Readlink(filepath.Join(dir, "fail")); to != "tailight" {
		t.Errorf("fail: %q, %v", to, err)
	}
	if code, said := installed(t, "-f", dir); code != OK || said != "" {
		t.Errorf("-f: code %d, %q", code, said)
	}
	wantInstalled(t, dir)
}

func TestInstallReplacesForeignLinksOnlyWhenForced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "original"), []byte("original"), 0o600))
	must(t, os.Symlink("original", filepath.Join(dir, "echo")))
	if code, _ := installed(t, dir); code != Failed {
		t.Errorf("code %d, want %d", code, Failed)
	}
	if to, _ := os.Readlink(filepath.Join(dir, "echo")); to != "original" {
		t.Errorf("echo links to %q", to)
	}
	if code, said := installed(t, "-f", dir); code != OK {
		t.Errorf("-f: code %d, %q", code, said)
	}
	wantInstalled(t, dir, "original")
	if b, err := os.ReadFile(filepath.Join(dir, "original")); string(b) != "original" {
		t.Errorf("what the link led to is %q, %v", b, err)
	}
}

func TestInstallReportsADirectoryItCannotMake(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	code, said := installed(t, file+"/bin")
	if want := "tailight: fatal: unable to create " + file + "/bin: not a directory\n"; code != Failed || said != want {
		t.Errorf("code %d, %q, want %d, %q", code, said, Failed, want)
	}
}

// A full directory of that name is in the way even when forced.
func TestInstallDoesNotRemoveDirectories(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "echo", "important"), 0o700))
	code, said := installed(t, "-f", dir)
	if want := "tailight: fatal: unable to remove " + dir + "/echo: directory not empty\n"; code != Failed || said != want {
		t.Errorf("code %d, %q, want %d, %q", code, said, Failed, want)
	}
	if _, err := os.Stat(filepath.Join(dir, "echo", "important")); err != nil {
		t.Error(err)
	}
}
