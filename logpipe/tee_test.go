package logpipe

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Tested elsewhere: what a kill does to it (rotate/kill_test.go). Not tested: a
// terminal that hangs up.

func TestTeeHasTheSameLinesAsADirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "d")
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	must(t, err)
	defer out.Close()
	p := opened(t, Options{Clock: fixedClock(), Out: out, Spool: true}, "stamp=iso", "-*1*", "s1000000", dir, "tee=1")
	for i := range 500 {
		put(t, p, fmt.Appendf(nil, "line %d %s", i, strings.Repeat("long ", i*i/10)))
		put(t, p, []byte("\n"))
	}
	put(t, p, []byte("no end"))
	closed(t, p)
	wantBytes(t, "standard output", slurp(t, out.Name()), logged(t, dir))
}

func TestTeeWaitsForASlowReader(t *testing.T) {
	t.Parallel()
	r, w := osPipe(t)
	p := opened(t, Options{Err: w}, "tee=2")
	input := linesOf(97, 10000)
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, _ = p.Write(input)
		_ = w.Close()
	}()
	var got []byte
	buf := make([]byte, 5000)
	within(t, "everything read", func() {
		for n, err := r.Read(buf); err == nil; n, err = r.Read(buf) {
			got = append(got, buf[:n]...)
		}
	})
	await(t, "everything written", written)
	wantBytes(t, "standard error", got, input)
}

func TestAReaderOfTeeWhoGoesIsMissedOnce(t *testing.T) {
	t.Parallel()
	r, w := osPipe(t)
	dir := filepath.Join(t.TempDir(), "d")
	said := newWarnings()
	p := opened(t, Options{Out: w, Warn: said.warn}, "tee=1", dir)
	put(t, p, []byte("one\n"))
	b := make([]byte, 10)
	if n, err := r.Read(b); string(b[:n]) != "one\n" || err != nil {
		t.Errorf("got %q, %v", b[:n], err)
	}
	must(t, r.Close())
	put(t, p, []byte("two\n"))
	put(t, p, []byte("three\n"))
	closed(t, p)
	wantBytes(t, dir, logged(t, dir), []byte("one\ntwo\nthree\n"))
	if want := "unable to write to standard output, no longer trying: broken pipe"; len(said.all()) != 1 || said.all()[0] != want {
		t.Errorf("said %q, want %q", said.all(), want)
	}
}

func TestStopDoesNotWaitForAReaderOfTeeForEver(t *testing.T) {
	t.Parallel()
	_, w := osPipe(t)
	dir := filepath.Join(t.TempDir(), "d")
	said := newWarnings()
	p := opened(t, Options{Out: w, Warn: said.warn, Pause: time.Millisecond}, "tee=1", "s1m", dir)
	input := linesOf(97, 5000)
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, _ = p.Write(input)
	}()
	select {
	case <-written:
		t.Fatal("nobody was waited for")
	case <-time.After(2 * teeLook): // not as proof: so that Stop comes in the middle of a wait
	}
	p.Stop()
	await(t, "the end of Write", written)
	closed(t, p)
	wantBytes(t, dir, logged(t, dir), input)
	if len(said.all()) != 1 || !strings.HasPrefix(said.all()[0], "unable to write to standard output, no longer trying") {
		t.Errorf("said %q", said.all())
	}
}

func TestPiecesOfTeeEndWithALineIfTheyCan(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "\n": "\n", "a": "a", "a\nb": "a\n", "a\nb\n": "a\nb\n"} {
		if got := string(wholeLines([]byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// given makes a pipe whose writing end is as a command is given it.
func given(t *testing.T) (r *os.File, fd int) {
	t.Helper()
	var fds [2]int
	must(t, syscall.Pipe(fds[:]))
	r = os.NewFile(uintptr(fds[0]), "reading end")
	t.Cleanup(func() { _ = r.Close() })
	return r, fds[1]
}

// Not parallel: another test's child must not get the descriptor.
func TestReadyIsToldWhenAllIsLocked(t *testing.T) {
	r, fd := given(t)
	dir := t.TempDir()
	p := opened(t, Options{}, fmt.Sprintf("ready=%d", fd), dir+"/a", dir+"/b")
	b, err := io.ReadAll(r) // to the end: nobody else has it
	if string(b) != "\n" || err != nil {
		t.Errorf("got %q, %v", b, err)
	}
	for _, d := range []string{"/a", "/b"} {
		s, err := Parse([]string{dir + d})
		must(t, err)
		if err := New(s, Options{}).Open(); err == nil {
			t.Errorf("%s is not locked", d)
		}
	}
	closed(t, p)
}

func TestReadyIsNotToldAfterAnError(t *testing.T) {
	r, fd := given(t)
	s, err := Parse([]string{fmt.Sprintf("ready=%d", fd), "/dev/null/d"})
	must(t, err)
	if err := New(s, Options{}).Open(); err == nil {
		t.Error("no error")
	}
	must(t, syscall.Close(fd))
	if b, err := io.ReadAll(r); len(b) != 0 || err != nil {
		t.Errorf("got %q, %v", b, err)
	}
}

func TestReadyWantsADescriptorThatWasGiven(t *testing.T) {
	t.Parallel()
	own, _ := osPipe(t) // close-on-exec, as all that the process opens itself
	for _, fd := range []int{int(own.Fd()), 1 << 20} {
		s, err := Parse([]string{fmt.Sprintf("ready=%d", fd), t.TempDir() + "/d"})
		must(t, err)
		want := fmt.Sprintf("unable to use descriptor %d for ready=: bad file descriptor", fd)
		if err := New(s, Options{}).Open(); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
