//go:build root && linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// smallDisk mounts a file system of that size.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tailight-test", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatalf("mount a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestRootDropOldestLogsOnOnAFullDisk writes several times what the disk holds,
// with nobody who makes room.
func TestRootDropOldestLogsOnOnAFullDisk(t *testing.T) {
	t.Parallel()
	for _, words := range [][]string{
		{"t", "s65536", "n1000", "full=drop-oldest", "./main"},
		{"t", "s65536", "n1000", "full=drop-oldest", "!cat", "./main"},
		{"t", "s65536", "n1000", "full=drop-oldest", "sync=always", "./main"},
	} {
		t.Run(words[4], func(t *testing.T) {
			t.Parallel()
			dir := smallDisk(t, "3m")
			j, pipe, said := startLogger(t, filepath.Join(ours(t), "multilog"), dir, 0, words...)
			lines := numbered(0, 150000)
			if err := pipe.feed(j, lines); err != nil {
				t.Fatal(err)
			}
			pipe.closeWriter()
			if err := j.wait(); err != nil {
				t.Fatal(err)
			}
			if got := j.end(); got != "exit 0" || strings.Contains(readAll(said), "pausing") {
				t.Errorf("multilog: %s; it said %q", got, readAll(said))
			}
			var kept bytes.Buffer
			told := 0
			for line := range bytes.Lines(logged(t, filepath.Join(dir, "main"))) {
				if bytes.HasPrefix(line, []byte("tailight: dropped ")) {
					told++
				} else {
					kept.Write(line)
				}
			}
			if told == 0 || kept.Len() < 1<<20 || !bytes.HasSuffix(lines, kept.Bytes()) {
				t.Errorf("%d bytes of %d are kept, %d lines tell of drops", kept.Len(), len(lines), told)
			}
			var size, archives int
			if _, err := fmt.Sscanf(readAll(filepath.Join(dir, "main/dropped")), "bytes %d\narchives %d\n", &size, &archives); err != nil {
				t.Fatal(err)
			}
			// A stamp is 26 bytes; what was dropped has lines about drops too.
			line := len(numbered(0, 1))
			lost := (len(lines) - kept.Len()) / line * (line + 26)
			if archives != strings.Count(readAll(said), "unable to keep ") || size < lost || size > lost+archives*150 {
				t.Errorf("on record are %d bytes in %d archives, %d bytes of lines are missing; it said %.300q", size, archives, lost, readAll(said))
			}
			if _, err := os.Stat(filepath.Join(dir, "main/spool")); err == nil {
				t.Error("the spool remains")
			}
		})
	}
}

// TestRootDropOldestStartsOnAFullDisk leaves no space for the spool of a logger
// that starts, nor for its record.
func TestRootDropOldestStartsOnAFullDisk(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, "2m")
	program := filepath.Join(ours(t), "multilog")
	words := []string{"t", "s65536", "n1000", "full=drop-oldest", "./main"}
	j, pipe, _ := startLogger(t, program, dir, 0, words...)
	if err := pipe.feed(j, numbered(0, 10000)); err != nil {
		t.Fatal(err)
	}
	finish(t, j, pipe, filepath.Join(dir, "main"), numbered(0, 10000))
	if err := os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, 4<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	j, pipe, said := startLogger(t, program, dir, 0, "t", "s65536", "n1000", "full=drop-oldest", "-* line 00144*", "./main")
	if err := pipe.feed(j, numbered(10000, 15000)); err != nil {
		t.Fatal(err)
	}
	pipe.closeWriter()
	if err := j.wait(); err != nil {
		t.Fatal(err)
	}
	got := string(logged(t, filepath.Join(dir, "main")))
	for line := range strings.Lines(got) {
		if strings.HasPrefix(line, "tailight: dropped ") {
			got = strings.Replace(got, line, "", 1)
		}
	}
	if want := string(numbered(0, 14400)) + string(numbered(14500, 15000)); !strings.HasSuffix(want, got) || len(got) < 4900*len(numbered(0, 1)) {
		t.Errorf("%d bytes are logged", len(got))
	}
	if text := readAll(said); strings.Contains(text, "pausing") || strings.Contains(text, "without a spool") || !strings.Contains(text, "unable to keep ") {
		t.Errorf("it said %q", text)
	}
}

// TestRootDropOldestMakesRoomForTheSpool has a directory that takes no line.
func TestRootDropOldestMakesRoomForTheSpool(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, "2m")
	program := filepath.Join(ours(t), "multilog")
	words := []string{"t", "s65536", "n1000", "full=drop-oldest", "./main"}
	j, pipe, _ := startLogger(t, program, dir, 0, words...)
	if err := pipe.feed(j, numbered(0, 10000)); err != nil {
		t.Fatal(err)
	}
	finish(t, j, pipe, filepath.Join(dir, "main"), numbered(0, 10000))
	if err := os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, 4<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	j, pipe, said := startLogger(t, program, dir, 0, "full=drop-oldest", "-*", "./main")
	if err := pipe.feed(j, numbered(0, 20000)); err != nil {
		t.Fatal(err)
	}
	pipe.closeWriter()
	if err := j.wait(); err != nil {
		t.Fatal(err)
	}
	if text := readAll(said); strings.Contains(text, "pausing") || !strings.Contains(text, "unable to keep ") {
		t.Errorf("it said %q", text)
	}
}

// TestRootASpoolLeavesSpaceForItsLog: input that runs on while a processor hangs takes no
// space from the log that it is for, which would then wait for ever.
func TestRootASpoolLeavesSpaceForItsLog(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, "8m")
	if err := unix.Mkfifo(filepath.Join(dir, "go"), 0o600); err != nil {
		t.Fatal(err)
	}
	j, pipe, said := startLogger(t, filepath.Join(ours(t), "multilog"), dir, 0, "t", "s65536", "n5", "!cat ../go; cat", "./main")
	lines := numbered(0, 200000)
	done := make(chan error, 1)
	go func() {
		_, err := pipe.w.Write(lines)
		done <- err
	}()
	var st unix.Stat_t
	if err := until("a spool that is as long as it may be", j, func() bool {
		was := st.Size
		return unix.Stat(filepath.Join(dir, "main/spool"), &st) == nil && st.Size > 1<<20 && st.Size == was && pipe.unread() >= 64<<10
	}); err != nil {
		t.Fatal(err)
	}
	goes, err := os.OpenFile(filepath.Join(dir, "go"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []error{os.Remove(goes.Name()), os.WriteFile(goes.Name(), nil, 0o600), goes.Close()} {
		if step != nil {
			t.Fatal(step)
		}
	}
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(limit):
		t.Fatalf("the writer still waits; it said %q", readAll(said))
	}
	pipe.closeWriter()
	if err := j.wait(); err != nil {
		t.Fatal(err)
	}
	if text := readAll(said); j.end() != "exit 0" || text != "" {
		t.Errorf("%s; it said %q", j.end(), text)
	}
	if got := logged(t, filepath.Join(dir, "main")); len(got) < 128<<10 || !bytes.HasSuffix(lines, got) {
		t.Errorf("%d bytes are kept", len(got))
	}
}
