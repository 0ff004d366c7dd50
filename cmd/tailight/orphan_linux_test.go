package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestAProcessorDiesWithItsMultilog: in 0.76 it runs on, the next multilog takes
// its files away, and the raw file becomes .u.
func TestAProcessorDiesWithItsMultilog(t *testing.T) {
	t.Parallel()
	const command = "!read x; echo $x; echo $$ >../pid; [ -e ../go ] || exec sleep 1000"
	w := tale(t, multilog(command, "./d"), feed("one\n"))
	if err := w.job.signal(syscall.SIGALRM); err != nil {
		t.Fatal(err)
	}
	var pid int
	if err := until("a processor", w.job, func() bool {
		b, err := os.ReadFile(filepath.Join(w.dir, "pid"))
		if err != nil || !strings.HasSuffix(string(b), "\n") {
			return false
		}
		pid, err = strconv.Atoi(strings.TrimSpace(string(b)))
		return err == nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.job.signal(syscall.SIGKILL), w.job.wait()); err != nil {
		t.Fatal(err)
	}
	if err := until("its end", nil, func() bool {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z ")
	}); err != nil {
		_ = syscall.Kill(pid, syscall.SIGKILL)
		t.Fatal(err)
	}
	w.do(t, put("go", 0o644, ""), multilog(command, "./d"), feed("two\n"), eof())
	names, err := filepath.Glob(filepath.Join(w.dir, "d", "@*"))
	if err != nil || len(names) != 1 || !strings.HasSuffix(names[0], ".s") || readAll(names[0]) != "one\n" {
		t.Errorf("archives %q, %v", names, err)
	}
	if got := readAll(filepath.Join(w.dir, "d/current")); got != "two\n" {
		t.Errorf("current is %q", got)
	}
}
