//go:build linux

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tailight/tailight/supervise"
)

// Experiments that showed a weakness of 0.76, where no other test repeats them.
// The table in ARCHITECTURE.md says which test belongs to which.

// TestKillsWithoutInputEvictNoHistory: in 0.76 each of them makes an empty
// archive, which counts like any other.
func TestKillsWithoutInputEvictNoHistory(t *testing.T) {
	t.Parallel()
	for _, outage := range []bool{false, true} {
		w := tale(t)
		const text = "a line of the history\n"
		for i := range 9 {
			w.do(t, put(fmt.Sprintf("d/@40000000%08x00000000.s", 0x3b9aca00+i), 0o744, text))
		}
		for range 12 {
			w.do(t, multilog("s4096", "n10", "./d"), idle(), sig(syscall.SIGKILL))
			if outage { // nothing is known of the one before
				for _, name := range []string{"spool", "progress"} {
					if err := os.Remove(filepath.Join(w.dir, "d", name)); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		w.do(t, multilog("s4096", "n10", "./d"), idle(), eof())
		names, err := filepath.Glob(filepath.Join(w.dir, "d", "@*"))
		if err != nil || len(names) != 9 {
			t.Errorf("outage %v: archives %q, %v; want 9", outage, names, err)
		}
		for _, name := range names {
			if got := readAll(name); got != text {
				t.Errorf("outage %v: %s is %q", outage, name, got)
			}
		}
	}
}

// TestHalfALineOutlivesAKill: in 0.76 it is gone, and the rest of it comes as a
// line of its own.
func TestHalfALineOutlivesAKill(t *testing.T) {
	t.Parallel()
	half := strings.Repeat("x", 900)
	w := tale(t, multilog("./d"), feed("one\n"+half), sig(syscall.SIGKILL), multilog("./d"), idle(), sig(syscall.SIGKILL),
		multilog("./d"), feed("TAIL\n"), eof())
	if got, want := readAll(filepath.Join(w.dir, "d/current")), "one\n"+half+"TAIL\n"; got != want {
		t.Errorf("current is %q, want %q", got, want)
	}
}

// TestTermDuringARotationIsObeyed: 0.76 sees it at the next input, which may
// never come.
func TestTermDuringARotationIsObeyed(t *testing.T) {
	t.Parallel()
	in, err := newConduit()
	if err != nil {
		t.Fatal(err)
	}
	defer in.close()
	s := storm{t: t, bin: ours(t), dir: t.TempDir(), words: []string{"t", "s4096", "n1000", "./d"},
		line: "%08d a line of a hundred bytes, forty of which are as much as a file takes; the rest goes to the next\n"}
	for range 30 {
		j := s.start(in.r)
		for range 50 {
			if _, err := in.w.WriteString(s.text(s.lines)); err != nil {
				t.Fatal(err)
			}
			s.lines++
		}
		if err := until("all of it read", j, func() bool { return in.unread() == 0 }); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(2 * time.Millisecond)) // not to wait for anything: any moment of the rotation
		if err := j.signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		select {
		case <-j.exited:
		case <-time.After(5 * time.Second):
			t.Error("alive five seconds after TERM")
			_ = j.signal(syscall.SIGKILL)
		}
		if err := j.wait(); err != nil || j.end() != "exit 0" {
			t.Errorf("%s, %v", j.end(), err)
		}
	}
	s.check("d")
	s.checkSaid()
}

// TestAServiceThatCannotRunIsNeverShownAsUp: 0.76 shows the zombie of the child
// that could not execute it, for nearly all of the time.
func TestAServiceThatCannotRunIsNeverShownAsUp(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]step{
		"missing":        put("sv/", 0o755, ""),
		"not executable": put("sv/run", 0o644, "#!/bin/sh\n"),
		"no program":     put("sv/run", 0o755, "#!/no/such/program\n"),
	} {
		w := tale(t, step, run("supervise", "sv"), said("unable to start sv/run"))
		control := filepath.Join(w.dir, "sv", "supervise")
		looks := 0
		if err := until("three tries", w.job, func() bool {
			status, err := supervise.ReadStatus(control)
			if err != nil || status.PID != 0 {
				t.Errorf("%s: %+v, %v", name, status, err)
			}
			looks++
			return strings.Count(readAll(w.stderr.Name()), "unable to start sv/run") >= 3
		}); err != nil {
			t.Error(err)
		}
		if looks < 20 {
			t.Errorf("%s: only %d looks", name, looks)
		}
		w.do(t, commanded("dx"))
		ended(t, w, "exit 0")
	}
}

// TestWhatStandsInThePlaceOfCurrentIsSaid: multilog ends, and what it stands in
// for is not touched. 0.76 tries for ever, and TERM does not end it.
func TestWhatStandsInThePlaceOfCurrentIsSaid(t *testing.T) {
	t.Parallel()
	w := tale(t, put("d/current/", 0o755, ""), put("d/current/mine", 0o644, "mine"), multilog("./d"), over())
	if got, said := w.job.end(), readAll(w.stderr.Name()); got != "exit 111" || !strings.HasPrefix(said, "multilog: fatal: unable to ") {
		t.Errorf("%s; it said %q", got, said)
	}
	if got := readAll(filepath.Join(w.dir, "d/current/mine")); got != "mine" {
		t.Errorf("it is %q", got)
	}
}

// TestAStuckLoggerDoesNotHoldItsServiceUp: behind a multilog of 0.76 that waits for
// anything the service stands still after 65536 bytes.
func TestAStuckLoggerDoesNotHoldItsServiceUp(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		stick, loosen func(dir string) error
		words         []string
	}{
		"a processor that hangs": {
			func(dir string) error { return os.WriteFile(dir+"/stuck", nil, 0o600) },
			func(dir string) error { return os.Remove(dir + "/stuck") },
			[]string{"s500k", "n100", "!while test -e ../stuck; do sleep 0.02; done; cat", "./d"},
		},
		"a directory that cannot be opened": {
			func(dir string) error {
				return errors.Join(os.RemoveAll(dir+"/d"), os.WriteFile(dir+"/d", nil, 0o600))
			},
			func(dir string) error { return os.Remove(dir + "/d") },
			[]string{"s2g", "./a", "./d"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tale(t, multilog(row.words...), idle())
			if err := row.stick(w.dir); err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for i := 0; all.Len() < 10<<20; i++ {
				fmt.Fprintf(&all, "%08d a line of a service that does not know how its log fares\n", i)
			}
			written := make(chan error, 1)
			go func() {
				_, err := w.pipe.w.WriteString(all.String())
				written <- err
			}()
			select {
			case err := <-written:
				if err != nil {
					t.Fatal(err)
				}
			case <-time.After(limit):
				t.Fatal("the service stands still")
			}
			logged := func() string {
				var b strings.Builder
				names, _ := filepath.Glob(w.dir + "/d/@*")
				for _, name := range append(names, w.dir+"/d/current") {
					b.WriteString(readAll(name))
				}
				return b.String()
			}
			if n := len(logged()); n > 1<<20 {
				t.Errorf("%d bytes are logged: nothing is stuck", n)
			}
			if err := row.loosen(w.dir); err != nil {
				t.Fatal(err)
			}
			w.pipe.closeWriter()
			w.do(t, over())
			if got := w.job.end(); got != "exit 0" || logged() != all.String() {
				t.Errorf("%s; %d bytes are logged, want %d; it said %q", got, len(logged()), all.Len(), readAll(w.stderr.Name()))
			}
		})
	}
}
