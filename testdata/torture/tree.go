//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// services are in every tree, with a logger each.
const services = 3

// tree is a directory of services, the lines that run through them, and who is
// to be killed.
type tree struct {
	*torture
	kit     kit
	dir     string // everything is below
	scan    *child
	bin     string // where the commands are; it may be the tree's own
	sources []*source
	fifos   []*os.File
	fallen  []string // the blows so far
}

// treeStorm has a blow fall again and again.
func treeStorm(name string, k kit, part float64, limit time.Duration, b blow) storm {
	return storm{name: name, kit: k.name, long: k.name != ours, run: func(ctx context.Context, t *torture, r *rand.Rand) (result, error) {
		kills := max(int(float64(t.kills)*part), 2)
		if t.short {
			limit = min(limit, 5*time.Second)
		}
		return (&tree{torture: t, kit: k, bin: filepath.Dir(k.scanner)}).storm(ctx, r, kills, limit, b)
	}}
}

// blow is what falls on a tree.
type blow struct {
	fall   func(*tree, *rand.Rand) error
	before func(*tree) error // prepares the tree
	after  func(*tree) error // looks at it, while lines flow
	calm   bool              // no reason for any service to end
	every  time.Duration     // falls twice in this time, about
}

func (t *tree) storm(ctx context.Context, r *rand.Rand, kills int, limit time.Duration, b blow) (res result, err error) {
	if t.dir, err = os.MkdirTemp(t.tmp, "tree-"); err != nil {
		return res, err
	}
	defer func() {
		t.kids.end()
		for _, f := range t.fifos {
			f.Close()
		}
		err = errors.Join(err, os.RemoveAll(t.dir))
	}()
	if b.before != nil {
		err = b.before(t)
	}
	if err = errors.Join(err, t.lay()); err != nil {
		return res, err
	}
	if err := t.start(); err != nil {
		return res, err
	}
	if !eventually(patience, t.flows) {
		return res, errors.New("no line has come through\n" + t.said())
	}
	for _, s := range t.sources {
		s.start()
	}
	for end := time.Now().Add(limit); res.kills < kills && time.Now().Before(end) && ctx.Err() == nil && err == nil; {
		// Not to wait for anything: the blow is to fall at any moment.
		time.Sleep(time.Duration(r.Int64N(int64(b.every))))
		if err = b.fall(t, r); err == nil {
			res.kills++
		}
	}
	if b.after != nil && err == nil {
		err = b.after(t)
	}
	for _, s := range t.sources {
		err = errors.Join(err, s.end())
		res.stall = max(res.stall, s.stall)
	}
	var starts [services]int // before all of them are told to end
	for i := range starts {
		starts[i] = marks(t.service(i, "starts"))
	}
	err = errors.Join(err, t.settle(ctx))
	for i, s := range t.sources {
		c, failed := tallyDir(t.log(i), s.form, s.lines, true, every)
		res.add(c)
		copies, again := marks(t.service(i, "twice")), 0
		if b.calm {
			again = starts[i] - 1
		}
		if res.twice += copies + again; copies+again > 0 && t.kit.name == ours {
			res.note("service %d: %d started beside another, %d after the end of another", i, copies, again)
		}
		err = errors.Join(err, failed)
	}
	if err != nil || t.kit.name == ours && !res.sound() {
		err = errors.Join(err, errors.New("the last it said:\n"+t.said()))
	}
	return res, err
}

func (t *tree) service(i int, name string) string {
	return filepath.Join(t.dir, "service", strconv.Itoa(i), name)
}

func (t *tree) log(i int) string { return t.service(i, "log/main") }

// lay makes the services. The first line of each is in its FIFO.
func (t *tree) lay() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	mover := filepath.Join(t.dir, "mover")
	if err := os.Symlink(self, mover); err != nil {
		return err
	}
	for i := range services {
		if err := errors.Join(
			os.MkdirAll(t.log(i), 0o755),
			script(t.service(i, "run"), mover),
			script(t.service(i, "log/run"), t.kit.log),
			syscall.Mkfifo(t.service(i, "fifo"), 0o600)); err != nil {
			return err
		}
		if t.kit.config != "" {
			if err := os.WriteFile(filepath.Join(t.log(i), "config"), []byte(t.kit.config), 0o600); err != nil {
				return err
			}
		}
		// Opened for reading too: it never ends. As small as can be, so that a
		// service that stands still is soon felt.
		f, err := os.OpenFile(t.service(i, "fifo"), os.O_RDWR, 0)
		if err != nil {
			return err
		}
		t.fifos = append(t.fifos, f)
		if _, err := unix.FcntlInt(f.Fd(), unix.F_SETPIPE_SZ, 4096); err != nil {
			return err
		}
		if err := syscall.SetNonblock(int(f.Fd()), true); err != nil {
			return err
		}
		s := &source{form: form{numbered: true}, w: f, pace: 500 * time.Microsecond, size: 200}
		if _, err := f.Write(s.form.text(nil, 0)); err != nil {
			return err
		}
		s.lines = 1
		t.sources = append(t.sources, s)
	}
	return nil
}

func script(path, command string) error {
	return os.WriteFile(path, []byte("#!/bin/sh\nexec "+command+"\n"), 0o755)
}

// start starts what keeps the whole tree.
func (t *tree) start() (err error) {
	t.scan, err = t.command(filepath.Join(t.bin, filepath.Base(t.kit.scanner)), filepath.Join(t.dir, "service"))
	return err
}

// command starts a command, which says what it says to a file.
func (t *tree) command(args ...string) (*child, error) {
	said, err := os.OpenFile(filepath.Join(t.dir, "said"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer said.Close()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.dir, said, said
	cmd.Env = []string{"PATH=" + t.bin + ":/usr/bin:/bin"}
	return t.kids.start(cmd)
}

// fell remembers a blow.
func (t *tree) fell(format string, args ...any) {
	t.fallen = append(t.fallen, time.Now().Format("05.000 ")+fmt.Sprintf(format, args...))
}

// said is the end of what all of them have said.
func (t *tree) said() string {
	b, _ := os.ReadFile(filepath.Join(t.dir, "said"))
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return fmt.Sprintf("(%d lines)\n", len(lines)) + strings.Join(lines[max(len(lines)-8, 0):], "\n") +
		"\nthe last blows:\n" + strings.Join(t.fallen[max(len(t.fallen)-40, 0):], "\n")
}

// flows tells whether the first line has come through every service.
func (t *tree) flows() bool {
	for i := range t.sources {
		if sizeOf(t.log(i)) == 0 {
			return false
		}
	}
	return true
}

// settle lets everything come through that still can. Ours is then told to end,
// and has to leave nothing behind.
func (t *tree) settle(ctx context.Context) error {
	empty := func() bool {
		for _, f := range t.fifos {
			if n, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCINQ); err != nil || n > 0 {
				return false
			}
		}
		return true
	}
	if !eventually(patience, func() bool { return empty() || ctx.Err() != nil }) {
		return errors.New("a service stands still")
	}
	if t.kit.name == ours {
		_ = syscall.Kill(t.scan.pid, syscall.SIGTERM)
		if !eventually(2*patience, func() bool {
			if len(descendants()) > 0 && ended(t.scan) && t.scan.status.Signaled() {
				// TERM came before it had its handlers. Another one, and a moment.
				if err := t.start(); err != nil {
					return false
				}
				eventually(time.Second, func() bool { return ended(t.scan) })
				_ = syscall.Kill(t.scan.pid, syscall.SIGTERM)
			}
			return len(descendants()) == 0 || ctx.Err() != nil
		}) {
			var left []string
			for _, p := range descendants() {
				left = append(left, fmt.Sprintf("%s %d", p.name, p.pid))
			}
			return fmt.Errorf("left after the end: %s", strings.Join(left, ", "))
		}
		return nil
	}
	// The others' ends lose lines of their own. What has not come through after
	// twice the time of their slowest sweep will not.
	const quiet = 10 * time.Second
	last, since := int64(-1), time.Now()
	eventually(6*quiet, func() bool {
		size := int64(0)
		for i := range t.sources {
			size += sizeOf(t.log(i))
		}
		if size != last {
			last, since = size, time.Now()
		}
		return time.Since(since) > quiet || ctx.Err() != nil
	})
	return nil
}

// victim is somebody alive of one of these names, who may not have started yet.
func victim(r *rand.Rand, names ...string) (p process, err error) {
	if !eventually(patience, func() bool {
		alive := named(names...)
		if len(alive) == 0 {
			return false
		}
		p = alive[r.IntN(len(alive))]
		return true
	}) {
		return p, fmt.Errorf("nobody is alive of %s", strings.Join(names, ", "))
	}
	return p, nil
}

// killKeeper kills what keeps a service, or its log.
func killKeeper(t *tree, r *rand.Rand) error {
	p, err := victim(r, t.kit.keeper)
	if err != nil {
		return err
	}
	_ = syscall.Kill(p.pid, syscall.SIGKILL) // it may have ended
	return nil
}

// killScanner kills what keeps the whole tree, and starts it again.
func killScanner(t *tree, _ *rand.Rand) error {
	_ = syscall.Kill(t.scan.pid, syscall.SIGKILL)
	<-t.scan.done
	err := t.start()
	t.fell("svscan, the next is %d", t.scan.pid)
	return err
}

// killAnything kills any process of the tree, services and loggers included.
func killAnything(t *tree, r *rand.Rand) error {
	p, err := victim(r, t.kit.keeper, t.kit.logger, "mover", filepath.Base(t.kit.scanner))
	if err != nil {
		return err
	}
	if p.pid == t.scan.pid && t.held() {
		return killScanner(t, r)
	} else if p.pid == t.scan.pid {
		return nil
	}
	at, _ := os.Readlink(fmt.Sprintf("/proc/%d/cwd", p.pid))
	t.fell("%s %d in %s", p.name, p.pid, strings.TrimPrefix(at, filepath.Join(t.dir, "service")))
	_ = syscall.Kill(p.pid, syscall.SIGKILL)
	return nil
}

// held reports whether somebody besides the scanner has the pipe of every service:
// what is in a pipe that nobody has any more is gone, and no toolkit could get it
// back.
func (t *tree) held() bool {
	var held [services]bool
	for _, p := range named(t.kit.keeper, t.kit.logger, "mover") {
		at, _ := os.Readlink(fmt.Sprintf("/proc/%d/cwd", p.pid))
		for i := range held {
			home := t.service(i, "")
			held[i] = held[i] || at == home || strings.HasPrefix(at, home+"/")
		}
	}
	return !slices.Contains(held[:], false)
}

// treeStorms have their turns, so that neighbours in the table are neighbours
// in time.
func treeStorms(bin string) (all []storm) {
	for _, s := range []struct {
		name string
		part float64 // of the kills
		peer bool    // what it does is known to others
		blow blow
	}{
		{"supervise", 0.3, true, blow{fall: killKeeper, calm: true, every: 40 * time.Millisecond}},
		{"svscan", 0.1, true, blow{fall: killScanner, calm: true, every: 200 * time.Millisecond}},
		{"anything", 0.3, true, blow{fall: killAnything, every: 400 * time.Millisecond}},
		{"upgrade", 0.1, false, upgrades()},
	} {
		for _, k := range kits(bin) {
			switch {
			case k.scanner == "", k.name != ours && !s.peer:
			case k.name == ours:
				all = append(all, treeStorm(s.name, k, s.part, 2*time.Minute, s.blow))
			default:
				all = append(all, treeStorm(s.name, k, s.part/3, 30*time.Second, s.blow))
			}
		}
	}
	return all
}
