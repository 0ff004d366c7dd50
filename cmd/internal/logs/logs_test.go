// The commands as processes are tested with the scripts and the golden tests
// of cmd/tailight; here is what can be seen from inside. Untested: a TERM
// that comes before the pipe exists.

package logs

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tailight/tailight/cmd/internal/cli"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ran runs a command with an input and returns its outputs and code.
func ran(t *testing.T, run func(*cli.Env) int, input string, args ...string) (out, diagnostics string, code int) {
	t.Helper()
	files := map[string]*os.File{}
	dir := t.TempDir()
	for _, name := range []string{"in", "out", "err"} {
		f, err := os.Create(filepath.Join(dir, name))
		must(t, err)
		defer f.Close()
		files[name] = f
	}
	_, err := files["in"].WriteString(input)
	must(t, err)
	_, err = files["in"].Seek(0, io.SeekStart)
	must(t, err)
	code = run(&cli.Env{Name: "x", Args: args, In: files["in"], Out: files["out"], Err: files["err"]})
	text := func(name string) string {
		b, err := os.ReadFile(files[name].Name())
		must(t, err)
		return string(b)
	}
	return text("out"), text("err"), code
}

func TestMultilogWritesWhatItsScriptSays(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "log")
	out, said, code := ran(t, Multilog, "one\ntwo", dir, "-*", "+t*", "e")
	if out != "" || said != "two\n" || code != cli.OK {
		t.Errorf("%q, %q, code %d", out, said, code)
	}
	b, err := os.ReadFile(filepath.Join(dir, "current"))
	if string(b) != "one\ntwo\n" {
		t.Errorf("current is %q, %v", b, err)
	}
	fi, err := os.Stat(filepath.Join(dir, "current"))
	must(t, err)
	if fi.Mode() != 0o744 {
		t.Errorf("current has mode %v, want 0744", fi.Mode())
	}
}

// TestAFullNonBlockingStderrDoesNotStopTheLog has nobody read what multilog
// says: alerts and warnings are lost, lines are not.
func TestAFullNonBlockingStderrDoesNotStopTheLog(t *testing.T) {
	t.Parallel()
	var fds [2]int
	must(t, syscall.Pipe(fds[:]))
	must(t, syscall.SetNonblock(fds[1], true))
	r, w := os.NewFile(uintptr(fds[0]), "r"), os.NewFile(uintptr(fds[1]), "w")
	defer r.Close()
	defer w.Close()
	var err error
	for err == nil {
		_, err = syscall.Write(fds[1], make([]byte, 4096))
	}
	dir := filepath.Join(t.TempDir(), "log")
	done := make(chan int, 1)
	go func() {
		_, _, code := ran(t, func(e *cli.Env) int {
			e.Err = w
			e.Warn(io.ErrUnexpectedEOF)
			return Multilog(e)
		}, "one\ntwo\n", "e", dir)
		done <- code
	}()
	select {
	case code := <-done:
		if b, err := os.ReadFile(filepath.Join(dir, "current")); code != cli.OK || string(b) != "one\ntwo\n" {
			t.Errorf("current is %q, %v, code %d", b, err, code)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("multilog waits for the reader of its diagnostics")
	}
}

func TestMultilogTellsAWrongCallFromAFailure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		word, said string
		code       int
	}{
		{"keep=1", "x: usage: keep=1: not a duration such as 12h or 30d\n", cli.Misuse},
		{"/dev/null/d", "x: fatal: unable to open directory /dev/null/d: not a directory\n", cli.Failed},
		{"=/dev/null/f", "x: fatal: unable to create /dev/null/f: not a directory\n", cli.Failed},
		{"file=/dev/null/f", "x: fatal: unable to open /dev/null/f: not a directory\n", cli.Failed},
	} {
		_, said, code := ran(t, Multilog, "one\n", c.word)
		if said != c.said || code != c.code {
			t.Errorf("%s: %q, code %d, want %q, %d", c.word, said, code, c.said, c.code)
		}
	}
}

func TestFiltersPassOnWholeInputs(t *testing.T) {
	t.Parallel()
	stamped, said, code := ran(t, Tai64n, "one\n\ntwo")
	lines := strings.SplitAfter(stamped, "\n")
	if said != "" || code != cli.OK || len(lines) < 3 || !strings.HasSuffix(lines[0], " one\n") || !strings.HasPrefix(lines[1], "@4") {
		t.Errorf("tai64n: %q, %q, code %d", stamped, said, code)
	}
	local, said, code := ran(t, Tai64nlocal, stamped+"no label\n")
	if said != "" || code != cli.OK || !strings.Contains(local, " one\n") || strings.Contains(local, "@") || !strings.HasSuffix(local, "no label\n") {
		t.Errorf("tai64nlocal: %q, %q, code %d", local, said, code)
	}
}

func TestFiltersFailInSilence(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(*cli.Env) int{"tai64n": Tai64n, "tai64nlocal": Tai64nlocal} {
		_, said, code := ran(t, func(e *cli.Env) int {
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			must(t, err)
			defer full.Close()
			e.Out = full
			return run(e)
		}, "one\n")
		if said != "" || code != cli.Failed {
			t.Errorf("%s with a full output: %q, code %d, want silence and %d", name, said, code, cli.Failed)
		}
		_, said, code = ran(t, func(e *cli.Env) int {
			dir, err := os.Open(".")
			must(t, err)
			defer dir.Close()
			e.In = dir
			return run(e)
		}, "")
		if said != "" || code != cli.Failed {
			t.Errorf("%s of a directory: %q, code %d, want silence and %d", name, said, code, cli.Failed)
		}
	}
}
