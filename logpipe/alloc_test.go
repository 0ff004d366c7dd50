package logpipe

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// loads are the usual scripts, for counting and measuring. DIR stands for a
// new directory.
var loads = []struct{ name, words string }{
	{"stamped", "t s16777215 n2 DIR/d"},
	{"bare", "s16777215 n2 DIR/d"},
	{"stamped, two patterns", "t -*debug* +*error* s16777215 n2 DIR/d"},
	{"bare, two patterns", "-*debug* +*error* s16777215 n2 DIR/d"},
	{"stamped with Unix time", "T s16777215 n2 DIR/d"},
	{"bare, two globs", "F -*debug* +*[Ee]rror[[:punct:]]* s1g n2 DIR/d"},
	{"bare, two regular expressions", "drop=de[a-b]ug select=[Ee]rror$ s1g n2 DIR/d"},
	{"stamped with ISO 8601", "stamp=iso s16777215 n2 DIR/d"},
	{"two directories", "t s16777215 n2 DIR/a -*debug* s16777215 n2 DIR/b"},
	{"alerts", "-* +*debug* e"},
	{"status", "=DIR/s"},
	{"nothing", ""},
}

// loaded opens a pipe for a load.
func loaded(t testing.TB, words string) *Pipe {
	t.Helper()
	script := strings.Fields(strings.ReplaceAll(words, "DIR", t.TempDir()))
	return opened(t, Options{Alert: func([]byte) {}}, script...)
}

// linesOf returns n lines of a size, every tenth of them about debugging.
func linesOf(size, n int) []byte {
	var b []byte
	for i := range n {
		line := fmt.Sprintf("service[%d]: ", i%100000)
		if i%10 == 0 {
			line += "debug "
		}
		b = append(append(b, line...), bytes.Repeat([]byte("x"), size-1-len(line))...)
		b = append(b, '\n')
	}
	return b
}

// Not parallel: it counts what the process allocates.
func TestNoLineAllocates(t *testing.T) {
	for _, l := range loads {
		if raced && strings.Contains(l.name, "regular expression") {
			continue
		}
		if l.name == "status" {
			continue // a new file for every batch
		}
		for _, batch := range [][]byte{linesOf(97, 1), linesOf(97, 40), linesOf(400, 10), linesOf(3000, 1)} {
			p := loaded(t, l.words)
			for range 20 { // buffers grow at the start
				put(t, p, batch)
			}
			if n := testing.AllocsPerRun(100, func() { _, _ = p.Write(batch) }); n != 0 {
				t.Errorf("%s, %d bytes: %v allocations", l.name, len(batch), n)
			}
		}
	}
}

// used counts how often a source has been read until it was used up, that is,
// how often everything that was read is in the files.
type used struct {
	source
	times atomic.Int32
}

func (u *used) read(p []byte) (int, syscall.Errno) {
	n, errno := u.source.read(p)
	if errno == syscall.EAGAIN {
		u.times.Add(1)
	}
	return n, errno
}

// Not parallel either. Each line is waited for. The poll source is read only
// when there is something, so that it never finds the input used up: there,
// a line that has left the pipe must do.
func TestNoReadAllocates(t *testing.T) {
	for _, w := range ways {
		in := pipeInput(t, "")
		src, err := w.open(int(in.r.Fd()))
		must(t, err)
		t.Cleanup(src.close)
		p := loaded(t, "t s16777215 n2 DIR/d")
		if w.name == "reopened" { // on Linux
			p = opened(t, Options{Spool: true}, "t", "s16777215", "n2", t.TempDir()+"/d")
			src = p.spooled(src)
		}
		u := &used{source: src}
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = p.run(u)
		}()
		line := linesOf(97, 1)
		one := func() {
			before := u.times.Load()
			in.put(line)
			for u.times.Load() == before && (w.name != "poll" || waiting(t, in.r) > 0) {
				runtime.Gosched()
			}
		}
		within(t, "lines one by one", func() {
			for range 10 {
				one()
			}
			if n := testing.AllocsPerRun(20, one); n != 0 {
				t.Errorf("%s: %v allocations for a line", w.name, n)
			}
		})
		in.end()
		await(t, "the end of Run", done)
	}
}

// BenchmarkPipe puts batches through Write, 64 KiB at a time.
func BenchmarkPipe(b *testing.B) {
	for _, l := range loads {
		for _, size := range []int{80, 97, 500, 5000} {
			b.Run(fmt.Sprintf("%s/%d", l.name, size), func(b *testing.B) {
				p := loaded(b, l.words)
				n := 65536 / size
				batch := linesOf(size, n)
				put(b, p, bytes.Repeat(batch, 8))
				b.SetBytes(int64(size))
				b.ReportAllocs()
				b.ResetTimer()
				for left := b.N; left > 0; left -= n {
					put(b, p, batch[:size*min(n, left)])
				}
			})
		}
	}
}

// BenchmarkRun reads lines of 97 bytes from a pipe as fast as they come.
func BenchmarkRun(b *testing.B) {
	for _, w := range ways {
		b.Run(w.name, func(b *testing.B) {
			in := pipeInput(b, "")
			src, err := w.open(int(in.r.Fd()))
			must(b, err)
			defer src.close()
			p := loaded(b, "t s16777215 n2 DIR/d")
			const n = 600
			batch := linesOf(97, n)
			b.SetBytes(97)
			b.ReportAllocs()
			b.ResetTimer()
			go func() {
				for left := b.N; left > 0; left -= n {
					in.put(batch[:97*min(n, left)])
				}
				in.end()
			}()
			must(b, p.run(src))
		})
	}
}

func BenchmarkGlob(b *testing.B) {
	line := linesOf(97, 1)[:96]
	for _, text := range []string{"*debug*", "*nothing of this*", "service*: debug *", "*[0-9]debug*", "*z"} {
		b.Run(text, func(b *testing.B) {
			g := compileGlob(text)
			b.ReportAllocs()
			for b.Loop() {
				g.match(line, 0)
			}
		})
	}
}

func BenchmarkMatch(b *testing.B) {
	line := linesOf(97, 1)[:96]
	for _, text := range []string{"*debug*", "*nothing of this*", "service*: debug *", "*z"} {
		b.Run(text, func(b *testing.B) {
			s := new(Script)
			s.choice(choose, text, false)
			a := &s.actions[0]
			b.ReportAllocs()
			for b.Loop() {
				a.matches(line, 0)
			}
		})
	}
}
