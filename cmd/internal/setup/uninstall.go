package setup

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// uninstaller takes an installation back.
type uninstaller struct {
	env     *cli.Env
	disk    *disk
	command string
}

func (u *uninstaller) run() int {
	unlock, err := lock(u.disk, u.command)
	if err != nil {
		return u.env.Fatal(err)
	}
	defer unlock()
	if err := u.takeBack(); err != nil {
		return u.env.Fatal(err)
	}
	return cli.OK
}

// takeBack removes what the record knows, the newest first, then the record,
// and the directory of the commands with it if that is ours. A crash leaves
// the record until everything else is gone.
func (u *uninstaller) takeBack() error {
	d := u.disk
	r, err := readRecord(d, u.command)
	if err != nil {
		return err
	}
	if r == nil {
		return u.resume()
	}
	for _, t := range slices.Backward(r) {
		if t.path == u.command {
			continue // the record is in it
		}
		if err := t.clearFresh(d); err != nil {
			return err
		}
		done, why, err := t.takeBack(d)
		switch {
		case err != nil:
			return err
		case why != "":
			u.say("kept %s: %s", d.at(t.path), why)
		case done && t.kind == text:
			u.say("took out of %s: %s", d.at(t.path), t.line())
		case done:
			u.say("removed %s", d.at(t.path))
		}
	}
	return u.end(r.find(thing{kind: directory, path: u.command}) != nil)
}

// end removes the record and the directory it is in. That has another name
// first, so that nobody ever finds it without its record.
func (u *uninstaller) end(ours bool) error {
	d, name := u.disk, "/"+recordName
	if err := d.clear(u.command + name + suffix); err != nil {
		return err
	}
	names, err := os.ReadDir(d.at(u.command))
	if err != nil {
		return fmt.Errorf("unable to read %s: %w", d.at(u.command), cli.Errno(err))
	}
	if !ours || len(names) > 1 {
		if ours {
			u.say("kept %s: it is not empty", d.at(u.command))
		}
		if err := d.unlink(u.command + name); err != nil {
			return err
		}
		return d.sync(u.command)
	}
	if err := d.rename(u.command, u.command+suffix); err != nil {
		return err
	}
	if err := u.resume(); err != nil {
		return err
	}
	u.say("removed %s", d.at(u.command))
	return nil
}

// resume removes what an install or uninstall that was interrupted early or
// late has left, and says so if there is nothing.
func (u *uninstaller) resume() error {
	d, record, fresh := u.disk, u.command+"/"+recordName, u.command+suffix
	if _, err := os.Lstat(d.at(record + suffix)); err == nil {
		return d.unlink(record + suffix)
	}
	if _, err := os.Lstat(d.at(fresh)); err != nil {
		return fmt.Errorf("unable to read %s: %w", d.at(record), syscall.ENOENT)
	}
	if err := sweep(d, fresh); err != nil {
		return err
	}
	return d.sync(filepath.Dir(u.command))
}

func (u *uninstaller) say(format string, args ...any) {
	_, _ = fmt.Fprintf(u.env.Out, format+"\n", args...)
}
