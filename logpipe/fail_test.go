package logpipe

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tailight/tailight/rotate"
)

// The faults here are real ones that a test can make as any user: names that
// are gone or taken, a FIFO for current that is full, processors that fail.

// A patient is a pipe with one directory whose warnings are collected.
type patient struct {
	*Pipe
	*warnings
	root, dir string
}

func newPatient(t testing.TB, words ...string) *patient {
	t.Helper()
	root := t.TempDir()
	x := &patient{warnings: newWarnings(), root: root, dir: filepath.Join(root, "d")}
	for i, w := range words {
		words[i] = strings.ReplaceAll(w, "ROOT", root)
	}
	x.Pipe = opened(t, Options{Pause: time.Millisecond, Warn: x.warnings.warn}, words...)
	return x
}

// inBackground writes b and says when it is done.
func (x *patient) inBackground(t testing.TB, b string) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := x.Write([]byte(b)); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		x.Stop()
		<-done
	})
	return done
}

func wantWarnings(t testing.TB, w *warnings, want ...string) {
	t.Helper()
	if got := slices.Compact(w.all()); !slices.Equal(got, want) {
		t.Errorf("warnings\n%q, want\n%q", got, want)
	}
}

func pausing(text string, errno syscall.Errno) string {
	return text + ": " + errno.Error() + " [pausing]"
}

func TestARemovedDirectoryIsMadeAnew(t *testing.T) {
	t.Parallel()
	x := newPatient(t, "ROOT/d")
	put(t, x.Pipe, []byte("one\n"))
	must(t, os.RemoveAll(x.dir))
	put(t, x.Pipe, []byte("two\n"))
	put(t, x.Pipe, []byte("three\n"))
	wantWarnings(t, x.warnings, "unable to find "+x.dir+"/current, starting a new one: "+syscall.ENOENT.Error())
	closed(t, x.Pipe)
	wantBytes(t, "the new directory", logged(t, x.dir), []byte("two\nthree\n"))
}

func TestADirectoryReplacedByAFileIsWaitedFor(t *testing.T) {
	t.Parallel()
	x := newPatient(t, "ROOT/d")
	put(t, x.Pipe, []byte("one\n"))
	must(t, os.RemoveAll(x.dir))
	must(t, os.WriteFile(x.dir, nil, 0o600))
	done := x.inBackground(t, "two\nthree\n")
	x.await(t, 4) // the loss, and three tries
	select {
	case <-done:
		t.Error("Write has returned, and there is no directory")
	default:
	}
	must(t, os.Remove(x.dir))
	await(t, "the write after the repair", done)
	wantWarnings(t, x.warnings,
		"unable to find "+x.dir+"/current, starting a new one: "+syscall.ENOENT.Error(),
		pausing("unable to open directory "+x.dir, syscall.ENOTDIR))
	closed(t, x.Pipe)
	wantBytes(t, "the new directory", logged(t, x.dir), []byte("two\nthree\n"))
}

// Bytes that no file has are never given up, not even for TERM.
func TestStopDoesNotGiveUpLinesThatAreInNoFile(t *testing.T) {
	t.Parallel()
	x := newPatient(t, "ROOT/d")
	must(t, os.RemoveAll(x.dir))
	must(t, os.WriteFile(x.dir, nil, 0o600))
	done := x.inBackground(t, "one\n")
	x.await(t, 2)
	x.Stop()
	x.await(t, 5)
	must(t, os.Remove(x.dir))
	await(t, "the write after the repair", done)
	closed(t, x.Pipe)
	wantBytes(t, "the new directory", logged(t, x.dir), []byte("one\n"))
}

func TestARemovedCurrentIsReplacedAndNoLineGoesToTheOldOne(t *testing.T) {
	t.Parallel()
	for _, how := range []func(name string) error{
		os.Remove,
		func(name string) error { return os.WriteFile(name+".new", nil, 0o600) },
	} {
		x := newPatient(t, "ROOT/d")
		name := filepath.Join(x.dir, "current")
		put(t, x.Pipe, []byte("one\n"))
		must(t, how(name))
		if _, err := os.Stat(name + ".new"); err == nil { // an editor's way of saving
			must(t, os.Rename(name+".new", name))
		}
		put(t, x.Pipe, []byte("two\n"))
		wantWarnings(t, x.warnings, "unable to find "+x.dir+"/current, starting a new one: "+syscall.ENOENT.Error())
		wantBytes(t, "current", slurp(t, name), []byte("two\n"))
		closed(t, x.Pipe)
	}
}

// Lines go on while somebody removes current over and over: each line is in
// a file that had a name when the line went in, or in the next one.
func TestCurrentRemovedWhileLinesFlowLosesNoLineOfTheNextFile(t *testing.T) {
	t.Parallel()
	x := newPatient(t, "ROOT/d", "n1000000")
	held := map[string]bool{}
	for i := range 200 {
		line := fmt.Sprintf("line %d\n", i)
		put(t, x.Pipe, []byte(line))
		b := slurp(t, x.dir+"/current")
		if !bytes.HasSuffix(b, []byte(line)) {
			t.Fatalf("%q is not at the end of current", line)
		}
		if bytes.Count(b, []byte(line)) != 1 || held[line] {
			t.Fatalf("%q is there twice", line)
		}
		held[line] = true
		if i%3 == 0 {
			must(t, os.Remove(x.dir+"/current"))
		}
	}
}

// A FIFO as current takes parts of a write, then nothing until it is read.
func TestAFullFileIsWaitedForAndShortWritesAreContinued(t *testing.T) {
	t.Parallel()
	x := newPatient(t, "s16777215", "ROOT/d")
	name := filepath.Join(x.root, "fifo")
	must(t, syscall.Mkfifo(name, 0o600))
	fd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	must(t, err)
	must(t, syscall.SetNonblock(fd, false))
	reader := os.NewFile(uintptr(fd), name)
	defer reader.Close()
	must(t, os.Rename(name, x.dir+"/current"))

	text := bytes.Repeat([]byte("a line of a flood\n"), 200000)
	done := x.inBackground(t, string(text))
	x.await(t, 4)
	got := make([]byte, len(text))
	within(t, "reading it all", func() {
		_, err := io.ReadFull(reader, got)
		must(t, err)
	})
	await(t, "the write", done)
	wantBytes(t, "what went through", got, text)
	wantWarnings(t, x.warnings,
		"unable to find "+x.dir+"/current, starting a new one: "+syscall.ENOENT.Error(),
		pausing("unable to write to "+x.dir+"/current", syscall.EAGAIN))
	if n := waiting(t, reader); n != 0 {
		t.Errorf("%d bytes more", n)
	}
}

func TestAStatusFileThatCannotSeekIsSaid(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	name := filepath.Join(root, "fifo")
	must(t, syscall.Mkfifo(name, 0o600))
	fd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	must(t, err)
	defer syscall.Close(fd)
	warned := newWarnings()
	p := opened(t, Options{Pause: time.Millisecond, Warn: warned.warn}, "="+name, root+"/d")
	put(t, p, []byte("one\n"))
	closed(t, p)
	no := "unable to move to beginning of " + name
	wantWarnings(t, warned, pausing(no, syscall.ESPIPE), no+": "+syscall.ESPIPE.Error())
	wantBytes(t, "the directory", logged(t, root+"/d"), []byte("one\n"))
}

// block is 4060 bytes of numbered lines, more than a file of s4096 takes
// before it is rotated.
func block(n int) string {
	var b strings.Builder
	for i := range 58 {
		fmt.Fprintf(&b, "%069d\n", n*1000+i)
	}
	return b.String()
}

// TestAFullStatusFileHoldsNothingUp has a status file that cannot be written for a
// while: all lines are in their logs meanwhile, and then the status is right,
// whatever comes.
func TestAFullStatusFileHoldsNothingUp(t *testing.T) {
	t.Parallel()
	x := newPatient(t, "-*", "+two", "=/dev/full", "+*", "ROOT/d", "file=ROOT/f")
	for _, line := range []string{"one\n", "two\n", "three\n"} {
		put(t, x.Pipe, []byte(line))
	}
	wantBytes(t, "the log directory", slurp(t, x.dir+"/current"), []byte("one\ntwo\nthree\n"))
	wantBytes(t, "the plain file", slurp(t, x.root+"/f"), []byte("one\ntwo\nthree\n"))
	mended, err := os.Create(x.root + "/status")
	must(t, err)
	_ = x.statuses[0].f.Close()
	x.statuses[0].f = mended
	eventually(t, "the end of the pause", x.touching.Load)
	put(t, x.Pipe, []byte("four\n"))
	wantBytes(t, "the status", slurp(t, x.root+"/status")[:5], []byte("two\n\n"))
	closed(t, x.Pipe)
	wantWarnings(t, x.warnings, pausing("unable to write /dev/full", syscall.ENOSPC))
}

// TestAStatusFileIsTriedAgainWithoutInput: the pause wakes a pipe that waits.
func TestAStatusFileIsTriedAgainWithoutInput(t *testing.T) {
	t.Parallel()
	x := newPatient(t, "=/dev/full", "ROOT/d")
	in := pipeInput(t, "one\n")
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := x.Run(in.r); err != nil {
			t.Error(err)
		}
	}()
	x.await(t, 4)
	x.Stop()
	await(t, "the end of Run", done)
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	wantBytes(t, "the log directory", slurp(t, x.dir+"/current"), []byte("one\n"))
	wantWarnings(t, x.warnings, pausing("unable to write /dev/full", syscall.ENOSPC), "unable to write /dev/full: "+syscall.ENOSPC.Error())
}

func TestAProcessorThatFailsIsRunAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ how, said string }{
		{"exit 1", "processor failed in DIR [pausing]"},
		{"exit 111", "processor failed in DIR [pausing]"},
		{"kill -9 $$", "processor crashed in DIR [pausing]"},
		{"cat; echo half >&5; exit 2", "processor failed in DIR [pausing]"},
	} {
		x := newPatient(t, "s4096", "!if test -e ../go; then cat; echo state >&5; exit 0; fi; "+c.how, "ROOT/d")
		put(t, x.Pipe, []byte(block(0)))
		x.await(t, 3)
		put(t, x.Pipe, []byte("goes on beside it\n"))
		if old := archived(t, x.dir); len(old) != 0 {
			t.Errorf("%s: there is %q already", c.how, old)
		}
		must(t, os.WriteFile(x.root+"/go", nil, 0o600))
		eventually(t, "the archive", func() bool { return len(archived(t, x.dir)) == 1 })
		closed(t, x.Pipe)
		wantBytes(t, c.how, logged(t, x.dir), []byte(block(0)+"goes on beside it\n"))
		wantBytes(t, c.how+": state", slurp(t, x.dir+"/state"), []byte("state\n"))
		wantWarnings(t, x.warnings, strings.ReplaceAll(c.said, "DIR", x.dir))
	}
}

// The next Open finds what a processor that never worked has left.
func TestStopLeavesAFailingProcessorToTheNextStart(t *testing.T) {
	t.Parallel()
	for _, next := range []string{"!cat", "!tr 0-9 a-j", "e"} {
		x := newPatient(t, "s4096", "!exit 1", "ROOT/d")
		var want strings.Builder
		for i := range 5 {
			want.WriteString(block(i))
		}
		done := x.inBackground(t, want.String())
		x.await(t, 3)
		x.Stop()
		await(t, "the write after Stop", done)
		within(t, "Close", func() {
			if err := x.Close(); err == nil || !strings.HasPrefix(err.Error(), "processor failed in "+x.dir) {
				t.Errorf("Close: %v, want that the processor has failed", err)
			}
		})
		p := opened(t, Options{}, "s16777215", next, x.dir)
		put(t, p, []byte("later\n"))
		closed(t, p)
		got := logged(t, x.dir)
		if strings.HasPrefix(next, "!tr") { // what was finished went through it
			got = bytes.Map(func(c rune) rune {
				if c >= 'a' && c <= 'j' && !bytes.Contains(got, []byte("x")) {
					return c - 'a' + '0'
				}
				return c
			}, bytes.TrimSuffix(got, []byte("later\n")))
			got = append(got, "later\n"...)
		}
		wantBytes(t, next, got, []byte(want.String()+"later\n"))
	}
}

func TestAStalledDirectoryHoldsUpTheOthersAndLosesNothing(t *testing.T) {
	t.Parallel()
	x := newPatient(t, "ROOT/a", "ROOT/d", "ROOT/z")
	put(t, x.Pipe, []byte("one\n"))
	must(t, os.RemoveAll(x.dir))
	must(t, os.WriteFile(x.dir, nil, 0o600))
	done := x.inBackground(t, "two\n")
	x.await(t, 3)
	wantBytes(t, "the one before", slurp(t, x.root+"/a/current"), []byte("one\ntwo\n"))
	must(t, os.Remove(x.dir))
	await(t, "the write after the repair", done)
	put(t, x.Pipe, []byte("three\n"))
	closed(t, x.Pipe)
	wantBytes(t, "the one before", logged(t, x.root+"/a"), []byte("one\ntwo\nthree\n"))
	wantBytes(t, "the stalled one", logged(t, x.root+"/d"), []byte("two\nthree\n"))
	wantBytes(t, "the one behind", logged(t, x.root+"/z"), []byte("one\ntwo\nthree\n"))
}

// A processor that works slowly or fails does not hold up other directories
// until its own is full a second time.
func TestAFailingProcessorDoesNotHoldUpOthersAtOnce(t *testing.T) {
	t.Parallel()
	x := newPatient(t, "s4096", "!test -e ../go && cat", "ROOT/d", "n100", "s16777215", "ROOT/z")
	put(t, x.Pipe, []byte(block(0)))
	x.await(t, 2)
	put(t, x.Pipe, []byte("between\n"))
	wantBytes(t, "the other", slurp(t, x.root+"/z/current"), []byte(block(0)+"between\n"))
	must(t, os.WriteFile(x.root+"/go", nil, 0o600))
	put(t, x.Pipe, []byte(block(1)))
	closed(t, x.Pipe)
	wantBytes(t, "its own", logged(t, x.dir), []byte(block(0)+"between\n"+block(1)))
}

func TestRotateOfABrokenDirectoryLosesNothing(t *testing.T) {
	t.Parallel()
	x := newPatient(t, "ROOT/d")
	put(t, x.Pipe, []byte("one\n"))
	must(t, os.Mkdir(x.dir+"/previous", 0o700)) // in the way of the rename
	in := pipeInput(t, "two\n")
	in.end()
	done := make(chan struct{})
	x.Rotate()
	go func() {
		defer close(done)
		if err := x.Run(in.r); err != nil {
			t.Error(err)
		}
	}()
	x.await(t, 3)
	must(t, os.Remove(x.dir+"/previous"))
	await(t, "Run after the repair", done)
	closed(t, x.Pipe)
	wantBytes(t, "all", logged(t, x.dir), []byte("one\ntwo\n"))
	wantWarnings(t, x.warnings, pausing("unable to rename current to previous in directory "+x.dir, syscall.EEXIST))
}

// The plain file is reopened on a device that is always full, and again on a
// file that is not.
func TestAFullPlainFileIsWaitedFor(t *testing.T) {
	t.Parallel()
	x := newPatient(t, "file=ROOT/app.log")
	name := x.root + "/app.log"
	put(t, x.Pipe, []byte("one\n"))
	f := x.outlets[0].sink.(fileSink).f
	reopen := func(link string) {
		t.Helper()
		must(t, os.Remove(name))
		must(t, os.Symlink(link, name))
		must(t, f.Close()) // lumberjack opens it again at the next write
	}
	must(t, os.WriteFile(x.root+"/real", nil, 0o600))
	reopen("/dev/full")
	done := x.inBackground(t, "two\nthree\n")
	x.await(t, 3)
	x.Stop() // does not matter: the lines are in no file
	x.await(t, 3)
	reopen(x.root + "/real")
	await(t, "the write after the repair", done)
	wantBytes(t, "the file", slurp(t, name), []byte("two\nthree\n"))
	wantWarnings(t, x.warnings, pausing("unable to write to "+name, syscall.ENOSPC))
}

func TestWarningsAreOptional(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/d"
	p := opened(t, Options{}, dir)
	must(t, os.RemoveAll(dir))
	put(t, p, []byte("one\n"))
	closed(t, p)
	wantBytes(t, "current", logged(t, dir), []byte("one\n"))
}

func TestAnAbandonedDirectoryIsFinishedByTheNextOpen(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	put := func(words ...string) error {
		s, err := Parse(words)
		must(t, err)
		return New(s, Options{}).Open()
	}
	p := opened(t, Options{}, root+"/d")
	_, _ = p.Write([]byte("one\n"))
	closed(t, p)
	if err := put("="+root+"/s", root+"/d", root+"/d"); err == nil {
		t.Error("a directory was opened twice")
	}
	fi, err := os.Stat(root + "/d/current")
	must(t, err)
	if fi.Mode() != 0o644 {
		t.Errorf("current has mode %v, want it unmarked", fi.Mode())
	}
	p = opened(t, Options{}, root+"/d") // its lock is free
	closed(t, p)
	wantBytes(t, "all", logged(t, root+"/d"), []byte("one\n"))
}

// Every kind of failing step is asked of the policy: those that hold lines
// are tried for ever, the others until Stop.
func TestStopEndsThePauseOnlyWhereNoLineIsHeld(t *testing.T) {
	t.Parallel()
	p := New(&Script{}, Options{Pause: time.Millisecond})
	for _, c := range []struct {
		err  error
		stop bool
		want bool
	}{
		{&rotate.Error{Text: "x"}, false, true}, {&rotate.Error{Text: "x", Writing: true}, false, true},
		{syscall.EIO, false, true},
		{&rotate.Error{Text: "x", Writing: true}, true, true},
		{fmt.Errorf("wrapped: %w", &rotate.Error{Text: "x", Writing: true}), true, true},
	} {
		if c.stop {
			p.Stop()
		}
		if got := p.retry(c.err); got != c.want {
			t.Errorf("%v, stopped %v: %v, want %v", c.err, c.stop, got, c.want)
		}
	}
	p.opt.Pause = time.Hour
	for _, err := range []error{&rotate.Error{Text: "x"}, syscall.EIO} {
		within(t, "a stopped pause", func() {
			if p.retry(err) {
				t.Errorf("%v: tried again after Stop", err)
			}
		})
	}
}
