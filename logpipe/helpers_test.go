package logpipe

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tailight/tailight/tai64"
)

// limit is how long a test waits for an event before it gives up.
const limit = 30 * time.Second

// moment is what the fixed clock of the tests shows.
var moment = time.Unix(1e9, 0)

func fixedClock() *tai64.Clock { return &tai64.Clock{Now: func() time.Time { return moment }} }

// fixedStamp is the n-th stamp, from 0, of a fixed clock.
func fixedStamp(n int) string { return tai64.At(moment).Add(time.Duration(n)).String() + " " }

// opened returns an open pipe that is closed at the end of the test.
func opened(t testing.TB, opt Options, words ...string) *Pipe {
	t.Helper()
	s, err := Parse(words)
	if err != nil {
		t.Fatal(err)
	}
	p := New(s, opt)
	if err := p.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Stop() // whatever the test has left broken, do not wait for it
		_ = p.Close()
	})
	return p
}

func put(t testing.TB, p *Pipe, b []byte) {
	t.Helper()
	if n, err := p.Write(b); n != len(b) || err != nil {
		t.Fatalf("Write of %d bytes: %d, %v", len(b), n, err)
	}
}

func closed(t testing.TB, p *Pipe) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

// within runs f and fails if it is not done within the limit.
func within(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	await(t, what, done)
}

// await waits until done is closed.
func await(t testing.TB, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(limit):
		t.Fatalf("not within %v: %s", limit, what)
	}
}

// eventually waits until the condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	end := time.After(limit)
	for !holds() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

func slurp(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// archived lists the old files of a log directory, oldest first.
func archived(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "@*"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// logged is all that a closed log directory holds, oldest first.
func logged(t testing.TB, dir string) []byte {
	t.Helper()
	var all []byte
	for _, name := range append(archived(t, dir), filepath.Join(dir, "current")) {
		all = append(all, slurp(t, name)...)
	}
	return all
}

func wantBytes(t testing.TB, what string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	part := func(b []byte) []byte { return b[max(at-20, 0):min(at+40, len(b))] }
	t.Errorf("%s: %d bytes, want %d; they differ at byte %d:\n%q, want\n%q",
		what, len(got), len(want), at, part(got), part(want))
}

// osPipe makes a pipe whose ends block, as standard input does; those of
// os.Pipe do not.
func osPipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	var fds [2]int
	syscall.ForkLock.RLock()
	err := syscall.Pipe(fds[:])
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	must(t, err)
	r, w = os.NewFile(uintptr(fds[0]), "reading end"), os.NewFile(uintptr(fds[1]), "writing end")
	t.Cleanup(func() {
		_ = r.Close()
		_ = w.Close()
	})
	return r, w
}

// warnings collects what a pipe warns of.
type warnings struct {
	mu   sync.Mutex
	said []string
	more chan struct{} // one token for every warning
}

func newWarnings() *warnings { return &warnings{more: make(chan struct{}, 1<<16)} }

func (w *warnings) warn(err error, pausing bool) {
	text := err.Error()
	if pausing {
		text += " [pausing]"
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, text)
	select {
	case w.more <- struct{}{}:
	default:
	}
}

func (w *warnings) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.said)
}

// await waits for the next n warnings.
func (w *warnings) await(t testing.TB, n int) {
	t.Helper()
	for range n {
		select {
		case <-w.more:
		case <-time.After(limit):
			t.Fatalf("no warning within %v; so far: %q", limit, w.all())
		}
	}
}
