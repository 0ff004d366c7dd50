package rotate

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// recover makes a directory ready for writing from whatever state it is in,
// deciding by names, modes and link counts alone. These are all the states
// that a crash of either multilog, at any call, can leave:
//
//	current     missing, unmarked (in use), marked (closed in good order)
//	previous    missing, unmarked (not on disk for certain), marked (complete),
//	            with two links (its archive exists)
//	processed   missing, unmarked (cut short), marked (complete), two links
//	newstate    missing or not
//
// Beside a marked current 0.76 leaves no previous; one that is there all the
// same is finished like any other, or the next rotation would replace it.
func (d *Dir) recover() error {
	cur, err := d.stat("current")
	if err != nil {
		return err
	}
	if err := d.finishLeftovers(); err != nil {
		return err
	}
	if err := d.cutArchive(); err != nil {
		return err
	}
	if d.survived != nil {
		d.skip = d.survived.Skip // whoever has been here since
	}
	survives, err := d.survives(cur)
	switch {
	case err != nil:
		return err
	case survives:
		return d.resume(cur)
	}
	if err := d.recall(cur.size); err != nil {
		return err
	}
	if cur.done {
		return d.goOn(cur.size)
	}
	if err := d.finishCut("current", cur); err != nil {
		return err
	}
	return d.startAfresh()
}

// finishLeftovers ends the rotation that a crash cut short.
func (d *Dir) finishLeftovers() error {
	out, err := d.stat("processed")
	if err != nil {
		return err
	}
	if out.done {
		if err := d.finishProcessed(out); err != nil {
			return err
		}
	} else if err := d.dropOutput(); err != nil {
		return err
	}
	prev, err := d.stat("previous")
	if err != nil || prev.links == 0 {
		return err
	}
	archived, err := d.archived(prev)
	if err != nil {
		return err
	}
	return d.finishPrevious(prev, archived)
}

// finishProcessed makes an archive of output that is complete and on disk.
// It stands for previous, unless it has its archive already: then the
// previous it stood for is gone, and one that is there belongs to a later
// rotation.
func (d *Dir) finishProcessed(out info) error {
	archived, err := d.archived(out)
	if err != nil {
		return err
	}
	if !archived {
		// Its writer may have been killed right after it set the mark: mark
		// and name have to be on disk before previous goes.
		if err := d.try(d.syncProcessed); err != nil {
			return err
		}
		if err := d.drop("previous"); err != nil {
			return err
		}
	}
	if d.survived != nil && !archived {
		// The processor had ended when its output was marked.
		if err := d.try(d.adoptState); err != nil {
			return err
		}
	}
	if err := d.newWalk("processed", d.opt.Suffix).run(ended); err != nil {
		return err
	}
	// After an outage nobody knows whether newstate is complete.
	return d.drop("newstate")
}

func (d *Dir) syncProcessed() error {
	if err := d.syncFile("processed"); err != nil {
		return err
	}
	return orNil(d.fs.sync(), "unable to write %s to disk", d.name)
}

// adoptState makes newstate the state, unless that was done already.
func (d *Dir) adoptState() error {
	if err := d.syncFile("newstate"); err != nil {
		return ignoreMissing(err)
	}
	return orNil(d.fs.rename("newstate", "state"), "unable to rename newstate to state in directory %s", d.name)
}

func (d *Dir) syncFile(name string) error {
	f, err := d.fs.open(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err == nil {
		defer release(&f)
		err = f.sync()
	}
	return orNil(err, "unable to write %s/%s to disk", d.name, name)
}

// dropOutput removes what a processor left that did not finish. It may still
// be running, after its multilog was killed: the next run must not share its
// files.
func (d *Dir) dropOutput() error {
	if err := d.drop("processed"); err != nil {
		return err
	}
	return d.drop("newstate")
}

// finishPrevious takes previous through the rest of its rotation, if it is
// complete and on disk, and archives it as it is otherwise.
func (d *Dir) finishPrevious(prev info, archived bool) error {
	if !prev.done && (d.survived == nil || archived) {
		return d.finishCut("previous", prev)
	}
	w := d.newWalk("previous", d.opt.Suffix)
	if !prev.done {
		// Its writer was killed between two steps; all of it is there.
		f, err := d.fs.open("previous", os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return fail(err, "unable to read %s/previous", d.name)
		}
		w.old, w.at = f, syncOld
		defer release(&w.old)
		return w.runNow()
	}
	if d.opt.HasProcessor && !archived {
		w.at = process
	}
	return w.runNow()
}

// runNow does a walk for a writer that cannot begin before its end.
func (w *walk) runNow() (err error) {
	w.await(true, func() { err = w.run(ended) })
	return err
}

// archived reports whether a file has its name as an archive already.
func (d *Dir) archived(in info) (bool, error) {
	if in.links == 1 {
		return false, nil
	}
	names, err := d.fs.names()
	if err != nil {
		return false, fail(err, "unable to read %s", d.name)
	}
	named, err := hasName(d.fs, names, in.id)
	return named, orNil(err, "unable to read %s", d.name)
}

// finishCut archives a file that an outage has cut short. An empty one is
// only removed: as an archive it would push out history.
func (d *Dir) finishCut(name string, in info) error {
	if in.links == 0 {
		return nil
	}
	if in.size == 0 && in.links == 1 {
		return d.drop(name)
	}
	// It is put on disk first, if it may be opened: its writer may have been
	// killed with all of it in memory.
	w := d.newWalk(name, unfinished)
	w.cut = true
	f, err := d.fs.open(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	switch {
	case err == nil:
		w.old, w.at = f, syncOld
	case !errors.Is(err, fs.ErrPermission):
		return fail(err, "unable to read %s/%s", d.name, name)
	}
	defer release(&w.old)
	return w.run(ended)
}

// goOn continues a current that was closed in good order.
func (d *Dir) goOn(size int64) error {
	if err := d.openCurrent("append to", size); err != nil {
		return err
	}
	d.disk.size = size
	return d.unmark()
}

// unmark puts on disk that current is in use, before a byte follows: or a power
// loss could leave a torn file that says it is complete.
func (d *Dir) unmark() error {
	return d.try(func() error {
		return orNil(d.current.sync(), "unable to write %s/current to disk", d.name)
	})
}

// startAfresh begins with empty files after an outage. The processor's state
// goes too, as in 0.76: it does not know of the lines that were archived
// without it.
func (d *Dir) startAfresh() error {
	if err := d.dropOutput(); err != nil {
		return err
	}
	state, err := d.fs.open("state", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return fail(err, "unable to write to %s/state", d.name)
	}
	if err := state.close(); err != nil {
		return fail(err, "unable to write to %s/state", d.name)
	}
	return d.openCurrent("write to", 0)
}

// stat describes an entry; one that is missing has no links.
func (d *Dir) stat(name string) (info, error) {
	in, err := d.fs.stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return info{}, nil
	}
	return in, orNil(err, "unable to stat %s/%s", d.name, name)
}

// drop removes an entry, again and again if Retry wants it.
func (d *Dir) drop(name string) error {
	return d.try(func() error {
		return orNil(ignoreMissing(d.fs.remove(name)), "unable to remove %s/%s", d.name, name)
	})
}
