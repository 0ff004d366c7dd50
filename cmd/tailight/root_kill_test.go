//go:build root && linux

package main

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestRootAKillBehindSetuidgidLosesNothing kills a multilog whose standard
// input belongs to somebody else, so that it cannot be opened anew. What is
// killed has not read, or read a part of a line, or all there was.
func TestRootAKillBehindSetuidgidLosesNothing(t *testing.T) {
	t.Parallel()
	program := publicMultilog(t)
	dir := filepath.Dir(program)
	main := filepath.Join(dir, "main")
	if err := os.Mkdir(main, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(main, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	words := []string{"t", "s4096", "n1000", "./main"}
	pipe, err := newConduit()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pipe.close)
	start := func() *job { return startLoggerOn(t, pipe, io.Discard, program, dir, nobody, words...) }
	j := start()
	const rounds = 20
	for i := range rounds {
		text := numbered(10*i, 10*i+10)
		if err := pipe.feed(j, text[:len(text)-i]); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(main, "spool")); err != nil {
			t.Fatal(err)
		}
		if _, err := pipe.w.Write(text[len(text)-i:]); err != nil {
			t.Fatal(err)
		}
		if err := j.signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if err := j.wait(); err != nil {
			t.Fatal(err)
		}
		j = start()
	}
	finish(t, j, pipe, main, numbered(0, 10*rounds))
}
