package setup

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// installer makes an installation.
type installer struct {
	env    *cli.Env
	disk   *disk
	layout layout
	binary []byte // the one binary
	packer []byte // the second one; nil: left out
	table  []cli.Command
	force  bool

	record record
	code   int // of the command, so far
}

// run puts the toolkit onto the machine.
func (i *installer) run() int {
	if i.layout.root != "" {
		if err := os.MkdirAll(i.layout.root, 0o755); err != nil {
			return i.env.Fatal(fmt.Errorf("unable to create %s: %w", i.layout.root, cli.Errno(err)))
		}
	}
	unlock, err := lock(i.disk, i.layout.command)
	if err != nil {
		return i.env.Fatal(err)
	}
	defer unlock()
	plan, err := i.plan()
	if err == nil {
		err = i.begin(plan)
	}
	if err == nil {
		err = i.carryOut(plan)
	}
	if err != nil {
		return i.env.Fatal(err)
	}
	i.say("%s", i.layout.hint())
	return i.code
}

// lock keeps two installations of the same directory apart, by a lock on the
// directory that it is in.
func lock(d *disk, command string) (unlock func(), err error) {
	parent := filepath.Dir(command)
	if _, err := d.resolve(parent); err != nil {
		return nil, err
	}
	f, err := os.Open(d.at(parent))
	if err != nil {
		return nil, fmt.Errorf("unable to open %s: %w", d.at(parent), cli.Errno(err))
	}
	if err := flock(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("unable to lock %s: %w", d.at(parent), err)
	}
	return func() { funlock(f); _ = f.Close() }, nil
}

// begin writes the record. A directory of commands that is new appears with
// the record in it, by a rename.
func (i *installer) begin(plan []found) error {
	d, dir := i.disk, i.layout.command
	content, name := []byte(i.record.text()), "/"+recordName
	if plan[0].state != absent {
		if old, err := os.ReadFile(d.at(dir + name)); err == nil && string(old) == string(content) {
			return nil
		}
		if len(i.record) == 0 {
			return nil // everything is there, and nothing of it is ours
		}
		return d.put(dir+name, content, accessible(0o644))
	}
	fresh := dir + suffix
	if err := sweep(d, fresh); err != nil {
		return err
	}
	if err := d.mkdir(fresh); err != nil {
		return err
	}
	if err := d.create(fresh+name, content, accessible(0o644)); err != nil {
		return err
	}
	for _, path := range []string{fresh + name, fresh} {
		if err := d.sync(path); err != nil {
			return err
		}
	}
	if err := d.rename(fresh, dir); err != nil {
		return err
	}
	return d.sync(filepath.Dir(dir))
}

// sweep removes a directory that a crash has left before or after its time:
// it has the record in it and nothing else.
func sweep(d *disk, fresh string) error {
	if _, err := os.Lstat(d.at(fresh)); os.IsNotExist(err) {
		return nil
	}
	if err := d.clear(fresh + "/" + recordName); err != nil {
		return err
	}
	return d.rmdir(fresh)
}

// carryOut makes what is not there, and says of each thing what became of it.
// The names in one directory are on disk before anything in the next is made,
// so that a boot line never comes before what it starts.
func (i *installer) carryOut(plan []found) error {
	unsynced := ""
	settle := func(next string) error {
		dir := unsynced
		unsynced = next
		if dir == "" || dir == next {
			return nil
		}
		return i.disk.sync(dir)
	}
	for n, f := range plan {
		if f.state == foreign {
			i.code = i.env.Fatal(f.inTheWay(i.disk))
			continue
		}
		if f.state != right && n > 0 { // begin has made the first
			if err := settle(filepath.Dir(f.path)); err != nil {
				return err
			}
			if err := f.make(i.disk); err != nil {
				return err
			}
		}
		i.tell(f)
	}
	return settle("")
}

// tell says what became of a thing.
func (i *installer) tell(f found) {
	path := i.disk.at(f.path)
	switch {
	case f.state == right:
		i.say("kept %s", path)
	case f.kind == text:
		i.say("added to %s: %s", path, f.line())
	case f.state == older:
		i.say("replaced %s", path)
	default:
		i.say("made %s", path)
	}
}

// say tells what was done. That nobody can read it changes nothing.
func (i *installer) say(format string, args ...any) {
	_, _ = fmt.Fprintf(i.env.Out, format+"\n", args...)
}

// into puts the binary, and the links beside it, into one directory, and
// keeps no record of it.
func (i *installer) into(dir string) int {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return i.env.Fatal(fmt.Errorf("unable to find the current directory: %w", cli.Errno(err)))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return i.env.Fatal(fmt.Errorf("unable to create %s: %w", dir, cli.Errno(err)))
	}
	for _, t := range i.commands(dir) {
		f := found{thing: t}
		f.state, err = t.look(i.disk, nil)
		switch {
		case err != nil:
		case f.state == absent, f.state == foreign && i.force:
			err = f.make(i.disk)
		case f.state == foreign:
			err = f.inTheWay(i.disk)
		}
		if err != nil {
			i.code = i.env.Fatal(err)
			if t.kind == file {
				return i.code
			}
		}
	}
	if err := i.disk.sync(dir); err != nil {
		return i.env.Fatal(err)
	}
	return i.code
}
