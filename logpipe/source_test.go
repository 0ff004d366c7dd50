package logpipe

import (
	"bytes"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestAWayRefusesWhatItCannotWaitFor(t *testing.T) {
	t.Parallel()
	for _, w := range ways {
		for _, k := range kinds {
			in := k.make(t, "")
			src, err := w.open(int(in.r.Fd()))
			if refuses := strings.Contains(w.refuses, k.name); refuses != (err != nil) {
				t.Errorf("%s, %s: error %v, want one: %v", w.name, k.name, err, refuses)
			}
			if err == nil {
				src.close()
			}
			in.end()
		}
	}
}

func TestAllBytesArriveAndTheEndIsSeen(t *testing.T) {
	eachWay(t, anyKind, func(t *testing.T, w way, k inputKind) {
		rnd := rand.New(rand.NewPCG(uint64(len(k.name)), 3))
		text := make([]byte, 700000)
		for i := range text {
			text[i] = byte(rnd.Uint32())
		}
		if k.name == "terminal" {
			text = bytes.Repeat([]byte("an ordinary line\n"), 50)
		}
		in := k.make(t, string(text[:500]))
		if in.put == nil { // all at once, or nothing
			in = k.make(t, string(text))
		}
		g := w.start(t, in, "s16777215")
		if in.put != nil {
			for _, b := range cut(rnd, text[500:]) {
				in.put(b)
			}
		}
		in.end()
		g.wait(t)
		must(t, g.Close())
		if text[len(text)-1] != '\n' {
			text = append(text, '\n')
		}
		if k.name == "null" {
			text = nil
		}
		wantBytes(t, "current", []byte(g.current(t)), text)
	})
}

func TestLinesArriveOneByOne(t *testing.T) {
	eachWay(t, live, func(t *testing.T, w way, k inputKind) {
		in := k.make(t, "")
		g := w.start(t, in)
		var want strings.Builder
		for _, line := range []string{"one\n", "\n", "two\nthree\n", strings.Repeat("x", 900) + "\n"} {
			in.put([]byte(line))
			want.WriteString(line)
			eventually(t, "the line in current", func() bool { return g.current(t) == want.String() })
		}
		in.end()
		g.wait(t)
	})
}

func TestStopEndsAWait(t *testing.T) {
	eachWay(t, live, func(t *testing.T, w way, k inputKind) {
		in := k.make(t, "one\n")
		g := w.start(t, in)
		eventually(t, "the line", func() bool { return g.current(t) == "one\n" })
		g.Stop()
		g.Stop()
		g.wait(t)
		must(t, g.Close())
		if got := g.current(t); got != "one\n" {
			t.Errorf("current is %q", got)
		}
	})
}

func TestStopBeforeRunReadsNothing(t *testing.T) {
	eachWay(t, clean, func(t *testing.T, w way, k inputKind) {
		in := k.make(t, "one\ntwo\n")
		p := opened(t, Options{}, filepath.Join(t.TempDir(), "d"))
		p.Stop()
		within(t, "Run", func() { must(t, w.run(p, in.r)) })
		in.end()
		wantRest(t, in, "one\ntwo\n")
	})
}

func TestStopReadsToTheEndOfTheLineAndNotAByteFurther(t *testing.T) {
	eachWay(t, clean, func(t *testing.T, w way, k inputKind) {
		in := k.make(t, "first\npar")
		g := w.start(t, in)
		eventually(t, "an empty input", func() bool { return waiting(t, in.r) == 0 })
		g.Stop()
		in.put([]byte("tial\nnext line\nand more"))
		g.wait(t)
		must(t, g.Close())
		if got := g.current(t); got != "first\npartial\n" {
			t.Errorf("current is %q", got)
		}
		in.end()
		wantRest(t, in, "next line\nand more")
	})
}

func TestStopInALongLineReadsToItsEnd(t *testing.T) {
	eachWay(t, clean, func(t *testing.T, w way, k inputKind) {
		start, rest := strings.Repeat("x", 1500), strings.Repeat("y", 9000)
		in := k.make(t, start)
		g := w.start(t, in)
		eventually(t, "the streamed bytes", func() bool { return g.current(t) == start })
		g.Stop()
		in.put([]byte(rest + "\nnext\n"))
		g.wait(t)
		must(t, g.Close())
		wantBytes(t, "current", []byte(g.current(t)), []byte(start+rest+"\n"))
		in.end()
		wantRest(t, in, "next\n")
	})
}

func TestTheEndOfInputEndsALineAfterStop(t *testing.T) {
	eachWay(t, clean, func(t *testing.T, w way, k inputKind) {
		in := k.make(t, "par")
		g := w.start(t, in)
		eventually(t, "an empty input", func() bool { return waiting(t, in.r) == 0 })
		g.Stop()
		in.put([]byte("ti"))
		in.end()
		g.wait(t)
		must(t, g.Close())
		if got := g.current(t); got != "parti\n" {
			t.Errorf("current is %q", got)
		}
	})
}

func TestRotateDuringAWaitIsObeyedAtOnce(t *testing.T) {
	eachWay(t, live, func(t *testing.T, w way, k inputKind) {
		in := k.make(t, "one\n")
		g := w.start(t, in)
		eventually(t, "the line", func() bool { return g.current(t) == "one\n" })
		g.Rotate()
		eventually(t, "an old file", func() bool { return len(archived(t, g.dir)) == 1 && g.current(t) == "" })
		g.Rotate() // current is empty now
		eventually(t, "the rotation of nothing", func() bool { return !g.rotating.Load() })
		in.put([]byte("two\n"))
		eventually(t, "the next line", func() bool { return g.current(t) == "two\n" })
		g.Rotate()
		g.Rotate()
		eventually(t, "a second old file", func() bool { return len(archived(t, g.dir)) == 2 && g.current(t) == "" })
		in.end()
		g.wait(t)
		must(t, g.Close())
		wantBytes(t, "all files", logged(t, g.dir), []byte("one\ntwo\n"))
		if names := archived(t, g.dir); len(names) != 2 {
			t.Errorf("old files %q, want two", names)
		}
	})
}

// The vectors of section 23.2 about ALRM in the middle of a line.
func TestRotateLeavesAHeldLineForTheNextFileAndCutsAStreamedOne(t *testing.T) {
	eachWay(t, clean, func(t *testing.T, w way, k inputKind) {
		streamed := strings.Repeat("x", 1500)
		in := k.make(t, "one\npart")
		g := w.start(t, in)
		eventually(t, "an empty input", func() bool { return waiting(t, in.r) == 0 && g.current(t) == "one\n" })
		g.Rotate()
		eventually(t, "the first old file", func() bool { return len(archived(t, g.dir)) == 1 })
		in.put([]byte("ial\n" + streamed))
		eventually(t, "the streamed bytes", func() bool { return g.current(t) == "partial\n"+streamed })
		g.Rotate()
		eventually(t, "the second old file", func() bool { return len(archived(t, g.dir)) == 2 })
		in.put([]byte("rest\n"))
		in.end()
		g.wait(t)
		must(t, g.Close())
		names := archived(t, g.dir)
		wantBytes(t, "first", slurp(t, names[0]), []byte("one\n"))
		wantBytes(t, "second", slurp(t, names[1]), []byte("partial\n"+streamed))
		wantBytes(t, "current", []byte(g.current(t)), []byte("rest\n"))
	})
}

// A wake that comes while no pump runs ends the next one, and does no harm
// to those after it.
func TestAWakeEndsOnePumpAndNoInputIsLostByIt(t *testing.T) {
	eachWay(t, live, func(t *testing.T, w way, k inputKind) {
		in := k.make(t, "")
		src, err := w.open(int(in.r.Fd()))
		must(t, err)
		t.Cleanup(src.close)
		idle := func() verdict { return wait }
		src.wake()
		within(t, "a pump after a wake", func() { must(t, src.pump(idle)) })
		for range 3 {
			done := make(chan struct{})
			go func() {
				defer close(done)
				must(t, src.pump(idle))
			}()
			src.wake()
			src.wake()
			await(t, "a pump during wakes", done)
		}
		var got atomic.Int32
		done := make(chan struct{})
		go func() {
			defer close(done)
			for got.Load() < 6 {
				must(t, src.pump(func() verdict {
					var b [8]byte
					n, errno := src.read(b[:])
					if errno == syscall.EAGAIN {
						return wait
					}
					got.Add(int32(n))
					if got.Load() == 6 {
						return halt
					}
					return more
				}))
			}
		}()
		in.put([]byte("ab\n"))
		src.wake()
		in.put([]byte("cd\n"))
		await(t, "six bytes", done)
	})
}

func TestAWakeAfterCloseDoesNoHarm(t *testing.T) {
	t.Parallel()
	for _, w := range ways {
		in := pipeInput(t, "")
		src, err := w.open(int(in.r.Fd()))
		must(t, err)
		src.wake()
		src.close()
		src.wake()
	}
}

func TestTheFlagsOfTheSharedOpenFileStayAsTheyAre(t *testing.T) {
	eachWay(t, anyKind, func(t *testing.T, w way, k inputKind) {
		for _, nonblocking := range []bool{false, true} {
			in := k.make(t, "one\n")
			fd := int(in.r.Fd())
			must(t, syscall.SetNonblock(fd, nonblocking))
			flags := func() int {
				n, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
				must(t, err)
				return n
			}
			before := flags()
			g := w.start(t, in)
			if k.name != "null" {
				eventually(t, "the line", func() bool { return g.current(t) == "one\n" })
			}
			if during := flags(); during != before {
				t.Errorf("flags %#x while Run waits, want %#x", during, before)
			}
			in.end()
			g.wait(t)
			if after := flags(); after != before {
				t.Errorf("flags %#x after Run, want %#x", after, before)
			}
		}
	})
}

func TestADescriptorThatDoesNotBlockIsWaitedFor(t *testing.T) {
	eachWay(t, live, func(t *testing.T, w way, k inputKind) {
		in := k.make(t, "")
		must(t, syscall.SetNonblock(int(in.r.Fd()), true))
		g := w.start(t, in)
		for _, want := range []string{"one\n", "one\ntwo\n"} {
			in.put([]byte(want[len(want)-4:]))
			eventually(t, "the line", func() bool { return g.current(t) == want })
		}
		select {
		case <-g.done:
			t.Error("Run has ended before its input")
		default:
		}
		in.end()
		g.wait(t)
	})
}

func TestAReadErrorIsReportedAndLosesNothing(t *testing.T) {
	t.Parallel()
	dir, err := os.Open(t.TempDir())
	must(t, err)
	defer dir.Close()
	p := opened(t, Options{}, filepath.Join(t.TempDir(), "d"))
	put(t, p, []byte("part"))
	within(t, "Run", func() { err = p.Run(dir) })
	if err == nil || err.Error() != "unable to read standard input: "+syscall.EISDIR.Error() {
		t.Errorf("error %v, want unable to read standard input: is a directory", err)
	}
	closed(t, p)
	wantBytes(t, "current", slurp(t, p.script.outlets[0].path+"/current"), []byte("part\n"))
}

func TestAResetConnectionIsAReadError(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	must(t, err)
	server, err := l.Accept()
	must(t, err)
	in, err := server.(*net.TCPConn).File()
	must(t, err)
	defer in.Close()
	must(t, server.Close())
	_, err = client.Write([]byte("one\n"))
	must(t, err)
	dir := filepath.Join(t.TempDir(), "d")
	p := opened(t, Options{}, dir)
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = p.Run(in)
	}()
	eventually(t, "the line", func() bool { return string(slurp(t, dir+"/current")) == "one\n" })
	must(t, client.(*net.TCPConn).SetLinger(0))
	must(t, client.Close())
	await(t, "the end of Run", done)
	if err == nil || err.Error() != "unable to read standard input: "+syscall.ECONNRESET.Error() {
		t.Errorf("error %v, want connection reset", err)
	}
}

func TestAWriteOnlyDescriptorIsAReadError(t *testing.T) {
	t.Parallel()
	_, w := osPipe(t)
	p := opened(t, Options{})
	var err error
	within(t, "Run", func() { err = p.Run(w) })
	if err == nil || err.Error() != "unable to read standard input: "+syscall.EBADF.Error() {
		t.Errorf("error %v, want bad file descriptor", err)
	}
}

func TestRunGoesOnWhereAnEarlierRunStopped(t *testing.T) {
	t.Parallel()
	a, b := pipeInput(t, "one\npar"), pipeInput(t, "tial\nthree\n")
	a.end()
	b.end()
	dir := filepath.Join(t.TempDir(), "d")
	p := opened(t, Options{}, dir)
	within(t, "two Runs", func() {
		must(t, p.Run(a.r))
		must(t, p.Run(b.r))
	})
	closed(t, p)
	wantBytes(t, "current", slurp(t, dir+"/current"), []byte("one\npartial\nthree\n"))
}

func TestRunLeavesItsInputOpen(t *testing.T) {
	t.Parallel()
	in := pipeInput(t, "one\n")
	p := opened(t, Options{})
	p.Stop()
	within(t, "Run", func() { must(t, p.Run(in.r)) })
	in.end()
	if n := waiting(t, in.r); n != 4 {
		t.Errorf("%d bytes are left, want 4", n)
	}
}

// Rotate and Stop may come at any moment, from any goroutine.
func TestSignalsAtAnyMomentLoseNothing(t *testing.T) {
	eachWay(t, clean, func(t *testing.T, w way, k inputKind) {
		in := k.make(t, "")
		g := w.start(t, in, "n1000000", "s16777215")
		stop := make(chan struct{})
		rotations := make(chan struct{})
		go func() {
			defer close(rotations)
			for range time.Tick(100 * time.Microsecond) {
				select {
				case <-stop:
					return
				default:
					g.Rotate()
				}
			}
		}()
		var want []byte
		for i := range 3000 {
			line := []byte(strings.Repeat("x", i%50) + "\n")
			in.put(line)
			want = append(want, line...)
		}
		close(stop)
		<-rotations
		in.end()
		g.wait(t)
		must(t, g.Close())
		wantBytes(t, "all files", logged(t, g.dir), want)
	})
}
