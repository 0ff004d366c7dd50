package logpipe

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A way is one way of waiting for a descriptor.
type way struct {
	name    string
	open    func(fd int) (source, error)
	refuses string // the kinds of input it does not take
}

// ways are all that this system has; the tests of systems add to it.
var ways = []way{
	{name: "chosen", open: newSource},
	{name: "poll", open: func(fd int) (source, error) { return newPollSource(fd) }},
}

// An input is a descriptor that is read, and the other end of it.
type input struct {
	r   *os.File
	put func(b []byte) // nil: all there will ever be is in it
	end func()         // no more will be put
}

// An inputKind is a kind of input.
type inputKind struct {
	name string
	make func(t testing.TB, before string) input // before: what is to be read first
}

// kinds are those of all systems; the tests of systems add to it.
var kinds = []inputKind{
	{"pipe", pipeInput}, {"fifo", fifoInput}, {"socket", socketInput}, {"file", fileInput}, {"null", nullInput},
}

func pipeInput(t testing.TB, before string) input {
	r, w := osPipe(t)
	return feeding(t, r, w, before)
}

func feeding(t testing.TB, r, w *os.File, before string) input {
	in := input{r: r, put: func(b []byte) {
		if _, err := w.Write(b); err != nil {
			t.Error(err)
		}
	}, end: func() { _ = w.Close() }}
	if before != "" {
		in.put([]byte(before))
	}
	return in
}

func fifoInput(t testing.TB, before string) input {
	t.Helper()
	name := filepath.Join(t.TempDir(), "fifo")
	must(t, syscall.Mkfifo(name, 0o600))
	fd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	must(t, err)
	w, err := os.OpenFile(name, os.O_WRONLY, 0)
	must(t, err)
	w.Fd()
	must(t, syscall.SetNonblock(fd, false))
	r := os.NewFile(uintptr(fd), name)
	t.Cleanup(func() {
		_ = r.Close()
		_ = w.Close()
	})
	return feeding(t, r, w, before)
}

func socketInput(t testing.TB, before string) input {
	t.Helper()
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	must(t, err)
	r, w := os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "peer")
	t.Cleanup(func() {
		_ = r.Close()
		_ = w.Close()
	})
	return feeding(t, r, w, before)
}

// fileInput is a file that is read from an offset.
func fileInput(t testing.TB, before string) input {
	t.Helper()
	const skipped = "not to be read\n"
	name := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(name, []byte(skipped+before), 0o600))
	r, err := os.Open(name)
	must(t, err)
	t.Cleanup(func() { _ = r.Close() })
	_, err = r.Seek(int64(len(skipped)), io.SeekStart)
	must(t, err)
	return input{r: r, end: func() {}}
}

func nullInput(t testing.TB, _ string) input {
	t.Helper()
	r, err := os.Open(os.DevNull)
	must(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return input{r: r, end: func() {}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run is Run with a given way of waiting.
func (w way) run(p *Pipe, in *os.File) error {
	src, err := w.open(int(in.Fd()))
	if err != nil {
		return err
	}
	defer src.close()
	return p.run(src)
}

// A going is a pipe that runs beside the test.
type going struct {
	*Pipe
	dir  string
	err  error // of Run, when done
	done chan struct{}
}

// start lets a pipe with a directory run by a way of waiting.
func (w way) start(t testing.TB, in input, words ...string) *going {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "d")
	g := &going{Pipe: opened(t, Options{}, append(words, dir)...), dir: dir, done: make(chan struct{})}
	go func() {
		defer close(g.done)
		g.err = w.run(g.Pipe, in.r)
	}()
	t.Cleanup(func() {
		g.Stop()
		in.end()
		<-g.done
	})
	return g
}

func (g *going) wait(t testing.TB) {
	t.Helper()
	await(t, "the end of Run", g.done)
	must(t, g.err)
}

// current is what current holds. In the middle of a rotation there is none.
func (g *going) current(t testing.TB) string {
	b, err := os.ReadFile(filepath.Join(g.dir, "current"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(b)
}

// eachWay runs a test for every way of waiting that takes every kind of input
// chosen by the filter.
func eachWay(t *testing.T, takes func(inputKind) bool, test func(t *testing.T, w way, k inputKind)) {
	t.Parallel()
	for _, k := range kinds {
		if !takes(k) {
			continue
		}
		for _, w := range ways {
			if strings.Contains(w.refuses, k.name) {
				continue
			}
			t.Run(w.name+" "+k.name, func(t *testing.T) {
				t.Parallel()
				test(t, w, k)
			})
		}
	}
}

func anyKind(inputKind) bool { return true }

// live kinds are those that one may have to wait for.
func live(k inputKind) bool { return k.name != "file" && k.name != "null" }

// clean kinds are live and carry any bytes.
func clean(k inputKind) bool { return live(k) && k.name != "terminal" }

// wantRest holds that just this is still to be read.
func wantRest(t *testing.T, in input, want string) {
	t.Helper()
	rest, err := io.ReadAll(in.r)
	if err != nil || string(rest) != want {
		t.Errorf("%q is left (%v), want %q", rest, err, want)
	}
}

// waiting is how many bytes are in the descriptor.
func waiting(t testing.TB, f *os.File) int {
	t.Helper()
	n, err := unix.IoctlGetInt(int(f.Fd()), bytesWaiting)
	must(t, err)
	return n
}
