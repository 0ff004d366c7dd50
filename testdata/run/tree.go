package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// tree is a directory of services, and the svscan that was started on it.
type tree struct {
	dir    string
	svscan *exec.Cmd
	ended  chan error // what became of svscan
}

// services lists the directories of the tree, as svscan finds them.
func (t *tree) services() (names []string) {
	entries, _ := os.ReadDir(t.dir) // svscan says what is wrong with it
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(t.dir, e.Name()))
		if err != nil || !info.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		name := e.Name()
		if strings.HasPrefix(name, "-") {
			name = "./" + name // no option
		}
		names = append(names, name)
	}
	return names
}

// loggers lists those of them.
func (t *tree) loggers() (names []string) {
	for _, s := range t.services() {
		if _, err := os.Stat(filepath.Join(t.dir, s, "log")); err == nil {
			names = append(names, s+"/log")
		}
	}
	return names
}

// command is one of ours, in the tree.
func (t *tree) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = t.dir
	return cmd
}

// supervised reports whether a supervise runs for any of the services.
func (t *tree) supervised() bool { return t.anyOf(t.services()) }

func (t *tree) anyOf(names []string) bool {
	for _, n := range names {
		if t.command("svok", n).Run() == nil {
			return true
		}
	}
	return false
}

// start starts svscan, with all that comes of it in a process group of its
// own: Ctrl-C is for us alone.
func (t *tree) start() error {
	adoptOrphans()
	fmt.Println("svscan", t.dir)
	t.svscan = exec.Command("svscan", t.dir)
	t.svscan.Stdout, t.svscan.Stderr = os.Stdout, os.Stderr
	t.svscan.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := t.svscan.Start(); err != nil {
		return err
	}
	t.ended = make(chan error, 1)
	go func() { t.ended <- t.svscan.Wait() }()
	return nil
}

// status prints what svstat says of all services and loggers.
func (t *tree) status() error {
	cmd := t.command("svstat", append(t.services(), t.loggers()...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

// stop ends svscan first, which would start again what stops, then services,
// then loggers. Ours does all of that on TERM; that of 0.76 just leaves. With
// svscan and the services gone a logger finds the end of its input, so x lets
// it write the rest before its supervise leaves.
func (t *tree) stop() error {
	fmt.Println("stopping")
	if err := t.svscan.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-t.ended:
	case <-time.After(20 * time.Second):
		_ = t.svscan.Process.Kill()
		<-t.ended
	}
	services, loggers := t.services(), t.loggers()
	switch {
	case t.send("-dx", services, func() bool { return !t.anyOf(services) }):
	case t.send("-dxk", services, func() bool { return !t.anyOf(services) }):
	}
	switch {
	case t.send("-x", loggers, t.alone):
	case t.send("-dx", loggers, t.alone):
	case t.send("-dxk", loggers, t.alone):
	default:
		_ = syscall.Kill(-t.svscan.Process.Pid, syscall.SIGKILL)
		if !t.send("-x", nil, t.alone) {
			return errors.New("not all processes have ended")
		}
		return errors.New("some processes had to be killed")
	}
	fmt.Println("stopped; no process is left")
	return nil
}

// send gives svc these letters again and again, for a supervise may only just
// be starting, until ok or for five seconds.
func (t *tree) send(letters string, names []string, ok func() bool) bool {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if ok() {
			return true
		}
		if len(names) > 0 {
			_ = t.command("svc", append([]string{letters}, names...)...).Run() // it warns of those that have gone
		}
	}
	return ok()
}

// alone reports whether nothing is left of what svscan has started. Orphans
// are our children, where the system can do that.
func (t *tree) alone() bool {
	for {
		switch pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); {
		case errors.Is(err, syscall.EINTR), pid > 0:
		case err != nil:
			return !t.anyOf(append(t.services(), t.loggers()...))
		default:
			return false
		}
	}
}
