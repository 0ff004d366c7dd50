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
	"syscall"
	"time"
)

// round is after how many kills a log is read back and begun anew: under full
// load a second is a hundred megabytes.
const round = 50

// logScript is one way to log: the commands, and which lines go where.
type logScript struct {
	prog   string
	args   []string
	config string // of svlogd
	form   form
	dirs   map[string]func(n int) bool
}

// loggerStorm kills a logger under full load, again and again.
func loggerStorm(name, kit string, s logScript, part float64) storm {
	return storm{name: name, kit: kit, run: func(ctx context.Context, t *torture, r *rand.Rand) (result, error) {
		all := result{twice: -1}
		kills := max(int(float64(t.kills)*part), 1)
		for all.kills < kills && ctx.Err() == nil {
			one, err := s.storm(ctx, t, r, min(round, kills-all.kills))
			all.kills += one.kills
			all.add(one.count)
			all.stall = max(all.stall, one.stall)
			if err != nil {
				return all, err
			}
		}
		return all, nil
	}}
}

func (s logScript) storm(ctx context.Context, t *torture, r *rand.Rand, kills int) (res result, err error) {
	dir, err := os.MkdirTemp(t.tmp, "logger-")
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for d := range s.dirs {
		if s.config != "" {
			err = errors.Join(os.Mkdir(filepath.Join(dir, d), 0o700),
				os.WriteFile(filepath.Join(dir, d, "config"), []byte(s.config), 0o600))
		}
	}
	in, out, err2 := os.Pipe()
	if err = errors.Join(err, err2); err != nil {
		return res, err
	}
	defer in.Close()
	src := source{form: s.form, w: out, size: 32 << 10}
	src.start()
	for res.kills < kills && ctx.Err() == nil && err == nil {
		var c *child
		if c, err = s.start(t, dir, in); err != nil {
			break
		}
		// Half of them at any moment, that of the start and of what it has to catch
		// up with included; half in the middle of work, which a busy machine would
		// else never come to.
		if before := src.writes.Load(); r.IntN(2) == 0 {
			eventually(patience, func() bool { return src.writes.Load() != before || ended(c) || ctx.Err() != nil })
		}
		time.Sleep(time.Duration(r.IntN(15000)) * time.Microsecond)
		_ = killed(c) // it may have found its directory locked
		res.kills++
	}
	// The end of input: what the last one leaves is the next one's to take.
	// The source may be in a write that nobody takes, so that has to go on first.
	stopped := make(chan error, 1)
	go func() { stopped <- errors.Join(src.end(), out.Close()) }()
	last := eventually(patience, func() bool {
		c, failed := s.start(t, dir, in)
		if failed != nil {
			return false
		}
		select {
		case <-c.done:
		case <-time.After(patience):
			_ = killed(c)
		case <-ctx.Done():
			return true
		}
		return c.status.Exited() && c.status.ExitStatus() == 0
	})
	err = errors.Join(err, <-stopped)
	if !last {
		err = errors.Join(err, errors.New("no logger came to the end"))
	}
	res.stall = src.stall
	for d, wanted := range s.dirs {
		c, failed := tallyDir(filepath.Join(dir, d), s.form, src.lines, true, wanted)
		res.add(c)
		err = errors.Join(err, failed)
	}
	return res, err
}

// ended reports whether a child has.
func ended(c *child) bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func killed(c *child) error {
	err := syscall.Kill(c.pid, syscall.SIGKILL)
	<-c.done
	return err
}

// start runs the logger in dir. What it says goes to a file there.
func (s logScript) start(t *torture, dir string, in *os.File) (*child, error) {
	said, err := os.OpenFile(filepath.Join(dir, "said"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer said.Close()
	prog := s.prog
	if !filepath.IsAbs(prog) {
		prog = filepath.Join(t.bin, prog)
	}
	cmd := exec.Command(prog, s.args...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, in, said, said
	return t.kids.start(cmd)
}

// loggerStorms are ours with several scripts, and the plainest one of each of
// the others.
func loggerStorms() []storm {
	numbered := form{numbered: true}
	one := map[string]func(int) bool{"d": every}
	plain := []string{"t", "s500000", "n100000", "./d"}
	const name = "logger"
	storms := []storm{loggerStorm(name, ours, logScript{prog: "multilog", args: plain, form: numbered, dirs: one}, 1)}
	for _, peer := range []struct {
		kit, prog string
		args      []string
		config    string
	}{
		{"daemontools", "multilog", plain, ""},
		{"s6", "s6-log", plain, ""},
		{"runit", "svlogd", []string{"-t", "./d"}, "s500000\nn100000\n"},
	} {
		if prog := installed(peer.prog); prog != "" {
			storms = append(storms, loggerStorm(name, peer.kit, logScript{prog, peer.args, peer.config, numbered, one}, 0.1))
		}
	}
	for _, script := range []struct {
		what string
		args []string
		form form
		dirs map[string]func(int) bool
	}{
		{"identical lines", plain, form{}, one},
		// What runs on would be thousands of files for the processor at the end.
		{"two directories, a processor", []string{"t", "spool=256k", "n100000", "s20000", "./d", "!cat", "s4096", "./e"}, numbered,
			map[string]func(int) bool{"d": every, "e": every}},
		{"selection, small files", []string{"t", "n100000", "s4096", "./d", "-*", "+*A*", "./e"}, numbered,
			map[string]func(int) bool{"d": every, "e": marked}},
		{"lines longer than a file", []string{"t", "n100000", "s4096", "./d"}, form{numbered: true, long: 9000}, one},
	} {
		storms = append(storms, loggerStorm(fmt.Sprintf("%s, %s", name, script.what), ours,
			logScript{"multilog", script.args, "", script.form, script.dirs}, 1))
	}
	return storms
}
