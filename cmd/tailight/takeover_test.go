//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tailight/tailight/supervise"
)

// What a killed svscan leaves, and the next one takes over. How a pipe is told
// from another, and what happens where the system refuses, is in the tests of
// supervise.

var takeoversFlag = flag.Int("takeovers", 15, "how many times svscan is killed and started")

// kill kills svscan and waits for its end.
func (tr *scanTree) kill() {
	tr.t.Helper()
	tr.signal(syscall.SIGKILL)
	tr.must(tr.job.wait())
}

// processes counts those of a name and its arguments, in whatever session.
func processes(args, dir string) (pids []int) {
	cmdlines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range cmdlines {
		b, err := os.ReadFile(path)
		if err != nil || strings.TrimSuffix(strings.ReplaceAll(string(b), "\x00", " "), " ") != args {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if at, err := os.Readlink(filepath.Join(filepath.Dir(path), "cwd")); err == nil && strings.HasPrefix(at, dir) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// isZombie reports whether a process has ended and nobody has waited for it.
func isZombie(pid int) bool {
	st := readAll(fmt.Sprintf("/proc/%d/stat", pid))
	return strings.HasPrefix(st[strings.LastIndexByte(st, ')')+1:], " Z ")
}

// holds waits until svscan has a pipe open.
func (tr *scanTree) holds(pipe string) {
	tr.t.Helper()
	tr.wait("svscan to have "+pipe, func() bool {
		for _, to := range openFiles(tr.t, tr.job.cmd.Process.Pid) {
			if to == pipe {
				return true
			}
		}
		return false
	})
}

// newMover makes a service and a logger with a stream of numbered lines.
func newMover(t *testing.T) (*scanTree, func(name string, seed uint64) *stream) {
	t.Helper()
	bin := ours(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "mover")); err != nil {
		t.Fatal(err)
	}
	tr := newScanTree(t, bin)
	return tr, func(name string, seed uint64) *stream {
		return tr.newStream(name, rand.New(rand.NewPCG(seed, 0)))
	}
}

// writes lets lines run through a stream.
func (s *stream) writes(n int) error {
	var b strings.Builder
	for range n {
		fmt.Fprintf(&b, "%d\n", s.next)
		s.next++
	}
	_, err := s.fifo.WriteString(b.String())
	return err
}

// arrived waits until all of them are in the log.
func (s *stream) arrived() error {
	return until("all lines of "+s.name, nil, func() bool { return s.check() == nil })
}

// This is weakness 10 of 0.76: a new svscan complains about locks for ever, and a
// service whose supervise is replaced writes into a pipe that nobody reads.
func TestTheNextSvscanTakesOverPipesAndSupervises(t *testing.T) {
	t.Parallel()
	tr, newStream := newMover(t)
	s := newStream("x", 1)
	tr.start()
	tr.must(s.writes(100))
	tr.must(s.arrived())
	service, logger := tr.isUp("x"), tr.isUp("x/log")
	main, log := tr.called("supervise x"), tr.called("supervise log")
	pipe := openFiles(t, service)["1"]

	tr.kill()
	tr.start()
	tr.holds(pipe)
	for _, victim := range []struct {
		supervise int
		name      string
	}{{main, "x"}, {log, "x/log"}, {0, "x"}, {0, "x/log"}} {
		tr.must(s.writes(100))
		tr.must(s.arrived())
		pid := tr.isUp(victim.name)
		if victim.supervise != 0 {
			if (victim.name == "x" && pid != service) || (victim.name == "x/log" && pid != logger) {
				t.Errorf("%s was started anew", victim.name)
			}
		} else {
			victim.supervise = tr.called(map[string]string{"x": "supervise x", "x/log": "supervise log"}[victim.name])
		}
		tr.must(syscall.Kill(victim.supervise, syscall.SIGSTOP)) // or it would start another
		tr.must(syscall.Kill(pid, syscall.SIGTERM))
		tr.wait("its end", func() bool { return isZombie(pid) })
		tr.must(syscall.Kill(victim.supervise, syscall.SIGKILL))
		tr.wait("another "+victim.name, func() bool { st := tr.status(victim.name); return st.PID != 0 && st.PID != pid })
	}
	tr.must(s.writes(20000)) // more than a pipe holds
	tr.must(s.arrived())
	if now := openFiles(t, tr.isUp("x"))["1"]; now != pipe {
		t.Errorf("the service writes to %s, before it was %s", now, pipe)
	}
	if now := openFiles(t, tr.isUp("x/log"))["0"]; now != pipe {
		t.Errorf("the logger reads %s, before it was %s", now, pipe)
	}
	tr.signal(syscall.SIGTERM)
	tr.ends()
	if got := tr.complaints(); got != "" {
		t.Errorf("it was said: %q", got)
	}
	tr.none("x")
}

// TestAServiceOutlivesAllWhoReadItsPipe: when svscan, the logger and its supervise
// are killed at once, nobody is left who could read what the service writes.
func TestAServiceOutlivesAllWhoReadItsPipe(t *testing.T) {
	t.Parallel()
	tr, newStream := newMover(t)
	s := newStream("x", 1)
	tr.start()
	tr.must(s.writes(100))
	tr.must(s.arrived())
	service, logger := tr.isUp("x"), tr.isUp("x/log")
	main, log := tr.called("supervise x"), tr.called("supervise log")
	pipe := openFiles(t, service)["1"]
	tr.kill()
	for _, pid := range []int{main, log, logger} {
		tr.must(syscall.Kill(pid, syscall.SIGKILL))
		tr.wait("its end", func() bool { return isZombie(pid) || syscall.Kill(pid, 0) != nil })
	}
	tr.must(s.writes(100))
	tr.wait("the service to have written them", s.isEmpty)
	tr.start()
	tr.must(s.arrived())
	if now := tr.isUp("x"); now != service || openFiles(t, now)["1"] != pipe {
		t.Errorf("process %d writes to %s, before it was %d and %s", now, openFiles(t, now)["1"], service, pipe)
	}
	tr.signal(syscall.SIGTERM)
	tr.ends()
	tr.none("x")
	tr.must(s.check())
}

// complaints are what was said, but for the ends of services that ended while their
// supervise was dead or stopped.
func (tr *scanTree) complaints() (text string) {
	for line := range strings.Lines(readAll(tr.said)) {
		if !strings.HasSuffix(line, ": exit status unknown\n") {
			text += line
		}
	}
	return text
}

// none looks that nothing is left of services.
func (tr *scanTree) none(names ...string) {
	tr.t.Helper()
	for _, name := range names {
		for _, args := range []string{"supervise " + name, "supervise log", "mover fifo", "multilog t s16777215 ./main"} {
			dir := filepath.Join(tr.home, name)
			tr.wait("the end of "+args, func() bool { return len(processes(args, dir)) == 0 })
		}
	}
}

// Those that were taken over end in the same order as children: first the
// service, then the logger, which has read all.
func TestTermEndsWhatWasTakenOver(t *testing.T) {
	t.Parallel()
	tr, newStream := newMover(t)
	s := newStream("x", 1)
	tr.start()
	tr.must(s.writes(10))
	tr.must(s.arrived())
	tr.svc("p", "x/log")
	tr.must(s.writes(1000)) // they are in the pipe
	tr.wait("an empty FIFO", s.isEmpty)
	pipe := openFiles(t, tr.isUp("x"))["1"]
	tr.kill()
	tr.start()
	tr.holds(pipe)
	tr.signal(syscall.SIGTERM)
	tr.ends()
	tr.none("x")
	tr.must(s.check())
	if got := readAll(tr.said); got != "" {
		t.Errorf("it was said: %q", got)
	}
}

// killTwice kills a supervise and its successor, so that none is due soon.
func (tr *scanTree) killTwice(supervise, dir string) {
	tr.t.Helper()
	for before := 0; ; {
		var pids []int
		tr.wait(supervise, func() bool {
			pids = processes(supervise, dir)
			return len(pids) == 1 && pids[0] != before
		})
		tr.must(syscall.Kill(pids[0], syscall.SIGKILL))
		if before != 0 {
			break
		}
		before = pids[0]
	}
	tr.wait("the end of "+supervise, func() bool { return len(processes(supervise, dir)) == 0 })
}

// TestSvscanWaitsForALoggerWhoseSuperviseWasKilled: it ends by itself, and a first
// process must not end before it.
func TestSvscanWaitsForALoggerWhoseSuperviseWasKilled(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, ours(t))
	tr.service("x", sleeper, "cat\nsleep 1\necho done >done\n")
	tr.link("x")
	tr.start()
	tr.isUp("x")
	tr.isUp("x/log")
	tr.killTwice("supervise log", filepath.Join(tr.home, "x"))
	tr.signal(syscall.SIGTERM)
	tr.ends()
	if got := readAll(filepath.Join(tr.home, "x/log/done")); got != "done\n" {
		t.Errorf("svscan has ended before the logger, which wrote %q", got)
	}
}

// TestTermEndsWhatAKilledSuperviseHasLeft has TERM come when the supervise of a
// service, or of its logger, is dead and not due again yet.
func TestTermEndsWhatAKilledSuperviseHasLeft(t *testing.T) {
	t.Parallel()
	tr, newStream := newMover(t)
	for name, supervise := range map[string]string{"x": "supervise x", "y": "supervise log"} {
		s := newStream(name, 1)
		tr.start()
		tr.must(s.writes(10))
		tr.must(s.arrived())
		tr.killTwice(supervise, filepath.Join(tr.home, name))
		tr.signal(syscall.SIGTERM)
		tr.ends()
		tr.none(name)
		tr.must(s.check())
		tr.unlink(name)
	}
}

// TestKillsOfSvscanLoseNothing kills svscan again and again while numbered lines
// run through services that are restarted all the time.
func TestKillsOfSvscanLoseNothing(t *testing.T) {
	t.Parallel()
	tr, newStream := newMover(t)
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 1))
	streams := make([]*stream, 3)
	for i := range streams {
		streams[i] = newStream(strconv.Itoa(i), seed+uint64(i))
		// When both leave and svscan is killed nobody has their pipe any more.
		streams[i].stay = true
	}
	tr.start()
	var running sync.WaitGroup
	stop := make(chan struct{})
	for _, s := range streams {
		running.Go(func() {
			for over := false; !over && s.err == nil; {
				s.err = s.play(1)
				select {
				case <-stop:
					over = true
				default:
				}
			}
		})
	}
	for range *takeoversFlag {
		time.Sleep(time.Duration(r.IntN(150)) * time.Millisecond) // any moment will do
		tr.kill()
		tr.start()
	}
	close(stop)
	running.Wait()
	tr.signal(syscall.SIGTERM)
	tr.ends()
	lines := 0
	for _, s := range streams {
		lines += s.next
		if err := errors.Join(s.err, s.check()); err != nil {
			t.Errorf("service %s: %v\n%s", s.name, err, strings.Join(s.story, "\n"))
		}
		tr.none(s.name)
	}
	if got := readAll(tr.said); got != "" {
		t.Errorf("it was said: %q", got)
	}
	t.Logf("%d lines through %d services, %d kills of svscan", lines, len(streams), *takeoversFlag)
}

// This is weakness 11 of 0.76: svscanboot ends the loggers together with their
// services, and what is in the pipes is lost.
func TestARestartOfSvscanbootLosesNothing(t *testing.T) {
	t.Parallel()
	tr, newStream := newMover(t)
	s := newStream("x", 1)
	bin, _, _ := strings.Cut(tr.path, ":")
	boot := func() { tr.startBy(filepath.Join(bin, "svscanboot"), "--command="+bin, "--service="+tr.scan) }
	boot()
	tr.must(s.writes(10))
	tr.must(s.arrived())
	service := tr.isUp("x")
	tr.svc("p", "x/log")
	tr.must(s.writes(2000)) // they are in the pipe
	tr.wait("an empty FIFO", s.isEmpty)
	tr.signal(syscall.SIGKILL)
	for _, p := range session(tr.job.cmd.Process.Pid) {
		if strings.HasPrefix(p.args, "svscan ") || strings.HasPrefix(p.args, "readproctitle ") {
			tr.must(syscall.Kill(p.pid, syscall.SIGKILL))
		}
	}
	tr.must(tr.job.wait())
	boot()
	tr.wait("svscan", func() bool { return len(tr.children()) == 2 })
	tr.svc("c", "x/log")
	tr.must(s.writes(2000))
	tr.must(s.arrived())
	if now := tr.isUp("x"); now != service {
		t.Errorf("the service is %d, before it was %d", now, service)
	}
	svscan := tr.called("svscan " + tr.scan)
	pipe := openFiles(t, service)["1"]
	tr.wait("svscan to have the pipe", func() bool {
		for _, to := range openFiles(t, svscan) {
			if to == pipe {
				return true
			}
		}
		return false
	})
	tr.signal(syscall.SIGTERM)
	tr.must(tr.job.wait())
	tr.none("x")
	tr.must(s.check())
}

// A second svscan on a directory waits until the first one has ended, and takes
// over what that leaves.
func TestASecondSvscanWaitsForTheFirst(t *testing.T) {
	t.Parallel()
	tr, newStream := newMover(t)
	s := newStream("x", 1)
	tr.start()
	tr.must(s.writes(10))
	tr.must(s.arrived())
	first, service := tr.job, tr.isUp("x")
	pipe := openFiles(t, service)["1"]
	tr.start()
	want := fmt.Sprintf("svscan: warning: unable to look after this directory until process %d ends: ", first.cmd.Process.Pid)
	tr.says(want)
	tr.must(first.signal(syscall.SIGUSR1)) // the lock goes along
	tr.must(s.writes(10))
	tr.must(s.arrived())
	if n := len(tr.children()); n != 0 {
		t.Errorf("the second one has %d children", n)
	}
	tr.must(first.signal(syscall.SIGKILL))
	tr.must(first.wait())
	tr.holds(pipe)
	tr.must(s.writes(10))
	tr.must(s.arrived())
	if now := tr.isUp("x"); now != service {
		t.Errorf("the service is %d, before it was %d", now, service)
	}
	tr.signal(syscall.SIGTERM)
	tr.ends()
	tr.none("x")
	if got := readAll(tr.said); !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 1 {
		t.Errorf("it was said: %q", got)
	}
}

// TestKillsOfAllOfATreeLoseNothing kills svscan, supervises and services in any
// order, while numbered lines run through. Nothing is lost, and nothing runs
// twice: of two services, or two loggers, one would write what the other does.
func TestKillsOfAllOfATreeLoseNothing(t *testing.T) {
	t.Parallel()
	tr, newStream := newMover(t)
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 1))
	s := newStream("x", seed)
	tr.start()
	tr.isUp("x")
	tr.isUp("x/log")
	stop, wrote := make(chan struct{}), make(chan error, 1)
	go func() { wrote <- s.write(stop, rand.New(rand.NewPCG(seed, 2))) }()
	kills := map[string]int{}
	for range *takeoversFlag {
		time.Sleep(time.Duration(r.IntN(100)) * time.Millisecond) // any moment will do
		half := []string{"", "log"}[r.IntN(2)]
		what := []string{"svscan", "supervise", "both", "service"}[r.IntN(4)]
		kills[what]++
		// Somebody has to hold the pipe for writing, or its end cuts a line in two.
		tr.wait("another writer", func() bool {
			if what == "service" {
				_, ok := supervise.Keeper(filepath.Join(tr.home, "x/supervise"))
				return ok
			}
			return len(processes("mover fifo", filepath.Join(tr.home, "x"))) > 0
		})
		if what == "supervise" || what == "both" {
			if pid, ok := supervise.Keeper(filepath.Join(tr.home, "x", half, "supervise")); ok {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		if what == "svscan" || what == "both" {
			tr.kill()
			tr.start()
		}
		if what == "service" {
			if st := tr.status("x"); st.PID != 0 {
				_ = syscall.Kill(st.PID, syscall.SIGKILL)
			}
		}
		for _, args := range []string{"mover fifo", "multilog t s16777215 ./main"} {
			if pids := processes(args, filepath.Join(tr.home, "x")); len(pids) > 1 {
				t.Errorf("after killing %s there are %v of %q", what, pids, args)
			}
		}
	}
	close(stop)
	tr.must(<-wrote)
	if err := until("all lines", nil, func() bool { return s.isEmpty() && s.check() == nil }); err != nil {
		t.Fatalf("%v: %v; kills %v; the service writes to %s, the logger reads %s", err, s.check(), kills,
			openFiles(t, tr.status("x").PID)["1"], openFiles(t, tr.status("x/log").PID)["0"])
	}
	tr.signal(syscall.SIGTERM)
	tr.ends()
	tr.none("x")
	tr.must(s.check())
	if got := strings.ReplaceAll(readAll(tr.said), "supervise: warning: x/run: exit status unknown\n", ""); strings.Contains(got, "unable") {
		t.Errorf("it was said: %q", got)
	}
	t.Logf("%d lines, kills %v", s.next, kills)
}
