//go:build root && linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// These tests need root: they mount a small file system, or run our programs
// as somebody else. .ci/run runs them.

const nobody = 65534

// numbered returns the lines first to last-1, without stamps.
func numbered(first, last int) []byte {
	var b bytes.Buffer
	for i := first; i < last; i++ {
		fmt.Fprintf(&b, "line %07d of those that have to arrive\n", i)
	}
	return b.Bytes()
}

// logged returns what a log directory holds, oldest first, without stamps.
func logged(t *testing.T, dir string) []byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "@*"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	var all bytes.Buffer
	for _, name := range append(names, filepath.Join(dir, "current")) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(b) {
			if len(line) < 26 || line[0] != '@' {
				t.Fatalf("%s: a line without a stamp: %q", name, line)
			}
			all.Write(line[26:])
		}
	}
	return all.Bytes()
}

// startLogger runs multilog in dir on a new pipe. Its standard error goes to
// the file stderr beside dir.
func startLogger(t *testing.T, program, dir string, uid uint32, words ...string) (*job, *conduit, string) {
	t.Helper()
	pipe, err := newConduit()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pipe.close)
	said, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	return startLoggerOn(t, pipe, said, program, dir, uid, words...), pipe, said.Name()
}

// startLoggerOn runs multilog in dir on a pipe that may have had other readers.
func startLoggerOn(t *testing.T, pipe *conduit, said io.Writer, program, dir string, uid uint32, words ...string) *job {
	t.Helper()
	cmd := exec.Command(program, words...)
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, pipe.r, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	j, err := startJob(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !j.gone() {
			_ = cmd.Process.Kill()
			_ = j.wait()
		}
	})
	return j
}

// says waits until the file holds the text.
func says(t *testing.T, j *job, file, text string) {
	t.Helper()
	if err := until(text, j, func() bool {
		b, err := os.ReadFile(file)
		return err == nil && bytes.Contains(b, []byte(text))
	}); err != nil {
		b, _ := os.ReadFile(file)
		t.Fatalf("%v; it said %q", err, b)
	}
}

// finish ends the input, waits for a clean end, and compares what was logged.
func finish(t *testing.T, j *job, pipe *conduit, dir string, want []byte) {
	t.Helper()
	pipe.closeWriter()
	if err := j.wait(); err != nil {
		t.Fatal(err)
	}
	if got := j.end(); got != "exit 0" {
		t.Errorf("multilog: %s, want exit 0", got)
	}
	if got := logged(t, dir); !bytes.Equal(got, want) {
		t.Errorf("logged %d bytes, want the %d that were written; first difference at %d", len(got), len(want), firstDifference(got, want))
	}
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func TestRootFullDiskLosesNoLine(t *testing.T) {
	t.Parallel()
	for _, words := range [][]string{
		{"t", "s4096", "n1000", "./main"},
		{"t", "s16777215", "./main"},
	} {
		t.Run(strings.Join(words[1:2], " "), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := unix.Mount("tailight-test", dir, "tmpfs", 0, "size=1m"); err != nil {
				t.Fatalf("mount a small file system: %v", err)
			}
			t.Cleanup(func() {
				if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
					t.Error(err)
				}
			})
			ballast := filepath.Join(dir, "ballast")
			if err := os.WriteFile(ballast, make([]byte, 900<<10), 0o600); err != nil {
				t.Fatal(err)
			}
			j, pipe, said := startLogger(t, filepath.Join(ours(t), "multilog"), dir, 0, words...)
			lines := numbered(0, 7000)
			wrote := make(chan error, 1)
			go func() {
				_, err := pipe.w.Write(lines)
				wrote <- err
			}()
			says(t, j, said, "multilog: warning: unable to ")
			says(t, j, said, ", pausing: out of disk space\n")
			if err := j.signal(syscall.SIGALRM); err != nil { // must not harm either
				t.Fatal(err)
			}
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			if err := <-wrote; err != nil {
				t.Fatal(err)
			}
			finish(t, j, pipe, filepath.Join(dir, "main"), lines)
		})
	}
}

// TestRootTermEndsALoggerOfAFullDisk: what it has taken and cannot write is in
// the spool, and the next one, when there is space, goes on with it. One that
// starts on the full disk can be ended as well. If there is no space for the
// spool, nothing has been taken, and it is the clean end of any other time.
func TestRootTermEndsALoggerOfAFullDisk(t *testing.T) {
	t.Parallel()
	page := append(bytes.Repeat([]byte("x"), 4095), '\n')
	numbers := numbered(0, 7000)
	const left = "multilog: fatal: unable to write all lines, leaving them in the spool\n"
	for _, row := range []struct {
		name  string
		lines []byte
		begin int   // so much of them before the disk is full
		room  int64 // left on it
		stop  string
		ends  []string // of one logger after the other
		last  string   // what they say then
	}{
		{"no space for the spool", append(page, numbers...), len(page), 0, "unable to write to ./main/spool", []string{"exit 0"}, ""},
		{"in a line", numbers, len(page), 0, "unable to write to ./main/spool", []string{"exit 111", "exit 111"}, left},
		{"no space for current", numbers, 1000, 5 * 4096, "unable to write to ./main/current", []string{"exit 111", "exit 111"}, left},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := unix.Mount("tailight-test", dir, "tmpfs", 0, "size=2m"); err != nil {
				t.Fatalf("mount a small file system: %v", err)
			}
			t.Cleanup(func() {
				if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
					t.Error(err)
				}
			})
			words := []string{"t", "s16777215", "./main"}
			program := filepath.Join(ours(t), "multilog")
			j, pipe, said := startLogger(t, program, dir, 0, words...)
			if err := pipe.feed(j, row.lines[:row.begin]); err != nil {
				t.Fatal(err)
			}
			ballast := filepath.Join(dir, "ballast")
			if err := os.WriteFile(ballast, make([]byte, 4<<20), 0o600); err == nil {
				t.Fatal("the disk is not full")
			}
			if info, err := os.Stat(ballast); err != nil {
				t.Fatal(err)
			} else if err := os.Truncate(ballast, info.Size()-row.room); err != nil {
				t.Fatal(err)
			}
			wrote := make(chan error, 1)
			go func() {
				_, err := pipe.w.Write(row.lines[row.begin:])
				wrote <- err
			}()
			stop := "multilog: warning: " + row.stop + ", pausing: out of disk space\n"
			for _, want := range row.ends {
				says(t, j, said, stop)
				if err := j.signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
				if err := j.wait(); err != nil {
					t.Fatal(err)
				}
				if got, said := j.end(), readAll(said); got != want || said != stop+row.last {
					t.Fatalf("%s, want %s; it said %q, want %q", got, want, said, stop+row.last)
				}
				again, err := os.Create(said)
				if err != nil {
					t.Fatal(err)
				}
				j = startLoggerOn(t, pipe, again, program, dir, 0, words...)
				again.Close()
			}
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			if err := <-wrote; err != nil {
				t.Fatal(err)
			}
			finish(t, j, pipe, filepath.Join(dir, "main"), row.lines)
		})
	}
}

// publicMultilog copies the test binary to where everybody may run it.
func publicMultilog(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "tailight-root-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "multilog")
	if err := copyProgram(program, self); err != nil {
		t.Fatal(err)
	}
	return program
}

// copyProgram copies a program to be run. Nothing may fork meanwhile: the child
// would hold the copy open for writing until it execs, and running a file that
// is open for writing fails with "text file busy".
func copyProgram(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// TestRootUnwritableDirectoryLosesNoLine also runs the way in which nearly
// every logger runs: as a user of its own, on a pipe that belongs to root.
func TestRootUnwritableDirectoryLosesNoLine(t *testing.T) {
	t.Parallel()
	program := publicMultilog(t)
	dir := filepath.Dir(program)
	main := filepath.Join(dir, "main")
	if err := os.Mkdir(main, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(main, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	j, pipe, said := startLogger(t, program, dir, nobody, "t", "s4096", "n1000", "./main")
	first, second := numbered(0, 20), numbered(20, 3000)
	if err := pipe.feed(j, first); err != nil {
		t.Fatal(err)
	}
	if got := logged(t, main); !bytes.Equal(got, first) {
		t.Fatalf("logged %q before the directory is closed, want %q", got, first)
	}
	if err := os.Chmod(main, 0o500); err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error, 1)
	go func() {
		_, err := pipe.w.Write(second)
		wrote <- err
	}()
	says(t, j, said, "multilog: warning: unable to rename current to previous in directory ./main, pausing: access denied\n")
	if err := os.Chmod(main, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	finish(t, j, pipe, main, append(first, second...))
}
