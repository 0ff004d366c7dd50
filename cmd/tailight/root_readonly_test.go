//go:build root && linux

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// called runs a command that has to work. It is said what it said if it does not.
func called(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, out)
	}
}

// TestRootADiskThatTurnsReadOnlyLosesNoLine has an ext4 that lets nobody write after
// an error, and that has to be mounted anew. An ordinary remount is refused as long
// as there is a logger. What comes meanwhile stays in the pipe, for the next one.
func TestRootADiskThatTurnsReadOnlyLosesNoLine(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/loop-control"); err != nil {
		t.Skip("no file can be a disk here: ", err)
	}
	base := t.TempDir()
	image, dir := filepath.Join(base, "image"), filepath.Join(base, "disk")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, 16<<20); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	called(t, "mkfs.ext4", "-q", image)
	called(t, "mount", "-o", "loop", image, dir)
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })

	program := filepath.Join(ours(t), "multilog")
	words := []string{"t", "s4096", "n1000", "./main"}
	j, pipe, said := startLogger(t, program, dir, 0, words...)
	lines := numbered(0, 2000)
	if err := pipe.feed(j, lines[:len(lines)/2+5]); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command("mount", "-o", "remount,ro", dir).Run(); err == nil {
		t.Error("a disk that is written to has been remounted")
	}
	disk, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Syncfs(int(disk.Fd())); err != nil {
		t.Fatal(err)
	}
	_ = disk.Close()
	called(t, "mount", "-o", "remount,abort", dir) // what ext4 does after an error
	if _, err := pipe.w.Write(lines[len(lines)/2+5:]); err != nil {
		t.Fatal(err)
	}
	says(t, j, said, ", pausing: read-only file system\n")
	if err := j.signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := j.wait(); err != nil {
		t.Fatalf("%v; it said %q", err, readAll(said))
	}
	if got := j.end(); got != "exit 111" {
		t.Errorf("multilog: %s; it said %q", got, readAll(said))
	}
	if err := unix.Unmount(dir, 0); err != nil {
		t.Fatalf("somebody is left on the disk: %v", err)
	}
	// A test that has mounts of its own may have a copy of this one, which would be
	// what is mounted again.
	if err := until("the end of the disk", nil, func() bool {
		users, err := exec.Command("losetup", "-j", image).Output()
		return err == nil && len(users) == 0
	}); err != nil {
		t.Fatal(err)
	}
	repaired, err := exec.Command("e2fsck", "-fy", image).CombinedOutput()
	if code, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || code.ExitCode() != 1) { // errors corrected
		t.Fatalf("e2fsck: %v: %s", err, repaired)
	}
	called(t, "mount", "-o", "loop", image, dir)
	var more bytes.Buffer
	j = startLoggerOn(t, pipe, &more, program, dir, 0, words...)
	finish(t, j, pipe, filepath.Join(dir, "main"), lines)
	if more.Len() > 0 {
		t.Errorf("the next one said %q", more.String())
	}
}
