//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tailight/tailight/rotate"
)

const (
	stormWriters = 2
	stormLines   = 12000 // of each
)

// followed is a line of the storm, without its stamp.
func followed(n int) string { return fmt.Sprintf("%06d %s", n, strings.Repeat("x", n*7%400)) }

// writeStorm lets a multilog of its own log the lines to a directory of very small files.
func writeStorm(t *testing.T, program, dir string, seed uint64) error {
	in, err := newConduit()
	if err != nil {
		return err
	}
	defer in.close()
	cmd := exec.Command(program, "t", "s4096", "n1000000", dir)
	cmd.Env, cmd.Stdin = testEnv(""), in.r
	j, err := startJob(cmd)
	if err != nil {
		return err
	}
	rnd := rand.New(rand.NewPCG(seed, 7))
	for n := 0; n < stormLines; {
		var b strings.Builder
		for range 1 + rnd.IntN(30) {
			if n < stormLines {
				b.WriteString(followed(n) + "\n")
				n++
			}
		}
		if _, err := in.w.WriteString(b.String()); err != nil {
			return err
		}
	}
	in.closeWriter()
	if err := j.wait(); err != nil {
		return err
	}
	if got := j.end(); got != "exit 0" {
		return fmt.Errorf("multilog: %s", got)
	}
	return nil
}

// TestAFollowerOfRealMultilogsGetsEachLineOnce has two of them rotate thousands of
// times, and readers that stop at any line and go on with the cursor.
func TestAFollowerOfRealMultilogsGetsEachLineOnce(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	program := filepath.Join(ours(t), "multilog")
	cursor := filepath.Join(base, "cursor")
	var dirs []string
	var writing sync.WaitGroup
	for i := range stormWriters {
		dir := filepath.Join(base, string(rune('a'+i)))
		dirs = append(dirs, dir)
		writing.Go(func() {
			if err := writeStorm(t, program, dir, uint64(i)); err != nil {
				t.Error(err)
			}
		})
	}
	written := make(chan struct{})
	go func() { writing.Wait(); close(written) }()
	next := make([]int, stormWriters)
	rnd := rand.New(rand.NewPCG(3, 4))
	runs := 0
	for over := false; !over; runs++ {
		select {
		case <-written:
			over = true
		default:
		}
		after, err := rotate.LoadCursor(cursor)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		if !over {
			go func() {
				select {
				case <-written:
					cancel()
				case <-ctx.Done():
				}
			}()
		}
		r := rotate.NewReader(dirs, rotate.ReadOptions{Follow: !over, Wait: true, After: after, Warn: func(err error) { t.Error(err) }})
		left := 1 + rnd.IntN(3000)
		for l, err := range r.Lines(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			if want := followed(next[l.Source]); string(l.Bare()) != want {
				t.Fatalf("run %d: %s: %.60q, want %.60q", runs, dirs[l.Source], l.Bare(), want)
			}
			next[l.Source]++
			if left--; left == 0 && !over {
				break
			}
		}
		cancel()
		if err := r.Cursor().Save(cursor); err != nil {
			t.Fatal(err)
		}
	}
	archives, _ := filepath.Glob(filepath.Join(base, "*", "@*"))
	t.Logf("%d rotations, %d runs of a reader", len(archives), runs)
	if len(archives) < 1000 {
		t.Errorf("%d rotations are no storm", len(archives))
	}
	for i, n := range next {
		if n != stormLines {
			t.Errorf("%s: %d lines of %d", dirs[i], n, stormLines)
		}
	}
}
