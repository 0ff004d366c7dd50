package rotate

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// TestSeveralGoroutinesMayWrite has four of them, each with its own numbered
// lines, and one that rotates.
func TestSeveralGoroutinesMayWrite(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	l.opt.Num = 1000
	d := l.open()
	const writers, each = 4, 300
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				line := fmt.Sprintf("%d %04d %s\n", w, i, strings.Repeat("x", i%100))
				if n, err := d.Write([]byte(line)); n != len(line) || err != nil {
					t.Errorf("wrote %d bytes, %v", n, err)
				}
			}
		})
	}
	group.Go(func() {
		for range 20 {
			if err := d.Rotate(); err != nil {
				t.Error(err)
			}
		}
	})
	group.Wait()
	l.close(d)
	var next [writers]int
	for line := range strings.Lines(strings.Join(l.contents(), "")) {
		var w, i int
		if _, err := fmt.Sscanf(line, "%d %d", &w, &i); err != nil || i != next[w] {
			t.Fatalf("line %q, want %d of writer %d", line, next[w], w)
		}
		next[w]++
	}
	if next != [writers]int{each, each, each, each} {
		t.Errorf("lines of each writer: %v", next)
	}
	l.wantTold()
}

// TestTheWriterDoesNotWaitForAProcessor writes on while one is kept busy; only
// the second rotation waits.
func TestTheWriterDoesNotWaitForAProcessor(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	started, goOn := make(chan struct{}, 2), make(chan struct{})
	l.opt.HasProcessor = true
	l.opt.run = func(p *processing) error {
		started <- struct{}{}
		<-goOn
		_, err := p.out.write([]byte("done\n"))
		return err
	}
	d := l.open()
	l.write(d, "one\n")
	l.rotate(d)
	<-started
	l.write(d, "two\n")
	if got := l.read("current"); got != "two\n" {
		t.Errorf("current holds %q", got)
	}
	second := make(chan error)
	go func() { second <- d.Rotate() }()
	select {
	case err := <-second:
		t.Errorf("the second rotation did not wait: %v", err)
	default:
	}
	close(goOn)
	l.ok(<-second)
	l.close(d)
	l.wantContents("done\n", "done\n", "")
}

// TestCloseWaitsForTheRotation closes while a processor runs.
func TestCloseWaitsForTheRotation(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	started, goOn := make(chan struct{}), make(chan struct{})
	l.opt.HasProcessor = true
	l.opt.run = func(p *processing) error {
		close(started)
		<-goOn
		return nil
	}
	d := l.open()
	l.write(d, "one\n")
	l.rotate(d)
	<-started
	closed := make(chan error)
	go func() { closed <- d.Close() }()
	select {
	case err := <-closed:
		t.Errorf("it did not wait: %v", err)
	default:
	}
	close(goOn)
	l.ok(<-closed)
	l.wantContents("", "")
}

// TestClosingGivesUpTheLockWhileOthersFork closes and opens a directory while
// processes are started beside it: a child has a copy of every descriptor
// until it executes its program.
func TestClosingGivesUpTheLockWhileOthersFork(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	forks := make(chan error)
	go func() {
		defer close(forks)
		for range 150 {
			forks <- exec.Command("/bin/sh", "-c", ":").Run()
		}
	}()
	failed := 0
	for going := true; going; {
		root, err := openFS(l.name)
		if err == nil {
			err = root.close()
		}
		if err != nil {
			failed++
		}
		select {
		case err, going = <-forks:
			if err != nil {
				t.Error(err)
			}
		default:
		}
	}
	if failed > 0 {
		t.Errorf("the lock was still held %d times", failed)
	}
}
