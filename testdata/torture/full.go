//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ownMounts begins this program anew in a mount namespace of its own, so that no
// mount of it outlives it. apart tells in its environment that this was done.
func ownMounts() error {
	const apart = "TAILIGHT_TORTURE_APART"
	if os.Getuid() != 0 || os.Getenv(apart) != "" {
		return nil
	}
	runtime.LockOSThread() // the namespace is that of a thread until exec
	defer runtime.UnlockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("no mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("no private mounts: %w", err)
	}
	return syscall.Exec("/proc/self/exe", os.Args, append(os.Environ(), apart+"=1"))
}

// flood is how the small disk of a log directory is filled and emptied again.
type flood struct {
	deadly bool // the logger is killed meanwhile
	drops  bool // the logger gives archives up and goes on; else it stands still
}

// diskStorm has its disk flooded again and again: these are its kills.
func diskStorm(name string, part float64, b flood, args ...string) storm {
	return storm{name: name, kit: ours, root: true, run: func(ctx context.Context, t *torture, r *rand.Rand) (res result, err error) {
		d := &disk{torture: t, dir: filepath.Join(t.tmp, "disk"), script: logScript{
			prog: "multilog", args: append(append([]string{"t"}, args...), "s65536", "n100000", "./d"), form: form{numbered: true}}}
		if err := errors.Join(os.MkdirAll(d.dir, 0o755), unix.Mount("tmpfs", d.dir, "tmpfs", 0, "size=48m")); err != nil {
			return res, err
		}
		defer func() {
			t.kids.end()
			err = errors.Join(err, unix.Unmount(d.dir, unix.MNT_DETACH))
		}()
		limit := 2 * time.Minute
		if t.short {
			limit = 5 * time.Second
		}
		return d.storm(ctx, r, max(int(float64(t.kills)*part), 2), limit, b)
	}}
}

// disk is a small one, and the logger on it.
type disk struct {
	*torture
	dir    string
	script logScript
	in     *os.File
	logger *child
}

func (d *disk) storm(ctx context.Context, r *rand.Rand, floods int, limit time.Duration, b flood) (res result, err error) {
	res.twice = -1
	in, out, err := os.Pipe()
	if err != nil {
		return res, err
	}
	defer in.Close()
	d.in = in
	if d.logger, err = d.script.start(d.torture, d.dir, in); err != nil {
		return res, err
	}
	src := &source{form: d.script.form, w: out, pace: time.Millisecond, size: 1000}
	src.start()
	for end := time.Now().Add(limit); res.kills < floods && time.Now().Before(end) && ctx.Err() == nil && err == nil; {
		time.Sleep(time.Duration(r.IntN(250)) * time.Millisecond) // the flood may come at any moment
		err = d.flood(ctx, r, src, b)
		res.kills++
	}
	err = errors.Join(err, src.end(), out.Close())
	last := eventually(patience, func() bool {
		if !ended(d.logger) {
			return ctx.Err() != nil
		}
		if d.logger.status.Exited() && d.logger.status.ExitStatus() == 0 {
			return true
		}
		d.logger, err = d.script.start(d.torture, d.dir, d.in)
		return false
	})
	if !last {
		err = errors.Join(err, errors.New("the logger did not come to the end"))
	}
	res.stall = src.stall
	failed := d.account(&res, src.lines, b)
	if err = errors.Join(err, failed); err != nil || !res.sound() {
		said, _ := os.ReadFile(filepath.Join(d.dir, "said"))
		err = errors.Join(err, fmt.Errorf("the last it said:\n%s", said[max(len(said)-1000, 0):]))
	}
	return res, err
}

// flood fills the disk, waits until nothing moves, and empties it again.
func (d *disk) flood(ctx context.Context, r *rand.Rand, src *source, b flood) error {
	path := filepath.Join(d.dir, "flood")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	full := make([]byte, 64<<10)
	stands := func() bool {
		for {
			n, err := f.Write(full)
			if err != nil && len(full) > 1 {
				full = full[:len(full)/2] // to the last byte
			} else if err != nil || n == 0 {
				full = full[:1]
				break
			}
		}
		// What the logger gives up is not taken from it at once.
		return b.drops || src.waits() > 50*time.Millisecond || ctx.Err() != nil
	}
	if !eventually(patience, stands) {
		return errors.New("a full disk did not stop the writer")
	}
	if b.deadly {
		_ = killed(d.logger)
		if d.logger, err = d.script.start(d.torture, d.dir, d.in); err != nil {
			return err
		}
	}
	time.Sleep(time.Duration(r.IntN(200)) * time.Millisecond) // and may go at any moment
	if err := errors.Join(f.Truncate(0), os.Remove(path)); err != nil {
		return err
	}
	if !eventually(patience, func() bool {
		if ended(d.logger) { // as a supervise would
			d.logger, err = d.script.start(d.torture, d.dir, d.in)
		}
		return err != nil || src.waits() < 20*time.Millisecond || ctx.Err() != nil
	}) {
		return errors.New("the logger did not go on when there was space")
	}
	return err
}

// diskStorms are ours alone: the others lose lines to the kill already.
func diskStorms() []storm {
	return []storm{
		diskStorm("full disk", 0.02, flood{}),
		diskStorm("full disk and kills", 0.1, flood{deadly: true}),
		diskStorm("full disk, drop-oldest", 0.1, flood{drops: true}, "full=drop-oldest"),
		diskStorm("full disk, drop-oldest and kills", 0.1, flood{drops: true, deadly: true}, "full=drop-oldest"),
	}
}
