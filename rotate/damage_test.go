package rotate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
)

func (l *logDir) ok(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func TestARemovedCurrentCostsOnlyWhatWasInIt(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	d := l.open()
	l.write(d, "lost\n")
	l.ok(os.Remove(l.path("current")))
	l.write(d, "one\n")
	l.write(d, "two\n")
	l.rotate(d)
	l.write(d, "three\n")
	l.close(d)
	l.wantContents("one\ntwo\n", "three\n")
	l.wantTold("find " + l.name + "/current, starting a new one: no such file or directory")
}

func TestACurrentThatIsRemovedJustBeforeItsRotationIsStartedAnew(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	d := l.open()
	l.write(d, "lost\n")
	l.ok(os.Remove(l.path("current")))
	l.rotate(d)
	l.write(d, "one\n")
	l.close(d)
	l.wantContents("one\n")
	l.wantTold("find " + l.name + "/current, starting a new one: no such file or directory")
}

// TestARenamedCurrentIsWrittenOnUntilTheRotation is what happens when somebody
// rotates a log directory by hand.
func TestARenamedCurrentIsWrittenOnUntilTheRotation(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	d := l.open()
	l.write(d, "one\n")
	l.ok(os.Rename(l.path("current"), l.path("mine")))
	l.write(d, "two\n")
	l.rotate(d)
	l.write(d, "three\n")
	l.close(d)
	l.wantContents("three\n")
	if got := l.read("mine"); got != "one\ntwo\n" {
		t.Errorf("the renamed file holds %q", got)
	}
	l.wantTold("find " + l.name + "/current, starting a new one: no such file or directory")
}

func TestARemovedDirectoryIsMadeAnew(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	d := l.open()
	l.write(d, "lost\n")
	l.ok(os.RemoveAll(l.name))
	l.write(d, "one\n")
	l.write(d, "two\n")
	if _, err := Open(l.name, l.opt); !errors.Is(err, syscall.EAGAIN) {
		t.Errorf("the new directory is not locked: %v", err)
	}
	l.rotate(d)
	l.write(d, "three\n")
	l.close(d)
	l.wantContents("one\ntwo\n", "three\n")
	l.wantTold("find " + l.name + "/current, starting a new one: no such file or directory")
	if fi, err := os.Stat(l.name); err != nil || fi.Mode().Perm() != 0o700 {
		t.Errorf("its mode: %v, %v", fi.Mode(), err)
	}
}

// TestADirectoryMayBeRemovedAtAnyStepOfARotation removes it before each call
// of the walk, and goes on writing.
func TestADirectoryMayBeRemovedAtAnyStepOfARotation(t *testing.T) {
	t.Parallel()
	for _, processor := range []bool{false, true} {
		calls := 1
		for at := 1; at <= calls; at++ {
			l := newLogDir(t)
			counter := &countingFS{at: at, strike: func() { l.ok(os.RemoveAll(l.name)) }}
			l.opt.HasProcessor = processor
			l.opt.run = func(*processing) error { return nil }
			l.opt.openFS = counter.enterFS
			l.opt.Retry = func(err error) bool { l.told = append(l.told, err.Error()); return len(l.told) < 10 }
			l.opt.spawn = func(run func()) { counter.on = true; run(); counter.on = false }
			d := l.open()
			l.write(d, "lost\n")
			l.rotate(d)
			l.write(d, "one\n")
			l.rotate(d)
			l.write(d, "two\n")
			l.close(d)
			if !processor {
				if got := strings.Join(l.contents(), ""); !strings.HasSuffix(got, "two\n") {
					t.Errorf("before call %d: %q", at, got)
				}
			}
			if len(l.told) > 2 {
				t.Errorf("before call %d: told %q", at, l.told)
			}
			calls = counter.calls
		}
		if calls < 5 {
			t.Errorf("only %d calls", calls)
		}
	}
}

// countingFS is the real file system, with something that happens just before
// one of the calls that a walk makes on the directory.
type countingFS struct {
	fsys
	on     bool // a walk is going on
	calls  int  // its calls so far, those of all walks
	at     int
	strike func()
}

func (c *countingFS) enterFS(name string) (fsys, error) {
	real, err := openFS(name)
	c.fsys = real
	return c, err
}

func (c *countingFS) call() {
	if !c.on {
		return
	}
	if c.calls++; c.calls == c.at {
		c.strike()
	}
}

func (c *countingFS) open(name string, flag int, perm fs.FileMode) (file, error) {
	c.call()
	return c.fsys.open(name, flag, perm)
}
func (c *countingFS) stat(name string) (info, error) { c.call(); return c.fsys.stat(name) }
func (c *countingFS) rename(from, to string) error   { c.call(); return c.fsys.rename(from, to) }
func (c *countingFS) link(from, to string) error     { c.call(); return c.fsys.link(from, to) }
func (c *countingFS) remove(name string) error       { c.call(); return c.fsys.remove(name) }
func (c *countingFS) names() ([]string, error)       { c.call(); return c.fsys.names() }
func (c *countingFS) sync() error                    { c.call(); return c.fsys.sync() }

func TestASecondWriterIsKeptOut(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	d := l.open()
	l.write(d, "one\n")
	_, err := Open(l.name, l.opt)
	var e *Error
	if want := "unable to lock directory " + l.name + ": resource temporarily unavailable"; !errors.As(err, &e) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	l.write(d, "two\n")
	l.close(d)
	l.wantContents("one\ntwo\n")
	l.close(l.open())
}

// TestWhatCannotBeOpenedIsSaid puts directories in the place of files, which
// nobody may open for writing, root neither.
func TestWhatCannotBeOpenedIsSaid(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, file, text string
	}{
		{"the directory is a file", "", "open directory %s: not a directory"},
		{"the parent is missing", "missing", "open directory %s: no such file or directory"},
		{"lock is a directory", "lock", "lock directory %s: is a directory"},
		{"current is a directory", "current", "append to %s/current: is a directory"},
		{"state is a directory", "state", "write to %s/state: is a directory"},
		{"processed is a directory", "processed", "remove %s/processed: is a directory"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			l := newLogDir(t)
			switch row.file {
			case "":
				l.ok(os.WriteFile(l.name, nil, 0o600))
			case "missing":
				l.name += "/missing/main"
			default:
				l.ok(os.Mkdir(l.name, 0o700))
				mode := os.FileMode(0o600)
				if row.file == "current" {
					mode = 0o700 // the mark
				}
				l.ok(os.Mkdir(l.path(row.file), mode))
			}
			_, err := Open(l.name, l.opt)
			if err == nil || !strings.HasPrefix(err.Error(), "unable to "+fmt.Sprintf(row.text, l.name)) {
				t.Errorf("got %v", err)
			}
			if row.file != "" && row.file != "missing" {
				l.ok(os.Remove(l.path(row.file)))
				l.close(l.open()) // nothing was left locked
			}
		})
	}
}

// TestARotationThatIsGivenUpIsFinishedByTheNextOpen has something in the way
// of the processor's output. The last lines go to current by Append.
func TestARotationThatIsGivenUpIsFinishedByTheNextOpen(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	l.opt.Processor, l.opt.HasProcessor = "tr a-z A-Z", true
	d := l.open()
	d.failures = -enough // no file is left without its processor yet
	l.ok(os.Mkdir(l.path("processed"), 0o600))
	full, rest := lines(30, 100), lines(50, 99)
	l.write(d, full) // full: the rotation begins, and cannot end
	l.write(d, full)
	n, err := d.Write([]byte(rest))
	if err == nil || n != 0 {
		t.Fatalf("wrote %d bytes, %v", n, err)
	}
	m, err := d.Append([]byte(rest))
	if m != len(rest) || err != nil {
		t.Fatalf("appended %d bytes, %v", m, err)
	}
	if err := d.Close(); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("Close: %v", err)
	}
	if l.read("previous") != full || l.read("current") != full+rest {
		t.Error("not all there")
	}
	l.ok(os.Remove(l.path("processed")))
	l.close(l.open())
	l.wantContents(full, full+rest, "")
	for i, suffix := range []string{".s", ".u"} {
		if name := l.archives()[i]; name[labelSize:] != suffix {
			t.Errorf("archive %s", name)
		}
	}
}

func TestRetryMayGiveUp(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	l.opt.HasProcessor = true
	l.opt.run = func(*processing) error { return errors.New("processor failed") }
	l.opt.Retry = func(err error) bool { l.told = append(l.told, err.Error()); return len(l.told)%3 != 0 }
	l.opt.spawn = func(run func()) { run() }
	d := l.open()
	l.write(d, "one\n")
	l.rotate(d) // gives up after the third time
	if len(l.told) != 3 {
		t.Errorf("told %q", l.told)
	}
	l.write(d, "two\n")
	if err := d.Close(); err == nil || err.Error() != "processor failed" {
		t.Errorf("Close: %v", err)
	}
	if len(l.told) != 6 {
		t.Errorf("told %q", l.told)
	}
	l.opt.run = func(p *processing) error { _, err := p.out.write([]byte("ONE\n")); return err }
	l.close(l.open())
	l.wantContents("ONE\n", "two\n", "")
}
