package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var endlessFlag = flag.Int("endless", 64, "MiB of the line in TestALineWithoutEndNeedsLittleMemory")

// TestALineWithoutEndNeedsLittleMemory has no newline at all: files are cut at their
// size, and memory does not grow with the line.
func TestALineWithoutEndNeedsLittleMemory(t *testing.T) {
	t.Parallel()
	w := tale(t, multilog("t", "s1m", "n4", "./d"))
	piece := bytes.Repeat([]byte("x"), 1<<20)
	for range *endlessFlag {
		if err := w.pipe.pour(w.job, piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.pipe.settle(w.job); err != nil {
		t.Fatal(err)
	}
	peak := 0
	for line := range bytes.Lines([]byte(readAll(fmt.Sprintf("/proc/%d/status", w.job.cmd.Process.Pid)))) {
		fmt.Sscanf(string(line), "VmHWM: %d kB", &peak)
	}
	if peak == 0 || peak > 40<<10 {
		t.Errorf("it has used %d kB", peak)
	}
	w.do(t, eof())
	names, err := filepath.Glob(filepath.Join(w.dir, "d", "@*"))
	if err != nil || len(names) != 3 {
		t.Fatalf("archives %q, %v", names, err)
	}
	for _, name := range names {
		if fi, err := os.Stat(name); err != nil || fi.Size() != 1<<20 {
			t.Errorf("%s: %v, %v", name, fi.Size(), err)
		}
	}
	t.Logf("%d MiB, at most %d kB of memory", *endlessFlag, peak)
}
