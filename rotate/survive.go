package rotate

import (
	"os"
	"strings"
	"syscall"
)

// Spool returns the spool of the directory, nil if Options did not ask for it.
func (d *Dir) Spool() *Spool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.spool
}

// Accounted returns where the writer is, for a [Progress] that says that all
// that was written is done with.
func (d *Dir) Accounted() Place {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.since, d.skip = 0, 0
	return d.where()
}

// Where returns where the writer is, and changes nothing.
func (d *Dir) Where() Place {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.where()
}

// where is the place in the present current. What was skipped counts like what
// was written: a directory has Skip bytes in finished files when it turns.
func (d *Dir) where() Place {
	if !d.known {
		d.place = Place{Key: d.key}
		if d.current != nil {
			d.place.Position = d.standing()
		}
		d.known = d.current != nil
	}
	d.place.Position.Size = d.size
	d.place.Skip = d.since + d.skip
	return d.place
}

// standing tells current from all other files.
func (d *Dir) standing() Position {
	in, err := d.current.stat()
	if err != nil {
		return Position{} // no file matches it, and none is cut
	}
	return Position{Dev: in.id.dev, Ino: in.id.ino, Born: d.current.born()}
}

// turning tells that everything written so far is in finished files, or will
// be at the next step.
func (d *Dir) turning() {
	if d.opt.Turning != nil {
		d.opt.Turning(d.where())
	}
}

// survive learns what is known of a killed writer, before recovery decides.
func (d *Dir) survive() error {
	if d.opt.Turning == nil {
		return nil // nobody keeps a record
	}
	lock, err := d.fs.stat("lock")
	if err != nil {
		return fail(err, "unable to stat %s/lock", d.name)
	}
	d.key, d.survived = key(lock.id), nil
	known := d.opt.Survived
	if d.opt.Spool {
		if d.spool, err = loadSpool(d.fs, d.name); err != nil {
			return err
		}
		known = d.spool.Held()
	}
	if known != nil {
		d.survived = known.Place(d.key)
	}
	return nil
}

// survives reports whether current is the one that a killed writer of ours has
// left, or one it had just made.
func (d *Dir) survives(cur info) (bool, error) {
	s := d.survived
	switch {
	case s == nil:
		return false, nil
	case cur.size == 0:
		return true, nil // missing, or nothing in it
	case cur.id != s.Position.id() || cur.size < s.Position.Size:
		return false, nil
	case cur.size > s.Position.Size && (s.Closed || cur.done):
		return false, nil // another multilog has gone on with it
	}
	if same, err := d.sameBirth("current", s.Position.Born); !same {
		return false, err
	}
	// Another multilog may have been killed while it archived current.
	archived, err := d.archived(cur)
	return !archived, err
}

// sameBirth reports whether a file was made at that time, as far as is known.
func (d *Dir) sameBirth(name string, born int64) (bool, error) {
	f, err := d.fs.open(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false, fail(err, "unable to read %s/%s", d.name, name)
	}
	defer release(&f)
	return f.born() == born, nil
}

// resume goes on with current where the killed writer has accounted for it:
// what lies beyond will be written again.
func (d *Dir) resume(cur info) error {
	size := min(cur.size, d.survived.Position.Size)
	if err := d.recall(size); err != nil {
		return err
	}
	d.inLine = d.survived.Taking
	if err := d.openCurrent("append to", size); err != nil {
		return err
	}
	// A file that could end here does, as it would have: the next line might
	// not fit.
	d.due = size >= d.opt.Size-slack && !d.survived.Taking
	if cur.size > size {
		if err := d.try(func() error {
			return orNil(d.current.truncate(size), "unable to truncate %s/current", d.name)
		}); err != nil {
			return err
		}
	}
	if cur.done {
		return d.unmark()
	}
	return nil
}

// cutArchive cuts the file that a killed writer was at, if another multilog
// has archived it since: what lies beyond will be written again. What a writer
// has closed is cut nowhere.
func (d *Dir) cutArchive() error {
	s := d.survived
	if s == nil || s.Closed || s.Position.id() == (fileID{}) {
		return nil
	}
	names, err := d.fs.names()
	if err != nil {
		return fail(err, "unable to read %s", d.name)
	}
	for _, name := range archives(names) {
		if !strings.HasSuffix(name, "."+unfinished) {
			continue
		}
		in, err := d.fs.stat(name)
		if ignoreMissing(err) != nil {
			return fail(err, "unable to stat %s/%s", d.name, name)
		}
		if err == nil && in.id == s.Position.id() && in.size > s.Position.Size {
			return d.cut(name, s.Position)
		}
	}
	return nil
}

func (d *Dir) cut(name string, to Position) error {
	same, err := d.sameBirth(name, to.Born)
	if err != nil || !same {
		return err
	}
	f, err := d.fs.open(name, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err == nil {
		defer release(&f)
		err = f.truncate(to.Size)
	}
	if err == nil {
		err = f.sync()
	}
	return orNil(err, "unable to truncate %s/%s", d.name, name)
}
