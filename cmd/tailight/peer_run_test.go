//go:build linux && peer

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The driver of `make run` beside the real svscan and supervise. What it leaves
// is found by the environment that all of its processes have.

// A driven is the driver, with a temporary directory of its own.
type driven struct {
	t   *testing.T
	job *job
	tmp string
	out *os.File
}

func drive(t *testing.T, args ...string) *driven {
	t.Helper()
	scratch := t.TempDir()
	driver := filepath.Join(scratch, "driver")
	if out, err := exec.Command("go", "build", "-o", driver, "../../testdata/run").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	d := &driven{t: t, tmp: filepath.Join(scratch, "tmp")}
	if err := os.Mkdir(d.tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	var err error
	if d.out, err = os.Create(filepath.Join(scratch, "out")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.out.Close() })
	cmd := exec.Command(driver, append([]string{"-bin", peer(t)}, args...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+d.tmp)
	cmd.Stdout, cmd.Stderr = d.out, d.out
	if d.job, err = startJob(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, pid := range d.processes() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		_ = d.job.wait()
	})
	return d
}

// processes lists those with our temporary directory in their environment.
func (d *driven) processes() (pids []int) {
	return withEnvironment("TMPDIR=" + d.tmp)
}

func withEnvironment(variable string) (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, name := range all {
		env, err := os.ReadFile(name)
		if err == nil && bytes.Contains(append([]byte{0}, env...), []byte("\x00"+variable+"\x00")) {
			pids = append(pids, atoi(filepath.Base(filepath.Dir(name))))
		}
	}
	return pids
}

func atoi(s string) (n int) {
	for _, c := range s {
		n = 10*n + int(c-'0')
	}
	return n
}

// over waits for the end and holds that it was clean.
func (d *driven) over(says ...string) {
	d.t.Helper()
	if err := d.job.wait(); err != nil {
		d.t.Error(err)
	}
	out := readAll(d.out.Name())
	if end := d.job.end(); end != "exit 0" {
		d.t.Errorf("%s\n%s", end, out)
	}
	for _, s := range says {
		if !strings.Contains(out, s) {
			d.t.Errorf("it does not say %q:\n%s", s, out)
		}
	}
	if left := d.processes(); len(left) > 0 {
		d.t.Errorf("left running: %v, %s", left, commandLine(left[0]))
	}
	if left, err := os.ReadDir(d.tmp); err != nil || len(left) > 0 {
		d.t.Errorf("left in the temporary directory: %v, %v", left, err)
	}
}

// says waits for a text.
func (d *driven) says(text string) {
	d.t.Helper()
	if err := until(text, d.job, func() bool { return strings.Contains(readAll(d.out.Name()), text) }); err != nil {
		d.t.Fatalf("%v\n%s", err, readAll(d.out.Name()))
	}
}

func TestPeerRunEndsByItselfWithoutATerminal(t *testing.T) {
	t.Parallel()
	drive(t).over("hello    2", " hello\n", "chatty   2", ": GET /item/1 200\n", "hello/log: up (pid ", "stopped; no process is left\n")
}

func TestPeerRunStopsEverythingWhenItIsInterrupted(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		d := drive(t, "-lines", "1000000")
		d.says("chatty: GET /item/6 ")
		if err := d.job.signal(s); err != nil {
			t.Fatal(err)
		}
		d.over("stopped; no process is left\n")
	}
	d := drive(t, "-lines", "1000000") // at once: nothing has started yet, or just begins to
	d.says("svscan ")
	if err := d.job.signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	d.over("stopped; no process is left\n")
}

// newTree is a directory with a service that has a logger.
func newTree(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "service")
	for name, run := range map[string]string{
		"own":     "#!/bin/sh\necho own\nexec sleep 1\n",
		"own/log": "#!/bin/sh\nexec multilog t ./main\n",
	} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, "run"), []byte(run), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPeerRunOfATreeStopsWhatItHasStarted(t *testing.T) {
	t.Parallel()
	dir := newTree(t)
	drive(t, "-lines", "2", dir).over("svscan "+dir+"\n", "own      2", " own\n", "stopped; no process is left\n")
	if _, err := os.Stat(filepath.Join(dir, "own", "log", "main", "current")); err != nil {
		t.Error(err)
	}
}

func TestPeerRunOfASupervisedTreeOnlyLooksOn(t *testing.T) {
	t.Parallel()
	dir := newTree(t)
	svscan := exec.Command(filepath.Join(peer(t), "svscan"), dir)
	svscan.Env = append(os.Environ(), "TREE="+dir)
	j, err := startJob(svscan)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, pid := range withEnvironment("TREE=" + dir) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		_ = j.wait()
	})
	if err := until("a supervise", j, func() bool {
		return exec.Command(filepath.Join(peer(t), "svok"), filepath.Join(dir, "own")).Run() == nil
	}); err != nil {
		t.Fatal(err)
	}
	drive(t, "-lines", "2", dir).over(dir+" is supervised already; it stays as it is\n", "own/log: up (pid ")
	if out, err := exec.Command(filepath.Join(peer(t), "svstat"), filepath.Join(dir, "own")).Output(); err != nil || !strings.Contains(string(out), ": up (pid ") {
		t.Errorf("svstat: %s, %v", out, err)
	}
	if j.gone() {
		t.Error("svscan has gone")
	}
}
