// What is known to be untested here: signals and exec on systems other than
// Linux, the entry on arm64, and the reasons that only other systems have. Exec,
// and the entry, are tested on a built binary in cmd/tailight.

package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// limit is how long a test waits for an event before it gives up.
const limit = 30 * time.Second

// TestMain lets the test binary play commands: called with a name in the
// environment it is that command, and not a test.
func TestMain(m *testing.M) {
	if name := os.Getenv("PLAYED_COMMAND"); name != "" {
		_ = os.Unsetenv("PLAYED_COMMAND")
		if name == "multi" {
			Multi("tailight", playedTable, playedOwn)
		}
		Main(name, Find(playedTable, name).Run)
	}
	syscall.Umask(0o022)
	defaultActions()
	os.Exit(m.Run())
}

// defaultActions makes the signals that whoever started the test ignores
// default in its children: a signal with a handler is that after exec, and an
// ignored one stays so.
func defaultActions() {
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
}

// playedTable are the commands that the test binary can play.
var playedTable = []Command{
	{"echo", "write the arguments", func(e *Env) int {
		_, err := fmt.Fprintln(e.Out, e.Name, strings.Join(e.Args, " "))
		if err != nil {
			return e.Fatal(err)
		}
		return OK
	}},
	{"fail", "fail", func(e *Env) int { return e.Fatal(fmt.Errorf("unable to open x: %w", syscall.ENOENT)) }},
	{"wait", "say that it is there and wait for a signal", wait},
}

// playedOwn are those of the toolkit itself.
var playedOwn = []Command{
	{"own", "say the name and the arguments", func(e *Env) int {
		_, _ = fmt.Fprintln(e.Out, e.Name, e.Args)
		return OK
	}},
}

// wait tells that it is ready and waits until its input ends.
func wait(e *Env) int {
	_, _ = fmt.Fprintln(e.Out, "ready")
	_, _ = io.Copy(io.Discard, e.In)
	return OK
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// environment is an Env whose outputs are files that said and shown read.
type environment struct{ *Env }

func newEnv(t testing.TB, name string, args ...string) environment {
	t.Helper()
	dir := t.TempDir()
	e := &Env{Name: name, Args: args}
	for name, f := range map[string]**os.File{"in": &e.In, "out": &e.Out, "err": &e.Err} {
		file, err := os.Create(filepath.Join(dir, name))
		must(t, err)
		t.Cleanup(func() { _ = file.Close() })
		*f = file
	}
	return environment{e}
}

func text(t testing.TB, f *os.File) string {
	t.Helper()
	b, err := os.ReadFile(f.Name())
	must(t, err)
	return string(b)
}

func TestDiagnosticsHaveOneGrammar(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		say  func(e *Env) int
		want string
		code int
	}{
		{"fatal", func(e *Env) int { return e.Fatal(fmt.Errorf("unable to lock directory ./d: %w", syscall.EAGAIN)) },
			"multilog: fatal: unable to lock directory ./d: temporary failure\n", 111},
		{"fatal without a reason", func(e *Env) int { return e.Fatal(errors.New("out of cheese")) },
			"multilog: fatal: out of cheese\n", 111},
		{"usage", func(e *Env) int { return e.Usage("multilog action ...") },
			"multilog: usage: multilog action ...\n", 100},
		{"warning", func(e *Env) int { e.Warn(fmt.Errorf("unable to remove x: %w", syscall.EPERM)); return OK },
			"multilog: warning: unable to remove x: permission denied\n", 0},
		{"warning that pauses", func(e *Env) int {
			e.WarnPausing(fmt.Errorf("unable to write to ./d/current: %w", syscall.ENOSPC))
			return OK
		}, "multilog: warning: unable to write to ./d/current, pausing: out of disk space\n", 0},
		{"warning that pauses without a reason", func(e *Env) int {
			e.WarnPausing(errors.New("processor failed in ./d"))
			return OK
		}, "multilog: warning: processor failed in ./d, pausing\n", 0},
	} {
		e := newEnv(t, "multilog")
		if code := c.say(e.Env); code != c.code {
			t.Errorf("%s: code %d, want %d", c.name, code, c.code)
		}
		if got := text(t, e.Err); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A diagnostic is one write, so that those of several processes do not mix.
func TestADiagnosticIsOneWrite(t *testing.T) {
	t.Parallel()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_DGRAM, 0)
	must(t, err)
	r, w := os.NewFile(uintptr(fds[0]), "r"), os.NewFile(uintptr(fds[1]), "w")
	defer r.Close()
	defer w.Close()
	e := &Env{Name: "multilog", Err: w}
	e.Warn(fmt.Errorf("unable to open %s: %w", strings.Repeat("x", 2000), syscall.EIO))
	b := make([]byte, 10000)
	n, err := r.Read(b)
	must(t, err)
	if b[n-1] != '\n' || n < 2000 {
		t.Errorf("the first packet has %d bytes, want the whole line", n)
	}
}

func TestADiagnosticThatCannotBeWrittenIsDropped(t *testing.T) {
	t.Parallel()
	e := newEnv(t, "multilog")
	must(t, e.Err.Close())
	if code := e.Fatal(errors.New("x")); code != Failed {
		t.Errorf("code %d, want %d", code, Failed)
	}
}

func TestTextReplacesTheErrnoAtTheEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{syscall.ENOENT, "file does not exist"},
		{fmt.Errorf("unable to open x: %w", syscall.ENOENT), "unable to open x: file does not exist"},
		{fmt.Errorf("a: %w", fmt.Errorf("b: %w", syscall.EACCES)), "a: b: access denied"},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EISDIR}, "open x: is a directory"},
		{errors.New("no errno behind it"), "no errno behind it"},
		{fmt.Errorf("%w, in front", syscall.ENOENT), syscall.ENOENT.Error() + ", in front"},
		{fmt.Errorf("unable to create x: %w", fs.ErrExist), "unable to create x: file already exists"},
		{fmt.Errorf("unable to x: %w", syscall.Errno(4711)), "unable to x: unknown error"},
		{fmt.Errorf("unable to open no such file or directory: %w", syscall.ENOENT),
			"unable to open no such file or directory: file does not exist"},
	} {
		if got := Text(c.err); got != c.want {
			t.Errorf("Text(%v) = %q, want %q", c.err, got, c.want)
		}
	}
}

// Rows of section 1.3 of the specification.
func TestReasonsAreThoseOfDaemontools(t *testing.T) {
	t.Parallel()
	for errno, want := range map[syscall.Errno]string{
		0: "no error", syscall.EINTR: "interrupted system call",
		syscall.ENOMEM: "out of memory", syscall.ENOENT: "file does not exist",
		syscall.ETXTBSY: "text busy", syscall.EIO: "input/output error",
		syscall.EEXIST: "file already exists", syscall.ETIMEDOUT: "timed out",
		syscall.EINPROGRESS: "operation in progress", syscall.EAGAIN: "temporary failure",
		syscall.EPIPE: "broken pipe",
		syscall.EPERM: "permission denied", syscall.EACCES: "access denied",
		syscall.ENXIO: "device not configured", syscall.EPROTO: "protocol error",
		syscall.EISDIR: "is a directory", syscall.ECONNREFUSED: "connection refused",
		syscall.ENOTDIR: "not a directory", syscall.ESRCH: "no such process",
		syscall.E2BIG: "argument list too long", syscall.ENOEXEC: "exec format error",
		syscall.EBADF: "file descriptor not open", syscall.ECHILD: "no child processes",
		syscall.EDEADLK: "operation would cause deadlock", syscall.EFAULT: "bad address",
		syscall.EBUSY: "device busy", syscall.EXDEV: "cross-device link",
		syscall.ENODEV: "device does not support operation", syscall.EINVAL: "invalid argument",
		syscall.ENFILE: "system cannot open more files", syscall.EMFILE: "process cannot open more files",
		syscall.ENOTTY: "not a tty", syscall.EFBIG: "file too big",
		syscall.ENOSPC: "out of disk space", syscall.ESPIPE: "unseekable descriptor",
		syscall.EROFS: "read-only file system", syscall.EMLINK: "too many links",
		syscall.EDOM: "input out of range", syscall.ERANGE: "output out of range",
		syscall.ENOTSOCK: "not a socket", syscall.EADDRINUSE: "address already used",
		syscall.ECONNRESET: "connection reset", syscall.ENOTCONN: "not connected",
		syscall.ELOOP: "symbolic link loop", syscall.ENAMETOOLONG: "file name too long",
		syscall.ENOTEMPTY: "directory not empty", syscall.EDQUOT: "disk quota exceeded",
		syscall.ESTALE: "stale NFS file handle", syscall.ENOLCK: "no locks available",
		syscall.ENOSYS: "system call not available", syscall.EHOSTUNREACH: "host unreachable",
		syscall.EOVERFLOW: "unknown error", 4711: "unknown error",
	} {
		if got := reason(errno); got != want {
			t.Errorf("%d, %v: %q, want %q", int(errno), errno, got, want)
		}
	}
}

func TestExitCodesAreThoseOfDaemontools(t *testing.T) {
	t.Parallel()
	if OK != 0 || Misuse != 100 || Failed != 111 {
		t.Errorf("codes %d, %d, %d, want 0, 100, 111", OK, Misuse, Failed)
	}
}

func TestFindKnowsWholeNamesOnly(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"echo", "wait"} {
		if c := Find(playedTable, name); c == nil || c.Name != name {
			t.Errorf("%s: found %v", name, c)
		}
	}
	for _, name := range []string{"", "ech", "echoo", "Echo", "/bin/echo"} {
		if c := Find(playedTable, name); c != nil {
			t.Errorf("%q: found %s", name, c.Name)
		}
	}
}
