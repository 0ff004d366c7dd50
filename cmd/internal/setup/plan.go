package setup

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// found is a thing and how it was found.
type found struct {
	thing
	state state
}

// things lists what shall be there, in the order in which it is made.
func (i *installer) things() ([]thing, error) {
	l := i.layout
	all := []thing{{kind: directory, path: l.command}}
	all = append(all, i.commands(l.command)...)
	all = append(all, thing{kind: directory, path: l.service})
	hook, err := hooks[l.boot](i.disk, l)
	return append(all, hook...), err
}

// commands are the binaries and the links in a directory.
func (i *installer) commands(dir string) []thing {
	all := []thing{newFile(filepath.Join(dir, i.env.Name), i.binary, 0o755)}
	if i.packer != nil {
		all = append(all, newFile(filepath.Join(dir, packerName), i.packer, 0o755))
	}
	for _, c := range i.table {
		all = append(all, thing{kind: link, path: filepath.Join(dir, c.Name), detail: i.env.Name})
	}
	return all
}

// plan looks at everything before anything is changed, and puts what is to
// be made into the record.
func (i *installer) plan() (plan []found, err error) {
	if i.record, err = readRecord(i.disk, i.layout.command); err != nil {
		return nil, err
	}
	things, err := i.things()
	if err != nil {
		return nil, err
	}
	for _, t := range things {
		if t.kind == directory { // what is in it, goes through it
			if _, err := os.Lstat(i.disk.at(t.path)); err == nil {
				if _, err := i.disk.resolve(t.path); err != nil {
					return nil, err
				}
			}
		}
		s, err := t.look(i.disk, i.record.find(t))
		if err != nil {
			return nil, err
		}
		replace := s == foreign && i.force && t.kind != directory
		if s == absent || s == older || replace {
			i.record = i.record.with(t)
		}
		if replace {
			s = older
		}
		plan = append(plan, found{t, s})
	}
	// Links beside a binary of somebody else would call that.
	for _, f := range plan {
		if f.state == foreign && (f.kind == directory || f.kind == file) {
			return nil, f.inTheWay(i.disk)
		}
	}
	return plan, nil
}

func (f found) inTheWay(d *disk) error {
	return fmt.Errorf("unable to create %s: %w", d.at(f.path), syscall.EEXIST)
}
