package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// treeServices are the services, each with a logger, whose start is timed.
const treeServices = 200

// treeFigures are the times of a tree.
var treeFigures = []struct {
	name, unit string
	of         func(tmp string, c contender) (float64, error)
}{
	{"svscan: 200 services and loggers up", "s", treeStarted},
	{"svscan: a new service up", "ms", treeNoticed},
}

// trees are the toolkits that keep a tree.
func trees(bin, name string) work {
	return work{name, []contender{
		{"tailight", filepath.Join(bin, "svscan"), nil},
		{"daemontools", installed("svscan"), nil},
	}}
}

// treeStarted is the time from the start of svscan until every service and every
// logger is up, in seconds.
func treeStarted(tmp string, c contender) (float64, error) {
	t, err := newTree(tmp)
	if err != nil {
		return 0, err
	}
	for i := range treeServices {
		if err := t.add(fmt.Sprint(i)); err != nil {
			return 0, err
		}
	}
	syscall.Sync() // what an earlier run left must not be this run's wait
	begin := time.Now()
	if err := t.start(c.prog); err != nil {
		return 0, err
	}
	err = t.up()
	took := time.Since(begin)
	return took.Seconds(), errors.Join(err, t.end())
}

// treeNoticed is the time from the moment in which a service is moved into the scan
// directory until it is up, in milliseconds.
func treeNoticed(tmp string, c contender) (float64, error) {
	t, err := newTree(tmp)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(t.add("first"), t.start(c.prog), t.up()); err != nil {
		return 0, errors.Join(err, t.end())
	}
	time.Sleep(rand.N(5 * time.Second)) // anywhere between two scans
	begin := time.Now()
	err = errors.Join(t.add("second"), t.up())
	took := time.Since(begin)
	return took.Seconds() * 1000, errors.Join(err, t.end())
}

// tree is a scan directory, and the svscan of it.
type tree struct {
	dir     string
	waiting []string // control directories of what is not up yet
	cmd     *exec.Cmd
}

func newTree(tmp string) (*tree, error) {
	t := &tree{dir: filepath.Join(tmp, "service")}
	return t, errors.Join(adopt(), os.RemoveAll(t.dir), os.RemoveAll(t.dir+".new"), os.Mkdir(t.dir, 0o755))
}

// add makes a service beside the scan directory and moves it there.
func (t *tree) add(name string) error {
	made, dir := t.dir+".new", filepath.Join(t.dir, name)
	t.waiting = append(t.waiting, filepath.Join(dir, "supervise"), filepath.Join(dir, "log/supervise"))
	return errors.Join(
		os.MkdirAll(filepath.Join(made, "log"), 0o755),
		os.WriteFile(filepath.Join(made, "run"), []byte("#!/bin/sh\nexec sleep 1000\n"), 0o755),
		os.WriteFile(filepath.Join(made, "log/run"), []byte("#!/bin/sh\nexec multilog t ./main\n"), 0o755),
		os.Rename(made, dir))
}

// start starts svscan, with the programs beside it first in PATH, in a process
// group of its own.
func (t *tree) start(svscan string) error {
	t.cmd = exec.Command(svscan, t.dir)
	t.cmd.Env = []string{"PATH=" + filepath.Dir(svscan) + ":/usr/bin:/bin"}
	t.cmd.Stderr = os.Stderr
	t.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return t.cmd.Start()
}

// up waits until all that was added is up.
func (t *tree) up() error {
	for end := time.Now().Add(time.Minute); len(t.waiting) > 0; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("%d processes are not up after a minute", len(t.waiting))
		}
		// Only until the first that is not: looking must not be what is timed.
		for len(t.waiting) > 0 && pidIn(t.waiting[0]) != 0 {
			t.waiting = t.waiting[1:]
		}
	}
	return nil
}

// pidIn is the pid in a status record, 0 if there is none.
func pidIn(control string) uint32 {
	b, err := os.ReadFile(filepath.Join(control, "status"))
	if err != nil || len(b) < 18 {
		return 0
	}
	return binary.LittleEndian.Uint32(b[12:])
}

// end kills the whole group and waits for all of it: what svscan leaves behind
// becomes ours, see adopt.
func (t *tree) end() error {
	if t.cmd == nil || t.cmd.Process == nil {
		return nil
	}
	group := -t.cmd.Process.Pid
	for {
		_ = syscall.Kill(group, syscall.SIGKILL)
		switch _, err := syscall.Wait4(group, nil, 0, nil); err {
		case nil, syscall.EINTR:
		case syscall.ECHILD:
			return nil
		default:
			return err
		}
	}
}

// adopt makes orphans below this process its children.
func adopt() error {
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}
