// What a FIFO that is full, has lost its reader or is of another kind does to
// a whole command is compared with 0.76 in cmd/tailight; here is what package
// supervise itself says. Untested: a system call that is interrupted.

package supervise

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestControlPathFollowsSupervisedir(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ setting, service, want string }{
		{"", "/service/foo", "/service/foo/supervise"},
		{"", "foo", "foo/supervise"},
		{"", ".", "supervise"},
		{"", "a/../b", "a/../b/supervise"},
		{"ctl", "/service/foo", "/service/foo/ctl"},
		{"ctl", ".", "ctl"},
		{"../ctl", "/service/foo", "/service/foo/../ctl"},
		{"/run/sv", "/service/foo", "/run/sv/service:foo"},
		{"/run/sv", "/service/foo/log", "/run/sv/service:foo:log"},
		{"/run/sv/", "/service/foo", "/run/sv//service:foo"},
		{"/run/sv", "/", "/run/sv/"},
		{"/", "/service/foo", "//service:foo"},
	} {
		if got := ControlPath(c.setting, c.service); got != c.want {
			t.Errorf("%q, %q: %q, want %q", c.setting, c.service, got, c.want)
		}
	}
}

// It changes the working directory and the environment, so it runs alone.
func TestControlDirKnowsAServiceByAnyName(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	service := filepath.Join(base, "real")
	must(t, os.Mkdir(service, 0o755))
	link := filepath.Join(base, "link")
	must(t, os.Symlink("real", link))
	t.Chdir(link) // and PWD says so
	want := ControlPath("/run/sv", service)
	for _, c := range []struct{ setting, name, want string }{
		{"/run/sv", ".", want},
		{"/run/sv", link, want},
		{"/run/sv", service, want},
		{"/run/sv", "../link", want},
		{"", ".", "supervise"},
		{"ctl", link, link + "/ctl"},
	} {
		t.Setenv("SUPERVISEDIR", c.setting)
		if got, err := ControlDir(c.name); err != nil || got != c.want {
			t.Errorf("%q, %q: %q, %v; want %q", c.setting, c.name, got, err, c.want)
		}
	}
	t.Setenv("SUPERVISEDIR", "/run/sv")
	must(t, os.Chmod(base, 0)) // keeps everybody out but root, who sees no difference
	if got, err := ControlDir("."); err != nil || got != want {
		t.Errorf("below a closed directory: %q, %v; want %q", got, err, want)
	}
	must(t, os.Chmod(base, 0o755))
	if got, err := ControlDir("nosuch"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nosuch: %q, %v", got, err)
	}
	must(t, os.RemoveAll(service))
	if got, err := ControlDir("."); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a removed directory: %q, %v", got, err)
	}
}

// read opens a FIFO for reading until the end of the test.
func read(t *testing.T, path string) *os.File {
	t.Helper()
	must(t, syscall.Mkfifo(path, 0o600))
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestRunningIsAReaderOfOk(t *testing.T) {
	t.Parallel()
	control := t.TempDir()
	asked := func(want bool, cause error) {
		t.Helper()
		if got, err := Running(control); got != want || err != nil {
			t.Errorf("Running: %v, %v; want %v", got, err, want)
		}
		if err := Probe(control); !errors.Is(err, cause) {
			t.Errorf("Probe: %v, want %v", err, cause)
		}
	}
	asked(false, fs.ErrNotExist)
	reader := read(t, filepath.Join(control, "ok"))
	asked(true, nil)
	must(t, reader.Close())
	asked(false, ErrNotRunning)
	must(t, os.Remove(filepath.Join(control, "ok")))
	must(t, os.Mkdir(filepath.Join(control, "ok"), 0o755))
	if got, err := Running(control); got || !errors.Is(err, syscall.EISDIR) {
		t.Errorf("Running: %v, %v; want %v", got, err, syscall.EISDIR)
	}
}

func TestSendWritesTheLetters(t *testing.T) {
	t.Parallel()
	control := t.TempDir()
	fifo := filepath.Join(control, "control")
	if err := Send(control, []byte("u")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without FIFO: %v", err)
	}
	reader := read(t, fifo)
	must(t, Send(control, []byte("ud")))
	must(t, Send(control, nil))
	must(t, Send(control, []byte("x")))
	b := make([]byte, 10)
	n, err := reader.Read(b)
	if err != nil || string(b[:n]) != "udx" {
		t.Errorf("%q, %v arrived, want udx", b[:n], err)
	}
	must(t, reader.Close())
	if err := Send(control, []byte("u")); !errors.Is(err, ErrNotRunning) {
		t.Errorf("without reader: %v", err)
	}
}

func TestReadStatusSaysWhatFailed(t *testing.T) {
	t.Parallel()
	control := t.TempDir()
	path := filepath.Join(control, "status")
	failed := func(op string, cause error) {
		t.Helper()
		s, err := ReadStatus(control)
		p, ok := errors.AsType[*fs.PathError](err)
		if !ok || p.Op != op || p.Path != path || !errors.Is(err, cause) || s != (Status{}) {
			t.Errorf("%+v, %v; want %s %s: %v", s, err, op, path, cause)
		}
	}
	failed("open", fs.ErrNotExist)
	must(t, os.Mkdir(path, 0o755))
	failed("read", syscall.EISDIR)
	must(t, os.Remove(path))
	must(t, os.WriteFile(path, make([]byte, 17), 0o600))
	failed("read", ErrFormat)
	must(t, os.Remove(path))
	must(t, syscall.Mkfifo(path, 0o600))
	failed("read", ErrFormat) // it does not wait for a writer
	must(t, os.Remove(path))
	for _, r := range records {
		must(t, os.WriteFile(path, unhex(t, r.hex), 0o600))
		if s, err := ReadStatus(control); err != nil || !reflect.DeepEqual(s, r.status) {
			t.Errorf("%s: %+v, %v", r.name, s, err)
		}
	}
}
