package rotate

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// listOpen prints the shell's open descriptors below 10. It uses none; from 10
// on shells keep descriptors of their own.
const listOpen = `n=0; while [ $n -lt 10 ]; do [ -e /proc/$$/fd/$n ] && echo $n; n=$((n+1)); done`

// givenDescriptors are those that this process was started with and that go on
// to its children, found before any test opens others.
var givenDescriptors = func() (given []int) {
	for _, n := range descriptors() {
		if flags, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			given = append(given, n)
		}
	}
	return given
}()

// TestTheProcessorHasItsDescriptorsAndNoOthers gives the process a descriptor
// 3 for its children, or none.
func TestTheProcessorHasItsDescriptorsAndNoOthers(t *testing.T) {
	t.Parallel()
	given := map[int]bool{0: true, 1: true, 2: true, 4: true, 5: true}
	for _, n := range givenDescriptors {
		given[n] = true
	}
	for _, three := range []bool{false, true} {
		var files []*os.File
		if three {
			given[3] = true
			files = []*os.File{os.Stdin}
		}
		var want strings.Builder
		for n := range 10 {
			if given[n] {
				want.WriteString(fmt.Sprintln(n))
			}
		}
		l := newLogDir(t)
		l.childProcess("022", listOpen, files)
		l.wantContents(want.String(), "next\n")
	}
}

// TestTheProcessorFollowsARenamedDirectory gives the directory another name,
// and another directory its name, while it is in use.
func TestTheProcessorFollowsARenamedDirectory(t *testing.T) {
	t.Parallel()
	l := processed(t, "pwd -P; cat")
	d := l.open()
	old := l.name
	l.name += ".old"
	l.ok(os.Rename(old, l.name))
	l.ok(os.Mkdir(old, 0o700))
	l.oneRotation(d, "one\n")
	l.close(d)
	real, err := filepath.EvalSymlinks(l.name)
	l.ok(err)
	l.wantContents(real+"\none\n", "")
	if entries, err := os.ReadDir(old); err != nil || len(entries) > 0 {
		t.Errorf("the other directory has %v, %v", entries, err)
	}
}

// TestOpenFilesAreClosedOnExec holds that nothing of a Dir is inherited by a
// process that somebody else starts.
func TestOpenFilesAreClosedOnExec(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	d := l.open()
	l.write(d, "one\n")
	entries, err := os.ReadDir("/proc/self/fd")
	l.ok(err)
	for _, e := range entries {
		target, _ := os.Readlink("/proc/self/fd/" + e.Name())
		var n int
		fmt.Sscan(e.Name(), &n)
		if !strings.HasPrefix(target, l.name) {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("%s is inherited", target)
		}
	}
	l.close(d)
}

// TestADirectoryThatIsLockedLeavesNothingOpen: whoever waits for a lock tries it for
// as long as it takes.
func TestADirectoryThatIsLockedLeavesNothingOpen(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	d := l.open()
	for range 20 {
		if _, err := Open(l.name, l.opt); err == nil {
			t.Fatal("there are two writers")
		}
	}
	held := 0
	entries, err := os.ReadDir("/proc/self/fd")
	l.ok(err)
	for _, e := range entries {
		if target, _ := os.Readlink("/proc/self/fd/" + e.Name()); target == l.path("lock") {
			held++
		}
	}
	if held != 1 {
		t.Errorf("%d descriptors of the lock are open", held)
	}
	l.close(d)
}
