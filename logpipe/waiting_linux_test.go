package logpipe

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tailight/tailight/tai64"
	"golang.org/x/sys/unix"
)

// What a kill leaves while a pipe waits is tested in rotate (TestAKillAtAnyCall...)
// and in cmd/tailight (TestSIGKILL).

// stalled is a pipe that reads through a spool in the directory a, and whose
// directory d is in nobody's reach until it is repaired.
type stalled struct {
	*patient
	in      input
	running chan struct{} // closed when Run has returned
	err     error
}

func newStalled(t *testing.T, pause time.Duration, words ...string) *stalled {
	t.Helper()
	root := t.TempDir()
	x := &stalled{in: pipeInput(t, "")}
	x.patient = &patient{warnings: newWarnings(), root: root, dir: filepath.Join(root, "d")}
	x.Pipe = opened(t, Options{Spool: true, Pause: pause, Warn: x.warnings.warn}, append(words, root+"/a", x.dir)...)
	must(t, os.RemoveAll(x.dir))
	must(t, os.WriteFile(x.dir, nil, 0o600))
	x.start(t)
	return x
}

func (x *stalled) start(t *testing.T) {
	x.running = make(chan struct{})
	go func() {
		defer close(x.running)
		x.err = x.Run(x.in.r)
	}()
	t.Cleanup(func() {
		x.Stop()
		x.in.end()
		<-x.running
	})
}

func (x *stalled) repair(t *testing.T) {
	t.Helper()
	must(t, os.Remove(x.dir))
}

// finish ends the input, waits for the end, and wants both directories to hold the
// same lines.
func (x *stalled) finish(t *testing.T, want []byte) {
	t.Helper()
	x.in.end()
	await(t, "the end of Run", x.running)
	must(t, x.err)
	closed(t, x.Pipe)
	for _, dir := range []string{x.root + "/a", x.dir} {
		wantBytes(t, dir, logged(t, dir), want)
		if _, err := os.Stat(dir + "/spool"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s/spool is left: %v", dir, err)
		}
	}
}

// pour writes b into the pipe and says when all of it is there.
func (x *stalled) pour(t *testing.T, b []byte) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		x.in.put(b)
	}()
	t.Cleanup(func() {
		x.Stop()
		_ = x.in.r.Close()
		select {
		case <-done:
		case <-time.After(limit):
			t.Error("the writer still waits")
		}
	})
	return done
}

// flood is numbered lines, of so many bytes or a little more.
func flood(size int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "%09d a line of a flood that comes while somebody waits for something else\n", i)
	}
	return b.Bytes()
}

func spoolSize(t testing.TB, dir string) int64 {
	t.Helper()
	fi, err := os.Stat(filepath.Join(dir, "spool"))
	must(t, err)
	return fi.Size()
}

func pipeIsFull(t testing.TB, f *os.File) bool {
	t.Helper()
	size, err := unix.FcntlInt(f.Fd(), unix.F_GETPIPE_SZ, 0)
	must(t, err)
	return waiting(t, f) == size
}

// TestAStuckDestinationDoesNotHoldUpTheWriter lets the whole flood come within the first
// pause, which ends only by the test.
func TestAStuckDestinationDoesNotHoldUpTheWriter(t *testing.T) {
	t.Parallel()
	x := newStalled(t, 200*time.Millisecond, "s2g", "n100")
	all := flood(6 << 20)
	await(t, "the writer, while the directory is stuck", x.pour(t, all))
	x.await(t, 3)
	x.repair(t)
	eventually(t, "all lines", func() bool {
		fi, err := os.Stat(x.dir + "/current")
		return err == nil && fi.Size() == int64(len(all))
	})
	eventually(t, "a spool that is cut back", func() bool { return spoolSize(t, x.root+"/a") <= 2<<20 })
	x.in.put([]byte("later\n"))
	wantWarnings(t, x.warnings, "unable to find "+x.dir+"/current, starting a new one: "+syscall.ENOENT.Error(),
		pausing("unable to open directory "+x.dir, syscall.ENOTDIR))
	x.finish(t, append(all, "later\n"...))
}

// TestTheSpoolHasABound: what is beyond it stays in the pipe, as ever.
func TestTheSpoolHasABound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		word string
		most int64
	}{{"spool=1m", 1 << 20}, {"spool=200k", 200 << 10}, {"spool=0", 0}} {
		t.Run(c.word, func(t *testing.T) {
			t.Parallel()
			x := newStalled(t, 20*time.Millisecond, c.word, "s2g")
			all := flood(4 << 20)
			done := x.pour(t, all)
			eventually(t, "a full pipe", func() bool {
				return pipeIsFull(t, x.in.r) && (c.most == 0 || spoolSize(t, x.root+"/a") >= c.most)
			})
			x.await(t, len(x.all())+2) // it stays so for some pauses
			eventually(t, "a pipe that is full again", func() bool { return pipeIsFull(t, x.in.r) })
			if size := spoolSize(t, x.root+"/a"); size > max(c.most, 64<<10) {
				t.Errorf("the spool has %d bytes", size)
			}
			select {
			case <-done:
				t.Error("the writer has not waited")
			default:
			}
			x.repair(t)
			await(t, "the writer after the repair", done)
			x.finish(t, all)
		})
	}
}

// TestStopWhileInputRunsOnLeavesWhatWasTakenInTheSpool: the next start has all of
// it, and what was not taken is in the pipe.
func TestStopWhileInputRunsOnLeavesWhatWasTakenInTheSpool(t *testing.T) {
	t.Parallel()
	x := newStalled(t, time.Hour, "spool=1m", "s2g")
	all := flood(3 << 20)
	done := x.pour(t, all)
	eventually(t, "a full spool and a full pipe", func() bool {
		return pipeIsFull(t, x.in.r) && spoolSize(t, x.root+"/a") == 1<<20
	})
	x.Stop()
	await(t, "the end of Run", x.running)
	if err := x.Close(); !errors.Is(err, errLeft) {
		t.Errorf("Close: %v", err)
	}
	x.repair(t)
	x.Pipe = opened(t, Options{Spool: true, Warn: x.warnings.warn}, "s2g", x.root+"/a", x.dir)
	x.start(t)
	await(t, "the writer", done)
	x.finish(t, all)
}

// TestStopAfterAWaitWritesWhatWasTaken: the destination is there again, so nothing is
// left but what nobody has taken.
func TestStopAfterAWaitWritesWhatWasTaken(t *testing.T) {
	t.Parallel()
	x := newHanging(t, time.Hour, "s4096", "n1000000")
	all := flood(100 << 10)
	await(t, "the writer", x.pour(t, append(all, "no end"...)))
	eventually(t, "an empty pipe", func() bool { return waiting(t, x.in.r) == 0 })
	x.Stop()
	x.letGo(t)
	x.in.put([]byte(" but here\nthe next one's"))
	await(t, "the end of Run", x.running)
	must(t, x.err)
	closed(t, x.Pipe)
	wantBytes(t, "the directory", logged(t, x.dir), append(all, "no end but here\n"...))
	x.in.end()
	wantRest(t, x.in, "the next one's")
}

// TestStopLeavesWhatADestinationIsTooSlowFor: a processor hangs, for one file after the
// other, and the pipe has one pause to write what it has taken.
func TestStopLeavesWhatADestinationIsTooSlowFor(t *testing.T) {
	t.Parallel()
	x := newHanging(t, time.Millisecond, "s4096", "n1000000")
	all := flood(100 << 10)
	await(t, "the writer", x.pour(t, all))
	eventually(t, "an empty pipe", func() bool { return waiting(t, x.in.r) == 0 })
	x.Stop()
	// The one that is waited for comes to its end; of the next ones it is not asked.
	goes, err := os.OpenFile(x.root+"/go", os.O_WRONLY, 0)
	must(t, err)
	must(t, goes.Close())
	await(t, "the end of Run", x.running)
	within(t, "Close, with a processor that hangs", func() {
		if err := x.Close(); !errors.Is(err, errLeft) {
			t.Errorf("Close: %v", err)
		}
	})
	x.in.end()
	x.letGo(t)
	next := opened(t, Options{Spool: true}, "s4096", "n1000000", "!cat", x.dir)
	closed(t, next)
	wantBytes(t, "what the next start makes of it", logged(t, x.dir), all)
}

// newHanging is a pipe with a directory whose processors hang until letGo.
func newHanging(t *testing.T, pause time.Duration, words ...string) *stalled {
	t.Helper()
	root := t.TempDir()
	must(t, syscall.Mkfifo(root+"/go", 0o600))
	x := &stalled{in: pipeInput(t, ""), patient: &patient{warnings: newWarnings(), root: root, dir: root + "/a"}}
	x.Pipe = opened(t, Options{Spool: true, Pause: pause, Warn: x.warnings.warn}, append(words, "!cat ../go; cat", x.dir)...)
	x.start(t)
	return x
}

func (x *stalled) letGo(t *testing.T) {
	t.Helper()
	goes, err := os.OpenFile(x.root+"/go", os.O_RDWR, 0)
	must(t, err)
	must(t, os.Remove(x.root+"/go"))
	must(t, os.WriteFile(x.root+"/go", nil, 0o600)) // for those that come
	must(t, goes.Close())
}

// TestAProcessorThatHangsDoesNotHoldUpTheWriter: ten megabytes come while it does.
func TestAProcessorThatHangsDoesNotHoldUpTheWriter(t *testing.T) {
	t.Parallel()
	x := newHanging(t, time.Hour, "s1m", "n100")
	all := flood(10 << 20)
	await(t, "the writer, while a processor hangs", x.pour(t, all))
	eventually(t, "an empty pipe", func() bool { return waiting(t, x.in.r) == 0 })
	if n := len(archived(t, x.dir)); n != 0 {
		t.Errorf("%d files are done with", n)
	}
	x.letGo(t)
	x.finish(t, all)
	wantWarnings(t, x.warnings)
}

// TestSignalsAreObeyedAfterAWait asks for a rotation and another script while input
// runs on.
func TestSignalsAreObeyedAfterAWait(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	words := func(more ...string) {
		must(t, os.WriteFile(root+"/words", []byte(strings.Join(append(more, root+"/a", root+"/d"), "\n")), 0o600))
	}
	words("s2g")
	x := &stalled{in: pipeInput(t, ""), patient: &patient{warnings: newWarnings(), root: root, dir: root + "/d"}}
	s, err := Read([]string{"config=" + root + "/words"})
	must(t, err)
	x.Pipe = New(s, Options{Spool: true, Pause: 100 * time.Millisecond, Warn: x.warnings.warn})
	must(t, x.Open())
	t.Cleanup(func() { x.Stop(); _ = x.Close() })
	must(t, os.RemoveAll(x.dir))
	must(t, os.WriteFile(x.dir, nil, 0o600))
	x.start(t)
	all := flood(1 << 20)
	await(t, "the writer", x.pour(t, all))
	eventually(t, "an empty pipe", func() bool { return waiting(t, x.in.r) == 0 })
	words("s2g", "prefix=new: ")
	x.Rotate()
	x.Reload()
	x.repair(t)
	eventually(t, "a rotation", func() bool { return len(archived(t, x.dir)) == 1 && len(archived(t, root+"/a")) == 1 })
	eventually(t, "the new script", func() bool { return !x.reloading.Load() })
	x.in.put([]byte("line\n"))
	x.finish(t, append(all, "new: line\n"...))
}

// TestLinesThatWaitedHaveTheTimeTheyWereTaken moves the clock while a directory is stuck.
func TestLinesThatWaitedHaveTheTimeTheyWereTaken(t *testing.T) {
	t.Parallel()
	for _, stamp := range []string{"t", "stamp=iso"} {
		root := t.TempDir()
		x := &stalled{in: pipeInput(t, ""), patient: &patient{warnings: newWarnings(), root: root, dir: root + "/d"}}
		var now, reads atomic.Int64
		clock := &tai64.Clock{Now: func() time.Time {
			defer reads.Add(1)
			return moment.Add(time.Duration(now.Load()))
		}}
		x.Pipe = opened(t, Options{Spool: true, Pause: time.Millisecond, Clock: clock, Warn: x.warnings.warn}, stamp, "s4096", root+"/a", x.dir)
		must(t, os.RemoveAll(x.dir))
		must(t, os.WriteFile(x.dir, nil, 0o600))
		x.start(t)
		var want strings.Builder
		line := func(at time.Duration, text string) {
			now.Store(int64(at))
			before := reads.Load()
			x.in.put([]byte(text + "\n"))
			eventually(t, "an empty pipe, and its time", func() bool { return waiting(t, x.in.r) == 0 && reads.Load() > before })
			for i := range strings.Count(text, "\n") + 1 {
				label := tai64.At(moment.Add(at + time.Duration(i)))
				if stamp == "t" {
					want.WriteString(label.String())
				} else {
					want.Write(tai64.ISOStamps.Append(nil, label)[:30])
				}
				want.WriteString(" " + strings.Split(text, "\n")[i] + "\n")
			}
		}
		line(0, "the one that is stuck")
		x.await(t, 2)
		line(time.Minute, "while it is")
		line(2*time.Minute, "two\nlater")
		line(time.Hour, strings.Repeat("a long one that needs a file of its own ", 150))
		line(2*time.Hour, "and one more")
		now.Store(int64(3 * time.Hour))
		x.repair(t)
		eventually(t, "two full files", func() bool { return len(archived(t, x.dir)) == 2 })
		line(4*time.Hour, "as ever")
		x.finish(t, []byte(want.String()))
	}
}

func TestALongWaitIsMarkedLessOften(t *testing.T) {
	t.Parallel()
	var in intake
	const day = 24 * 3600
	for s := range day {
		in.mark(mark{off: int64(s), at: tai64.At(moment).Add(time.Duration(s) * time.Second)})
	}
	if n := len(in.marks); n < 3000 || n > 5000 {
		t.Errorf("%d marks in a day", n)
	}
	for _, m := range in.marks {
		if at := tai64.At(moment).Add(time.Duration(m.off) * time.Second); m.at != at {
			t.Fatalf("offset %d is marked %v, want %v", m.off, m.at, at)
		}
	}
}

// TestAReaderOfTeeWhoIsSlowDoesNotHoldUpTheWriter has one who does not read at first.
func TestAReaderOfTeeWhoIsSlowDoesNotHoldUpTheWriter(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	r, w := osPipe(t)
	x := &stalled{in: pipeInput(t, ""), patient: &patient{warnings: newWarnings(), root: root, dir: root + "/a"}}
	x.Pipe = opened(t, Options{Spool: true, Out: w, Pause: time.Millisecond, Warn: x.warnings.warn}, "s2g", x.dir, "tee=1")
	x.start(t)
	all := flood(4 << 20)
	await(t, "the writer, while nobody reads", x.pour(t, all))
	x.in.end()
	got := make([]byte, len(all))
	within(t, "everything read", func() {
		_, err := io.ReadFull(r, got)
		must(t, err)
	})
	wantBytes(t, "standard output", got, all)
	x.finish(t, all)
}
