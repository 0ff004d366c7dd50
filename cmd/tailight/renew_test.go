//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// What becomes of svscan when it is told to become what is installed by now. Not
// covered: a signal that ends a program, in the millisecond in which the new one
// starts.

var renewalsFlag = flag.Int("renewals", 25, "how many times svscan is renewed")

// renew tells svscan to become what is installed, and waits until it has.
func (tr *scanTree) renew() {
	tr.t.Helper()
	pid := tr.job.cmd.Process.Pid
	before := addresses(pid)
	tr.signal(syscall.SIGUSR1)
	tr.wait("another svscan", func() bool { return renewed(pid, before) && tr.listens() })
}

// addresses are those of the program of a process, which are others after each exec. In
// the middle of one, when its first thread has ended, there are none, and no signal seems
// to be blocked.
func addresses(pid int) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/auxv", pid))
	return string(b)
}

// renewed reports whether a process has become another program since it had these
// addresses.
func renewed(pid int, before string) bool {
	now := addresses(pid)
	return now != "" && now != before
}

// listens reports whether a new svscan has begun to listen to its signals: then
// one of its threads has the mask that it was first given.
func (tr *scanTree) listens() bool {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", tr.job.cmd.Process.Pid))
	for _, task := range tasks {
		if strings.Contains(readAll(task), "\nSigBlk:\t0000000000000000\n") {
			return true
		}
	}
	return false
}

func (tr *scanTree) calls() (calls []string) {
	for _, p := range tr.children() {
		calls = append(calls, fmt.Sprint(p.pid, p.args))
	}
	slices.Sort(calls)
	return calls
}

func TestUSR1MakesSvscanWhatIsInstalledByNow(t *testing.T) {
	t.Parallel()
	tr, newStream := newMover(t)
	s := newStream("x", 1)
	tr.start("--log=" + filepath.Join(tr.home, "svscan.log"))
	tr.must(s.writes(100))
	tr.must(s.arrived())
	service, logger := tr.isUp("x"), tr.isUp("x/log")
	before, pipe := tr.calls(), openFiles(t, service)["1"]

	x, log := tr.called("supervise x"), tr.called("supervise log")
	ofX, ofLog := addresses(x), addresses(log)
	tr.renew()
	tr.wait("other supervises", func() bool { return renewed(x, ofX) && renewed(log, ofLog) })
	tr.holds(pipe)
	tr.must(s.writes(100))
	tr.must(s.arrived())
	if after := tr.calls(); !slices.Equal(after, before) || tr.isUp("x") != service || tr.isUp("x/log") != logger {
		t.Errorf("it runs %v, before it was %v", after, before)
	}
	// The new one knows them as its children, and their pipe.
	for _, name := range []string{"x", "x/log"} {
		pid := tr.isUp(name)
		main := tr.called(map[string]string{"x": "supervise x", "x/log": "supervise log"}[name])
		tr.must(syscall.Kill(main, syscall.SIGSTOP))
		tr.must(syscall.Kill(pid, syscall.SIGTERM))
		tr.wait("its end", func() bool { return isZombie(pid) })
		tr.must(syscall.Kill(main, syscall.SIGKILL))
		tr.wait("another "+name, func() bool { st := tr.status(name); return st.PID != 0 && st.PID != pid })
	}
	tr.must(s.writes(10000))
	tr.must(s.arrived())
	for name, fd := range map[string]string{"x": "1", "x/log": "0"} {
		pid := tr.isUp(name)
		if now := openFiles(t, pid)[fd]; now != pipe {
			t.Errorf("%s has %s, before it was %s", name, now, pipe)
		}
		if env := readAll(fmt.Sprintf("/proc/%d/environ", pid)); strings.Contains(env, "RENEWAL") {
			t.Errorf("%s has the environment %q", name, env)
		}
	}
	tr.service("y", sleeper, "")
	tr.link("y")
	pid := tr.sleeping("y")
	if mask := statusField(t, pid, "SigBlk"); mask != 0 {
		t.Errorf("a new service has %x blocked", mask)
	}
	if files := openFiles(t, pid); len(files) != 3 {
		t.Errorf("a new service has the descriptors %v", files)
	}
	tr.signal(syscall.SIGTERM)
	tr.ends()
	if got := tr.complaints() + readAll(filepath.Join(tr.home, "svscan.log")); got != "" {
		t.Errorf("it was said: %q", got)
	}
}

func TestANewSvscanThatCannotStartIsNotTaken(t *testing.T) {
	t.Parallel()
	bin := ours(t)
	tr := newScanTree(t, bin)
	tr.service("x", sleeper, keeper)
	tr.link("x")
	tr.start()
	tr.isUp("x")
	before := tr.calls()
	tr.script("bad", "exit 1\n")
	svscan := filepath.Join(bin, "svscan")
	good, err := os.Readlink(svscan)
	tr.must(err)
	tr.must(os.Rename(filepath.Join(tr.home, "bad"), svscan))
	tr.signal(syscall.SIGUSR1)
	tr.says("svscan: warning: unable to be renewed: ")
	tr.service("y", sleeper, "")
	tr.link("y") // and the old one goes on
	tr.isUp("y")
	for _, call := range before {
		if after := tr.calls(); !slices.Contains(after, call) || len(after) != 3 {
			t.Errorf("it runs %v, before it was %v", after, before)
		}
	}
	tr.must(os.Remove(svscan))
	tr.must(os.Symlink(good, svscan))
	tr.renew()
	tr.signal(syscall.SIGTERM)
	tr.ends()
	if got := strings.Count(readAll(tr.said), "\n"); got != 1 {
		t.Errorf("it was said: %q", readAll(tr.said))
	}
}

func TestRenewalsOfSvscanLoseNothing(t *testing.T) {
	t.Parallel()
	tr, newStream := newMover(t)
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 1))
	streams := make([]*stream, 2)
	for i := range streams {
		streams[i] = newStream(strconv.Itoa(i), seed+uint64(i))
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
	tr.called("supervise 0") // so it listens
	for range *renewalsFlag {
		tr.renew()
		time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond) // any moment will do
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
	t.Logf("%d lines through %d services, %d renewals of svscan", lines, len(streams), *renewalsFlag)
}
