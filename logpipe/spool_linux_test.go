package logpipe

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestASpoolThatCouldNotBeMadeIsMadeWhenItCan: it is said when there is none, and when there
// is one, and a pipe that goes away then leaves all it has taken.
func TestASpoolThatCouldNotBeMadeIsMadeWhenItCan(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "d")
	blocker := dir + "/progress.new"
	must(t, os.MkdirAll(blocker, 0o700))
	must(t, os.Chmod(dir, 0o700))
	x := &stalled{in: pipeInput(t, ""), patient: &patient{warnings: newWarnings(), root: dir, dir: dir}}
	x.Pipe = opened(t, Options{Spool: true, Pause: time.Millisecond, Warn: x.warnings.warn}, "s4096", dir)
	x.start(t)
	var want strings.Builder
	line := func(text string) {
		x.in.put([]byte(text))
		want.WriteString(text)
		eventually(t, text, func() bool { return strings.Contains(string(x.logged(t)), text) })
	}
	for range 100 {
		line("without\n")
	}
	if _, err := os.Stat(dir + "/spool"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a spool: %v", err)
	}
	must(t, os.Remove(blocker))
	for i := 0; ; i++ {
		half := strings.Repeat("a", 900) // in memory until its end comes
		x.in.put([]byte(half))
		want.WriteString(half)
		eventually(t, "an empty pipe", func() bool { return waiting(t, x.in.r) == 0 })
		line(strings.Repeat("b", i) + " with\n")
		if _, err := os.Stat(dir + "/spool"); err == nil {
			break
		}
	}
	x.in.put([]byte("half"))
	eventually(t, "an empty pipe", func() bool { return waiting(t, x.in.r) == 0 })
	// As after a kill: nothing is closed, and the next one goes on.
	x.in.end()
	await(t, "the end of Run", x.running)
	x.abandon()
	x.Pipe.closed = true
	x.Pipe = opened(t, Options{Spool: true, Warn: x.warnings.warn}, "s4096", dir)
	put(t, x.Pipe, []byte(" and half\n"))
	closed(t, x.Pipe)
	wantBytes(t, "all", logged(t, dir), []byte(want.String()+"half and half\n"))
	why := "unable to remove " + blocker + ": " + syscall.EISDIR.Error()
	wantWarnings(t, x.warnings, "reading without a spool, a kill may lose lines: "+why, why, "able to make the spool now, a kill loses no more lines")
}

// logged is logged of a pipe that goes on: in the middle of a rotation a file has no name.
func (x *stalled) logged(t *testing.T) []byte {
	var all []byte
	for _, name := range append(archived(t, x.dir), x.dir+"/current") {
		b, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// TestASpoolIsNotMadeWithinALine: what is in memory would be in no spool.
func TestASpoolIsNotMadeWithinALine(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "d")
	must(t, os.MkdirAll(dir+"/progress.new", 0o700))
	p := opened(t, Options{Spool: true, Pause: time.Nanosecond}, dir)
	must(t, os.Remove(dir+"/progress.new"))
	for _, c := range []struct {
		text string
		made bool
	}{{"half", false}, {" and half\n", true}} {
		put(t, p, []byte(c.text))
		time.Sleep(time.Microsecond) // longer than it is done without
		if made := p.beginLate(); made != c.made {
			t.Errorf("after %q: %v", c.text, made)
		}
	}
	closed(t, p)
	wantBytes(t, "current", slurp(t, dir+"/current"), []byte("half and half\n"))
}

// TestADirectoryThatIsAddedWithinALineGetsTheNextOnes: of the line that a killed pipe has
// begun, a directory that is new to the script gets nothing.
func TestADirectoryThatIsAddedWithinALineGetsTheNextOnes(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	a, b := root+"/a", root+"/b"
	long := strings.Repeat("long ", 500)
	x := &stalled{in: pipeInput(t, "one\n"+long), patient: &patient{warnings: newWarnings(), root: root, dir: a}}
	x.Pipe = opened(t, Options{Spool: true}, a)
	x.start(t)
	eventually(t, "half a line", func() bool { return strings.HasSuffix(string(x.logged(t)), long) })
	// As after a kill, but for what Run does when its input ends: nothing.
	x.in.end()
	await(t, "the end of Run", x.running)
	x.abandon()
	x.Pipe.closed = true
	next := pipeInput(t, "end\ntwo\n")
	next.end()
	p := opened(t, Options{Spool: true}, a, b)
	must(t, p.Run(next.r))
	closed(t, p)
	wantBytes(t, "a", logged(t, a), []byte("one\n"+long+"end\ntwo\n"))
	wantBytes(t, "b", logged(t, b), []byte("two\n"))
}
