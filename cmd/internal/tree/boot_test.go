//go:build linux

package tree

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// machine is a directory with service and command, and svscanboot running.
type machine struct {
	t      *testing.T
	dir    string
	shell  string // what a shell does before it starts svscanboot
	cmd    *exec.Cmd
	said   *os.File
	exited chan struct{} // closed when svscanboot has ended
}

// newMachine has these commands.
func newMachine(t *testing.T, commands ...string) *machine {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	m := &machine{t: t, dir: t.TempDir(), shell: ":"}
	must(t, os.Mkdir(filepath.Join(m.dir, "service"), 0o755))
	must(t, os.Mkdir(filepath.Join(m.dir, "command"), 0o755))
	for _, c := range append(commands, "svscanboot", "holder") {
		must(t, os.Symlink(self, filepath.Join(m.dir, "command", c)))
	}
	return m
}

func (m *machine) boot(args ...string) {
	m.t.Helper()
	var err error
	m.said, err = os.Create(filepath.Join(m.dir, "said"))
	must(m.t, err)
	m.t.Cleanup(func() { _ = m.said.Close() })
	m.cmd = exec.Command("/bin/sh", append([]string{"-c", m.shell + `; exec "$0" "$@"`,
		filepath.Join(m.dir, "command", "svscanboot"),
		"--service=" + filepath.Join(m.dir, "service"), "--command=" + filepath.Join(m.dir, "command"),
	}, args...)...)
	m.cmd.Stdin, m.cmd.Stdout, m.cmd.Stderr = m.said, m.said, m.said
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(m.t, m.cmd.Start())
	m.exited = make(chan struct{})
	go func() {
		_ = m.cmd.Wait()
		close(m.exited)
	}()
	m.t.Cleanup(func() {
		_ = syscall.Kill(-m.cmd.Process.Pid, syscall.SIGKILL) // whatever a failed test has left
		<-m.exited
	})
}

// over waits for the end of svscanboot and returns its code and diagnostics.
func (m *machine) over() (code int, said string) {
	m.t.Helper()
	select {
	case <-m.exited:
	case <-time.After(limit):
		m.t.Fatal("svscanboot has not ended")
	}
	return m.cmd.ProcessState.ExitCode(), m.file("said")
}

// file is the content of a file of the machine, empty if it does not exist.
func (m *machine) file(name string) string {
	b, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil && !os.IsNotExist(err) {
		m.t.Fatal(err)
	}
	return string(b)
}

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v for %s", limit, what)
		}
	}
}

// child is the child of svscanboot of that name: its pid and command line.
func (m *machine) child(name string) (pid int, cmdline string) {
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	must(m.t, err)
	for _, stat := range all {
		b, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended meanwhile
		}
		_, rest, _ := strings.Cut(string(b), ") ")
		if f := strings.Fields(rest); len(f) < 2 || f[1] != strconv.Itoa(m.cmd.Process.Pid) {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(stat), "cmdline"))
		if words := strings.ReplaceAll(string(line), "\x00", " "); strings.HasPrefix(words, name+" ") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
			return pid, words
		}
	}
	return 0, ""
}

// shows waits until ps shows that text as the services' errors.
func (m *machine) shows(text string) {
	m.t.Helper()
	line := ""
	until(m.t, text+" in ps", func() bool {
		_, line = m.child("readproctitle")
		return strings.HasSuffix(line, text+" ")
	})
	if want := "readproctitle service errors: " + strings.Repeat(".", 400-len(text)) + text + " "; line != want {
		m.t.Errorf("ps shows %q, want %q", line, want)
	}
}

func (m *machine) serve(names ...string) {
	m.t.Helper()
	for _, name := range names {
		must(m.t, os.MkdirAll(filepath.Join(m.dir, "service", name), 0o755))
	}
}

func TestSvscanbootStartsSvscanIntoReadproctitle(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "svc", "svscan", "readproctitle")
	m.serve("b/log", "a", ".hidden/log")
	must(t, os.WriteFile(filepath.Join(m.dir, "service", "file"), nil, 0o600))
	m.boot("/etc/service", "-x", "ignored") // as some units pass
	m.shows("stdout stderr ")

	if pid, line := m.child("svscan"); line != "svscan "+m.dir+"/service " {
		t.Errorf("ps shows %q, pid %d", line, pid)
	}
	umask := syscall.Umask(0)
	syscall.Umask(umask)
	started := func(outputs string) string {
		return fmt.Sprintf("0 /dev/null\n1 %s\n2 %s\numask %04o\nenvironment [\"PATH=%s/command:/nowhere\"]\n", outputs, outputs, umask, m.dir)
	}
	want := strings.ReplaceAll("svc -dx S/a S/b S/file S/b/log\n", "S/", m.dir+"/service/") + started("/dev/null") +
		"svscan " + m.dir + "/service\n" + started("pipe")
	if got := m.file("record"); got != want {
		t.Errorf("started with\n%s, want\n%s", got, want)
	}

	for fd := range 3 {
		link := fmt.Sprintf("/proc/%d/fd/%d", m.cmd.Process.Pid, fd)
		until(t, link+" on /dev/null", func() bool { to, _ := os.Readlink(link); return to == "/dev/null" })
	}
	must(t, m.cmd.Process.Signal(syscall.SIGTERM))
	if code, said := m.over(); code != 0 || said != "" {
		t.Errorf("code %d, %q, want 0 and silence", code, said)
	}
}

// Nobody else may hold the pipe that svscan's end has to close.
func TestSvscanbootEndsWhenSvscanAndReadproctitleHave(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "svc", "svscan", "readproctitle")
	m.boot()
	m.shows("stdout stderr ")
	pid, _ := m.child("svscan")
	must(t, syscall.Kill(pid, syscall.SIGKILL))
	if code, _ := m.over(); code != 0 {
		t.Errorf("code %d, want 0", code)
	}
}

func TestSvscanbootStaysWhileTheServicesHoldThePipe(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "svc", "svscan", "readproctitle")
	must(t, os.WriteFile(filepath.Join(m.dir, "hold"), nil, 0o600))
	m.boot()
	m.shows("stdout stderr ")
	must(t, m.cmd.Process.Signal(syscall.SIGTERM))
	m.shows("stdout stderr stopped ")
	until(t, "the end of svscan", func() bool { pid, _ := m.child("svscan"); return pid == 0 })
	select {
	case <-m.exited:
		t.Error("svscanboot has ended before readproctitle")
	default:
	}
	must(t, os.Remove(filepath.Join(m.dir, "hold")))
	if code, _ := m.over(); code != 0 {
		t.Errorf("code %d, want 0", code)
	}
}

// As a shell, it waits for all of the pipeline.
func TestSvscanbootStaysWithSvscanWhenReadproctitleIsKilled(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "svc", "svscan", "readproctitle")
	m.boot()
	m.shows("stdout stderr ")
	title, _ := m.child("readproctitle")
	must(t, syscall.Kill(title, syscall.SIGKILL))
	until(t, "the end of readproctitle", func() bool { pid, _ := m.child("readproctitle"); return pid == 0 })
	svscan, _ := m.child("svscan")
	if svscan == 0 {
		t.Fatal("svscan has ended too")
	}
	must(t, syscall.Kill(svscan, syscall.SIGKILL))
	if code, _ := m.over(); code != 128+9 {
		t.Errorf("code %d, want that of a killed readproctitle, 137", code)
	}
}

func TestSvscanbootSaysWhatItCannotStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ commands, said, ran string }{
		{"svc svscan", "svscanboot: fatal: unable to run readproctitle: file does not exist\n", "svc"},
		{"svc readproctitle", "svscanboot: fatal: unable to run svscan: file does not exist\n", "svc"},
		{"", "svscanboot: warning: unable to run svc: file does not exist\n" +
			"svscanboot: fatal: unable to run readproctitle: file does not exist\n", ""},
	} {
		m := newMachine(t, strings.Fields(c.commands)...)
		m.serve("a")
		m.boot()
		if code, said := m.over(); code != 111 || said != c.said {
			t.Errorf("%q: code %d, %q, want 111, %q", c.commands, code, said, c.said)
		}
		if ran, _, _ := strings.Cut(m.file("record"), " "); ran != c.ran {
			t.Errorf("%q: %q ran, want %q", c.commands, ran, c.ran)
		}
	}
}

// Where the names do not fit into one argument list, which is 128 KiB here.
func TestSvscanbootAsksManyServicesInPortions(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "svc", "svscan", "readproctitle")
	var want []string
	for i := range 300 {
		name := fmt.Sprintf("%04d-%s", i, strings.Repeat("x", 250))
		m.serve(name + "/log")
		want = append(want, name)
	}
	for i := range 300 {
		want = append(want, want[i]+"/log")
	}
	m.shell = "ulimit -s 256"
	m.boot()
	m.shows("stdout stderr ")
	var asked []string
	for line := range strings.Lines(m.file("record")) {
		if dirs, ok := strings.CutPrefix(line, "svc -dx "); ok {
			for dir := range strings.FieldsSeq(dirs) {
				asked = append(asked, strings.TrimPrefix(dir, m.dir+"/service/"))
			}
		}
	}
	if !slices.Equal(asked, want) {
		t.Errorf("svc was given %d directories, want these %d in order", len(asked), len(want))
	}
	must(t, m.cmd.Process.Signal(syscall.SIGTERM))
	m.over()
}

func TestTheOptionsOfSvscanbootHaveToBeAbsolute(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		ok   bool
		want boot
	}{
		{"", true, boot{"/service", "/command", ""}},
		{"x --service /x --command", true, boot{"/service", "/command", ""}},
		{"--service=/s --command=/c -- x", true, boot{"/s", "/c", ""}},
		{"--service=s", false, boot{"s", "/command", ""}},
		{"--command=", false, boot{"/service", "", ""}},
	} {
		b := boot{service: "/service", command: "/command"}
		if ok := b.options(strings.Fields(c.args)); ok != c.ok || b != c.want {
			t.Errorf("%q: %v, %v, want %v, %v", c.args, b, ok, c.want, c.ok)
		}
	}
}
