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
	"time"
)

// upgrades install the commands anew under a tree, and have svscan, or one
// supervise, replace itself. Now and then what is installed cannot start.
func upgrades() blow {
	return blow{fall: upgrade, before: ownCommands, after: upgraded, calm: true, every: 100 * time.Millisecond}
}

// ownCommands gives the tree commands that are its own to replace.
func ownCommands(t *tree) error {
	from := t.bin
	t.bin = filepath.Join(t.dir, "bin")
	if err := os.Mkdir(t.bin, 0o755); err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(from, "*"))
	for _, name := range names {
		if filepath.Base(name) != ours {
			err = errors.Join(err, os.Symlink(ours, filepath.Join(t.bin, filepath.Base(name))))
		}
	}
	return errors.Join(err, t.install(true))
}

// install puts a new binary in the place of the one before.
func (t *tree) install(good bool) error {
	b, err := os.ReadFile(filepath.Join(t.torture.bin, ours))
	if err != nil {
		return err
	}
	if !good {
		b = []byte("#!/bin/sh\nexit 1\n")
	}
	path := filepath.Join(t.bin, ours)
	return errors.Join(os.WriteFile(path+".new", b, 0o755), os.Rename(path+".new", path))
}

func upgrade(t *tree, r *rand.Rand) error {
	if err := t.install(r.IntN(5) > 0); err != nil {
		return err
	}
	if r.IntN(2) == 0 {
		return syscall.Kill(t.scan.pid, syscall.SIGUSR1)
	}
	half := ""
	if r.IntN(2) == 0 {
		half = "log"
	}
	// By the commands that are good in any case.
	c, err := t.command(filepath.Join(t.torture.bin, "svc"), "--reexec", t.service(r.IntN(services), half))
	if err != nil {
		return err
	}
	if <-c.done; c.status != 0 {
		return fmt.Errorf("svc --reexec: %#x", c.status)
	}
	return nil
}

// upgraded waits until all of the tree is what was installed last.
func upgraded(t *tree) error {
	if err := t.install(true); err != nil {
		return err
	}
	if err := syscall.Kill(t.scan.pid, syscall.SIGUSR1); err != nil {
		return err
	}
	var old []string
	if eventually(patience, func() bool {
		old = nil
		for _, p := range named(t.kit.keeper, filepath.Base(t.kit.scanner)) {
			if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", p.pid)); err != nil || strings.HasSuffix(exe, " (deleted)") {
				old = append(old, fmt.Sprintf("%s %d", p.name, p.pid))
			}
		}
		return len(old) == 0
	}) {
		return nil
	}
	return fmt.Errorf("not what is installed: %s", strings.Join(old, ", "))
}
