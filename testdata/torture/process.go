//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// children are the processes below this one. All of them become its own when
// their parents end, and none is left a zombie for long.
type children struct {
	mu      sync.Mutex // guards started, and that no child is waited for before it is in there
	started map[int]*child
	died    chan os.Signal
	reaped  sync.WaitGroup
}

// child is a process that was started here.
type child struct {
	pid    int
	done   chan struct{}
	status syscall.WaitStatus // once done is closed
}

// adopt makes this process the subreaper of its descendants.
func adopt() (*children, error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, err
	}
	k := &children{started: map[int]*child{}, died: make(chan os.Signal, 1)}
	signal.Notify(k.died, syscall.SIGCHLD)
	k.reaped.Go(func() {
		for range k.died {
			k.reap()
		}
	})
	return k, nil
}

func (k *children) reap() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || pid == 0 {
			return
		}
		if c := k.started[pid]; c != nil {
			c.status = status
			close(c.done)
			delete(k.started, pid)
		}
	}
}

// start starts a command whose files are files. It is told when this process
// ends in whatever way.
func (k *children) start(cmd *exec.Cmd) (*child, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{pid: cmd.Process.Pid, done: make(chan struct{})}
	k.started[c.pid] = c
	return c, cmd.Process.Release()
}

// end kills all there are, and whatever they start meanwhile, until there are none.
func (k *children) end() {
	for len(descendants()) > 0 {
		for _, p := range descendants() {
			_ = syscall.Kill(p.pid, syscall.SIGKILL) // it may have ended
		}
		time.Sleep(time.Millisecond)
		k.reap()
	}
}

// process is a line of ps.
type process struct {
	pid, parent int
	name        string
	dead        bool
}

// descendants are all processes below this one.
func descendants() []process {
	all := processes()
	below := map[int]bool{os.Getpid(): true}
	for grown := true; grown; {
		grown = false
		for _, p := range all {
			if below[p.parent] && !below[p.pid] {
				below[p.pid], grown = true, true
			}
		}
	}
	var mine []process
	for _, p := range all {
		if below[p.pid] && p.pid != os.Getpid() {
			mine = append(mine, p)
		}
	}
	return mine
}

func processes() (all []process) {
	names, _ := filepath.Glob("/proc/[0-9]*")
	for _, name := range names {
		b, err := os.ReadFile(name + "/stat")
		if err != nil {
			continue // it has ended
		}
		open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
		var state string
		p := process{name: string(b[open+1 : end])}
		if _, err := fmt.Sscan(string(b[end+1:]), &state, &p.parent); err != nil {
			continue
		}
		p.pid, _ = strconv.Atoi(filepath.Base(name))
		p.dead = state == "Z" || state == "X"
		all = append(all, p)
	}
	return all
}

// named are the living descendants of one of these names.
func named(names ...string) (found []process) {
	for _, p := range descendants() {
		for _, n := range names {
			if p.name == n && !p.dead {
				found = append(found, p)
			}
		}
	}
	return found
}

// eventually waits for an event that comes within the limit or is missed.
func eventually(limit time.Duration, what func() bool) bool {
	for end := time.Now().Add(limit); ; time.Sleep(3 * time.Millisecond) {
		if what() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}
