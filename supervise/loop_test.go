package supervise

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// limit is how long a test waits for an event.
const limit = 30 * time.Second

// serviceDir makes a service directory from files; those with a #! are scripts.
func serviceDir(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	syscall.ForkLock.RLock() // or a child could hold a script open for writing
	defer syscall.ForkLock.RUnlock()
	for name, text := range files {
		mode := os.FileMode(0o644)
		if strings.HasPrefix(text, "#!") {
			mode = 0o755
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// sleeper is a run that lasts until it gets a signal.
const sleeper = "#!/bin/sh\nmkfifo hold 2>/dev/null\nexec cat hold\n"

// A loop that runs, and what it has said.
type running struct {
	loop *Loop
	dir  string
	done chan error
}

func live(t *testing.T, dir string) *running {
	t.Helper()
	refuse := func(err error) { t.Error(err) }
	s, err := Open(dir, Options{Warn: refuse, Unable: refuse})
	if err != nil {
		t.Fatal(err)
	}
	l, err := NewLoop(s)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{loop: l, dir: dir, done: make(chan error, 1)}
	go func() { r.done <- l.Run() }()
	return r
}

// becomes waits for a status.
func (r *running) becomes(t *testing.T, want string, ok func(Status) bool) {
	t.Helper()
	var s Status
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(time.Millisecond) {
		var err error
		if s, err = ReadStatus(filepath.Join(r.dir, "supervise")); err == nil && ok(s) {
			return
		}
	}
	r.loop.Tell("dxk")
	t.Fatalf("not %s within %v: %+v", want, limit, s)
}

func (r *running) end(t *testing.T, letters string) {
	t.Helper()
	r.loop.Tell(letters)
	select {
	case err := <-r.done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(limit):
		t.Fatal("the loop does not end")
	}
}

func isUp(s Status) bool   { return s.PID != 0 }
func isDown(s Status) bool { return s.PID == 0 }

// openFiles lists the descriptors of this process.
func openFiles(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		to, err := os.Readlink("/dev/fd/" + e.Name())
		if err == nil && !strings.HasSuffix(to, "/fd") {
			all = append(all, e.Name()+" "+to)
		}
	}
	return strings.Join(all, "\n")
}

// This test and the next do not run beside others, for they count what belongs
// to the whole process.
func TestALoopLeavesNothingBehind(t *testing.T) {
	before := ""
	goroutines := 0
	for round := range 3 { // the first one opens what the runtime and the tests keep
		r := live(t, serviceDir(t, map[string]string{"run": sleeper, "encore": "", "notify": "#!/bin/sh\n", "log": "#!/bin/sh\nexec cat >/dev/null\n"}))
		r.becomes(t, "up", isUp)
		r.loop.Tell("d")
		r.becomes(t, "down", isDown)
		r.end(t, "x")
		if round == 0 {
			before, goroutines = openFiles(t), runtime.NumGoroutine()
		}
	}
	if after := openFiles(t); after != before {
		t.Errorf("descriptors before:\n%s\nafter:\n%s", before, after)
	}
	for end := time.Now().Add(limit); runtime.NumGoroutine() > goroutines; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, want %d", runtime.NumGoroutine(), goroutines)
		}
	}
}

func TestAnOpenThatFailsLeavesNothingOpen(t *testing.T) {
	before := openFiles(t)
	for _, c := range []struct{ name, want string }{
		{"down", "unable to stat sv/down"}, {"supervise/lock", "unable to acquire sv/supervise/lock"},
		{"supervise/control", "unable to read sv/supervise/control"}, {"encore", "unable to stat sv/encore"},
		{"supervise/ok", "unable to read sv/supervise/ok"},
	} {
		dir := serviceDir(t, nil)
		if err := os.Mkdir(filepath.Join(dir, "supervise"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Base(c.name), filepath.Join(dir, c.name)); err != nil { // a loop
			t.Fatal(err)
		}
		_, err := Open(dir, Options{Name: "sv"})
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || !errors.Is(err, syscall.ELOOP) {
			t.Errorf("%s: %v, want %s and ELOOP", c.name, err, c.want)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "no"), Options{}); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("no directory: %v", err)
	}
	if after := openFiles(t); after != before {
		t.Errorf("descriptors before:\n%s\nafter:\n%s", before, after)
	}
}

// One process can hold many: none has a working directory, an umask or a signal
// to itself.
func TestADozenServicesLiveInOneProcess(t *testing.T) {
	t.Parallel()
	var all []*running
	for i := range 12 {
		all = append(all, live(t, serviceDir(t, map[string]string{"run": sleeper, "name": fmt.Sprint(i)})))
	}
	for _, r := range all {
		r.becomes(t, "up", isUp)
		s, err := ReadStatus(filepath.Join(r.dir, "supervise"))
		if err != nil {
			t.Fatal(err)
		}
		if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", s.PID)); runtime.GOOS == "linux" && (err != nil || cwd != r.dir) {
			t.Errorf("the service of %s is in %s (%v)", r.dir, cwd, err)
		}
	}
	for i, r := range all {
		if i%2 == 0 {
			r.loop.Tell("d")
			r.becomes(t, "down", isDown)
		}
	}
	for i, r := range all {
		if s, err := ReadStatus(filepath.Join(r.dir, "supervise")); err != nil || isDown(s) != (i%2 == 0) {
			t.Errorf("service %d: %+v, %v", i, s, err)
		}
		r.end(t, "dx")
	}
}

func TestTellMayBeCalledFromAnywhere(t *testing.T) {
	t.Parallel()
	r := live(t, serviceDir(t, map[string]string{"run": sleeper}))
	r.becomes(t, "up", isUp)
	told := make(chan struct{})
	for range 4 {
		go func() {
			for range 100 {
				r.loop.Tell("pc")
			}
			told <- struct{}{}
		}()
	}
	for range 4 {
		<-told
	}
	r.loop.Tell("p")
	r.becomes(t, "paused", func(s Status) bool { return s.Paused })
	r.end(t, "dx")
	r.loop.Tell("u") // too late, and harmless
}

// The control directory is where SUPERVISEDIR says, and messages name it so.
func TestTheControlDirectoryIsWhereTheEnvironmentSays(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir := serviceDir(t, map[string]string{"down": ""})
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ setting, where, say string }{
		{"", dir + "/supervise", "sv/supervise"},
		{"state", dir + "/state", "sv/state"},
		{base, base + "/" + strings.ReplaceAll(real[1:], "/", ":"), base + "/" + strings.ReplaceAll(real[1:], "/", ":")},
	} {
		t.Setenv("SUPERVISEDIR", c.setting)
		s, err := Open(dir, Options{Name: "sv"})
		if err != nil {
			t.Fatal(err)
		}
		if running, err := Running(c.where); !running || err != nil {
			t.Errorf("%q: nothing runs in %s: %v", c.setting, c.where, err)
		}
		_, err = Open(dir, Options{Name: "sv"})
		if want := "unable to acquire " + c.say + "/lock: "; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", c.setting, err, want)
		}
		s.close()
	}
}

// TestALookAtTheLockKeepsNobodyAway: svscan looks whether a supervise is locked
// while one starts.
func TestALookAtTheLockKeepsNobodyAway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "supervise"), 0o700); err != nil {
		t.Fatal(err)
	}
	lock, err := os.Create(filepath.Join(dir, "supervise/lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_SH); err != nil {
		t.Fatal(err)
	}
	looked := make(chan struct{})
	time.AfterFunc(5*time.Millisecond, func() {
		defer close(looked)
		_ = unix.Flock(int(lock.Fd()), unix.LOCK_UN)
	})
	s, err := Open(dir, Options{Name: "sv"})
	<-looked
	if err != nil {
		t.Fatal(err)
	}
	s.close()
}
