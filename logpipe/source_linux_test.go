package logpipe

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const bytesWaiting = unix.TIOCINQ

func init() {
	ways = append(ways,
		way{name: "reopened", open: reopened, refuses: "socket file null terminal"},
		way{name: "nested", open: nested, refuses: "file null"},
	)
	kinds = append(kinds, inputKind{"terminal", terminalInput})
}

// terminalInput is the program's side of a pseudo-terminal; the end is ^D.
func terminalInput(t testing.TB, before string) input {
	t.Helper()
	master, slave := terminal(t)
	in := feeding(t, slave, master, before)
	in.end = func() { _, _ = master.Write([]byte{4}) }
	return in
}

func terminal(t testing.TB) (master, slave *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	must(t, err)
	master = os.NewFile(uintptr(fd), "master")
	t.Cleanup(func() { _ = master.Close() })
	must(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	must(t, err)
	fd, err = unix.Open(fmt.Sprintf("/dev/pts/%d", n), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	must(t, err)
	slave = os.NewFile(uintptr(fd), "slave")
	t.Cleanup(func() { _ = slave.Close() })
	mode, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	must(t, err)
	mode.Lflag &^= unix.ECHO // nobody reads what the terminal shows
	must(t, unix.IoctlSetTermios(fd, unix.TCSETS, mode))
	return master, slave
}

// The side of the terminal that a person sits at fails when the program has
// gone.
func TestATerminalThatFailsIsAReadErrorInEveryWay(t *testing.T) {
	t.Parallel()
	for _, w := range ways {
		if w.name == "reopened" {
			continue
		}
		master, slave := terminal(t)
		_, err := slave.Write([]byte("one\n"))
		must(t, err)
		g := w.start(t, input{r: master, end: func() {}})
		eventually(t, "the line", func() bool { return g.current(t) == "one\r\n" })
		must(t, slave.Close())
		await(t, "the end of Run", g.done)
		if g.err != syscall.EIO {
			t.Errorf("%s: error %v, want EIO", w.name, g.err)
		}
	}
}

// chosenFor says which way newSource has taken.
func chosenFor(src source) string {
	switch s := src.(type) {
	case *pollSource:
		return "poll"
	case *epollSource:
		if s.blocks {
			return "nested"
		}
		return "reopened"
	}
	return fmt.Sprintf("%T", src)
}

func TestEachKindOfInputGetsTheCheapestWay(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"pipe": "reopened", "fifo": "reopened", "socket": "nested", "terminal": "nested", "file": "poll", "null": "poll",
	}
	for _, k := range kinds {
		in := k.make(t, "")
		src, err := newSource(int(in.r.Fd()))
		must(t, err)
		if got := chosenFor(src); got != want[k.name] {
			t.Errorf("%s: %s, want %s", k.name, got, want[k.name])
		}
		src.close()
		in.end()
	}
}

// After setuidgid a pipe belongs to somebody else and cannot be opened anew.
// A FIFO without permissions is that for an ordinary user; root may open it.
func TestAPipeThatMayNotBeOpenedAnewIsWatched(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "fifo")
	must(t, syscall.Mkfifo(name, 0o600))
	r, err := os.OpenFile(name, os.O_RDWR, 0)
	must(t, err)
	defer r.Close()
	must(t, os.Chmod(name, 0))
	src, err := newSource(int(r.Fd()))
	must(t, err)
	defer src.close()
	want := "nested"
	if os.Geteuid() == 0 {
		want = "reopened"
	}
	if got := chosenFor(src); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAFloodWidensThePipe(t *testing.T) {
	t.Parallel()
	in := pipeInput(t, "")
	g := ways[0].start(t, in, "s16777215", "n1000000")
	flood := make([]byte, 1<<20)
	size := func() int {
		n, err := unix.FcntlInt(in.r.Fd(), unix.F_GETPIPE_SZ, 0)
		must(t, err)
		return n
	}
	before := size()
	put := func() { in.put(flood) }
	put()
	put()
	if after := size(); after < before {
		t.Errorf("the pipe has %d bytes, had %d", after, before)
	}
	in.end()
	g.wait(t)
}

func TestWidenIsHarmlessWhereThereIsNoPipe(t *testing.T) {
	t.Parallel()
	for _, k := range kinds {
		in := k.make(t, "x\n")
		Widen(in.r)
		if k.name == "pipe" || k.name == "fifo" {
			n, err := unix.FcntlInt(in.r.Fd(), unix.F_GETPIPE_SZ, 0)
			if err != nil || n < 65536 && os.Geteuid() == 0 {
				t.Errorf("%s: %d bytes, %v", k.name, n, err)
			}
		}
		in.end()
	}
}

// TestAWiderPipeIsLeftAsItIs has a pipe that somebody has enlarged before, if
// that is allowed, and one of the usual size otherwise.
func TestAWiderPipeIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	in := pipeInput(t, "")
	want, err := unix.FcntlInt(in.r.Fd(), unix.F_SETPIPE_SZ, 2*widePipe)
	if err != nil {
		want, err = unix.FcntlInt(in.r.Fd(), unix.F_GETPIPE_SZ, 0)
	}
	must(t, err)
	widen(int(in.r.Fd()), want/2)
	if got, err := unix.FcntlInt(in.r.Fd(), unix.F_GETPIPE_SZ, 0); err != nil || got != want {
		t.Errorf("the pipe has %d bytes, %v, had %d", got, err, want)
	}
	in.end()
}

// Not parallel: it counts the descriptors of the process.
func TestSourcesLeakNoDescriptor(t *testing.T) {
	count := func() int {
		names, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		return len(names)
	}
	inputs := make([]input, len(kinds))
	for i, k := range kinds {
		inputs[i] = k.make(t, "")
	}
	before := count()
	for range 10 {
		for i, k := range kinds {
			for _, w := range ways {
				src, err := w.open(int(inputs[i].r.Fd()))
				if err == nil {
					src.wake()
					src.close()
				} else if w.refuses == "" {
					t.Errorf("%s, %s: %v", w.name, k.name, err)
				}
			}
		}
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors more than before", after-before)
	}
	for _, bad := range []int{-1, 1 << 20} {
		if src, err := newSource(bad); err == nil {
			src.close()
		}
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors more than before, after descriptors that are not open", after-before)
	}
}
