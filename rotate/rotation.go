package rotate

import (
	"errors"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tailight/tailight/tai64"
)

// rotate finishes current and starts a new one. Only the two steps that the
// writer has to wait for are done here; the walk does the rest beside it.
func (d *Dir) rotate() error {
	if err := d.settle(true); err != nil {
		return err
	}
	if d.current != nil {
		if d.opt.Sync < 0 {
			// The walk does it as well, but Write may return before that.
			if err := d.putOnDisk(); err != nil {
				return err
			}
		}
		d.turning()
		if err := d.try(d.moveAside); err != nil {
			return err
		}
	}
	// A crash here leaves previous and no current; recovery finds just that.
	if err := d.try(d.reopen); err != nil {
		return err
	}
	d.turning()
	return nil
}

// moveAside gives current the name previous and starts the walk that will
// finish it.
func (d *Dir) moveAside() error {
	err := d.fs.rename("current", "previous")
	if errors.Is(err, fs.ErrNotExist) {
		// An earlier try may have worked and reported an error all the same;
		// if not, somebody took current away.
		var done bool
		if done, err = d.isPrevious(); err == nil && !done {
			d.lost()
			return nil
		}
	}
	if err != nil {
		return fail(err, "unable to rename current to previous in directory %s", d.name)
	}
	w := d.newWalk("previous", d.opt.Suffix)
	w.old, w.at, w.onDisk, w.doubt = d.current, syncOld, d.disk.size, d.disk.doubt
	d.forget()
	d.begin(w)
	return nil
}

// begin lets a walk go on beside the writer. The next rotation does not wait for its
// last step, which takes long where the disk is told of what is free, but for that of
// the walk before: history may be too long by two archives, and no more.
func (d *Dir) begin(w *walk) {
	before := d.pruned
	d.walk, d.pruned = w, make(chan struct{})
	pruned := d.pruned
	d.opt.spawn(func() {
		defer close(pruned)
		w.err = w.run(prune)
		failed := w.err != nil
		if before != nil {
			<-before
		}
		close(w.ended)
		if failed {
			return
		}
		// The next walk prunes as well. Who gives up has said why.
		if err := w.run(ended); err != nil && d.opt.Beside == nil {
			d.warn(err)
		}
	})
}

// awaitPrune waits for the last step of the latest walk.
func (d *Dir) awaitPrune() {
	if d.pruned != nil {
		<-d.pruned
	}
}

// forget makes the next write open a new current.
func (d *Dir) forget() {
	d.current, d.size, d.due, d.last, d.known = nil, 0, false, tai64.TAI64N{}, false
	d.ageless()
}

// isPrevious reports whether current already has the name previous.
func (d *Dir) isPrevious() (bool, error) {
	mine, err := d.current.stat()
	if err != nil {
		return false, err
	}
	prev, err := d.fs.stat("previous")
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && prev.id == mine.id, err
}

// endLabel is the label of the file that ends now: the stamp of its last
// line where the directory knows it, else the next of the clock.
func (d *Dir) endLabel() tai64.TAI64N {
	if d.last != (tai64.TAI64N{}) {
		return d.last
	}
	d.clock.Read()
	return d.clock.Next()
}

// settle waits until the latest rotation has come to an end, and goes on with
// it if that was an error. A processor that keeps a writer waiting for too long is
// ended. With lines to write, a file that it fails on is left to no processor;
// else to the next start.
func (d *Dir) settle(lines bool) error {
	w := d.walk
	if w == nil {
		return nil
	}
	var err error
	w.await(lines, func() {
		if lines && !d.wait(w.ended) {
			err = &Error{Text: "unable to wait for the last rotation of " + d.name}
			return
		}
		<-w.ended
		if w.err != nil {
			d.awaitPrune()
			w.err = w.run(ended)
		}
		err = w.err
	})
	if err != nil {
		return err
	}
	d.walk = nil
	return nil
}

// wait lets the writer do what it can until a rotation has ended, and reports
// whether it has.
func (d *Dir) wait(ended <-chan struct{}) bool {
	return d.opt.Wait == nil || d.beside || d.opt.Wait(ended)
}

// state is where a walk stands: the step to be done next.
type state int

// The steps of a walk, in order. A file that was found complete by recovery
// starts at process or link; one without a processor goes from mark to link.
const (
	syncOld       state = iota // put the old current on disk
	markOld                    // set its owner-execute bit: complete
	process                    // previous through the processor into processed
	syncProcessed              // put the output on disk
	markProcessed              // set its owner-execute bit: complete
	syncState                  // put mark, newstate and their names on disk
	dropPrevious               // processed now stands for it
	renameState                // newstate becomes state
	link                       // give the file its name as an archive
	syncLink                   // put that name on disk
	unlinkOld                  // take the old name away
	prune                      // delete the oldest archives
	ended
)

var stateNames = [...]string{
	"sync old", "mark old", "process", "sync processed", "mark processed", "sync state",
	"drop previous", "rename state", "link", "sync link", "unlink", "prune", "ended",
}

func (s state) String() string { return stateNames[s] }

// walk finishes one file: previous, processed or a current left by an outage.
// Every step may be done again, so a step that fails is simply repeated, and
// a walk that was cut short by a crash is begun again by recovery, which
// finds the step from names, modes and link counts.
type walk struct {
	d      *Dir // its name, options and clock; nothing that changes
	fs     fsys
	file   string // previous, processed or current
	suffix string
	cut    bool // the file was cut short by an outage
	aging  bool // there is no file: only what is too old is to be deleted
	label  tai64.TAI64N
	at     state

	old      file  // the finished current until it is marked, else nil
	onDisk   int64 // bytes of old that are on disk already
	doubt    bool  // a sync of old has failed
	out      file  // processed, from process to markProcessed
	newstate file  // likewise, to syncState

	ended chan struct{} // closed when err says how it came to prune
	err   error

	awaited atomic.Bool   // somebody waits who has lines to write
	hurry   chan struct{} // closed when that has taken too long
	once    sync.Once     // closes hurry
}

func (d *Dir) newWalk(file, suffix string) *walk {
	return &walk{d: d, fs: d.fs, file: file, suffix: suffix, label: d.endLabel(), at: link, ended: make(chan struct{}), hurry: make(chan struct{})}
}

// await lets wait wait for the walk, or do it.
func (w *walk) await(lines bool, wait func()) {
	if !w.d.opt.HasProcessor {
		wait()
		return
	}
	w.awaited.Store(lines)
	late := time.AfterFunc(w.d.opt.patience, w.rush)
	wait()
	late.Stop()
}

// rush ends a processor.
func (w *walk) rush() {
	w.once.Do(func() {
		if w.hurry != nil {
			close(w.hurry)
		}
	})
}

// run does the steps that are left before one, each as often as it takes.
func (w *walk) run(until state) error {
	for w.at < until {
		err := w.step()
		if err != nil && (errors.Is(err, errLate) || !w.again(err)) {
			return err
		}
	}
	return nil
}

// again is that of the directory for what goes on beside its writer.
func (w *walk) again(err error) bool {
	return w.d.makeRoom(w.fs, err) || w.d.opt.Beside != nil && w.d.opt.Beside(err)
}

// step does the step at which the walk stands, and moves on if it worked.
func (w *walk) step() error {
	var err error
	next := w.at + 1
	switch w.at {
	case syncOld:
		if err = orNil(surely(w.fs, w.file, w.old, w.onDisk, &w.doubt, file.sync), "unable to write %s/%s to disk", w.d.name, w.oldName()); err == nil && w.cut {
			release(&w.old)
			next = link
		}
	case markOld:
		if err = orNil(w.old.chmod(0o744), "unable to set mode of %s/previous", w.d.name); err == nil {
			// A crash here leaves previous complete: recovery makes it .s too.
			release(&w.old)
			if !w.d.opt.HasProcessor {
				next = link
			}
		}
	case process:
		next, err = w.process()
	case syncProcessed:
		if err = orNil(w.out.sync(), "unable to write %s/processed to disk", w.d.name); err != nil {
			w.at = w.afresh()
		}
	case markProcessed:
		err = orNil(w.out.chmod(0o744), "unable to set mode of %s/processed", w.d.name)
	case syncState:
		if err = w.syncState(); err != nil {
			w.at = w.afresh()
		}
	case dropPrevious:
		// A crash here leaves processed complete and previous useless.
		err = orNil(ignoreMissing(w.fs.remove("previous")), "unable to remove %s/previous", w.d.name)
	case renameState:
		err = orNil(ignoreMissing(w.fs.rename("newstate", "state")),
			"unable to rename newstate to state in directory %s", w.d.name)
		w.file = "processed"
	case link:
		next, err = w.link()
	case syncLink:
		// The old name may only go when the new one is sure to stay.
		if err = orNil(w.fs.sync(), "unable to write %s to disk", w.d.name); errors.Is(err, fs.ErrNotExist) {
			err, next = nil, ended // the directory has been removed
		}
	case unlinkOld:
		// A crash here leaves the file with two names; finding that,
		// recovery only takes the old one away.
		err = orNil(ignoreMissing(w.fs.remove(w.file)), "unable to remove %s/%s", w.d.name, w.file)
	case prune:
		err = w.prune()
	}
	if err == nil {
		w.at = next
	}
	return err
}

// oldName is the name by which diagnostics know the file of syncOld.
func (w *walk) oldName() string {
	if w.cut {
		return w.file
	}
	return "current" // as in 0.76, which syncs before it renames
}

// syncState puts on disk all that has to survive before previous may go: the
// mark of processed, the new state, and the names of both.
func (w *walk) syncState() error {
	if err := w.out.sync(); err != nil {
		return fail(err, "unable to write %s/processed to disk", w.d.name)
	}
	if err := w.newstate.sync(); err != nil {
		return fail(err, "unable to write %s/newstate to disk", w.d.name)
	}
	if err := ignoreMissing(w.fs.sync()); err != nil {
		return fail(err, "unable to write %s to disk", w.d.name)
	}
	release(&w.out)
	release(&w.newstate)
	return nil
}

// afresh lets the processor run once more: its output could not be put on disk,
// and only it can write it again (see surely).
func (w *walk) afresh() state {
	release(&w.out)
	release(&w.newstate)
	return process
}

// link gives the file its name as an archive, above every other.
func (w *walk) link() (next state, err error) {
	in, err := w.fs.stat(w.file)
	if errors.Is(err, fs.ErrNotExist) {
		return ended, nil // somebody removed it
	}
	if err != nil {
		return link, fail(err, "unable to stat %s/%s", w.d.name, w.file)
	}
	names, err := w.fs.names()
	if errors.Is(err, fs.ErrNotExist) {
		return ended, nil // the directory has been removed
	}
	if err != nil {
		return link, fail(err, "unable to read %s", w.d.name)
	}
	if in.links != 1 {
		// The name it has may be one from an earlier try or process.
		named, err := hasName(w.fs, names, in.id)
		if err != nil {
			return link, fail(err, "unable to read %s", w.d.name)
		}
		if named {
			return syncLink, nil
		}
	}
	w.label = freeLabel(w.label, names)
	name := archive(w.label, w.suffix)
	if err := w.fs.link(w.file, name); err != nil {
		return link, fail(err, "unable to link to %s/%s", w.d.name, name)
	}
	return syncLink, nil
}

// hasName reports whether an archive is the file id. A link count above 1
// alone does not say so: people make hard links to logs.
func hasName(dir fsys, names []string, id fileID) (bool, error) {
	for _, name := range slices.Backward(archives(names)) {
		in, err := dir.stat(name)
		if err == nil && in.id == id {
			return true, nil
		}
		if ignoreMissing(err) != nil {
			return false, err
		}
	}
	return false, nil
}

// prune deletes the oldest archives. One that cannot be deleted is named and
// left alone: history that is too long harms nobody, a logger that stops does.
func (w *walk) prune() error {
	names, err := w.fs.names()
	if err = ignoreMissing(err); err != nil {
		return fail(err, "unable to read %s", w.d.name)
	}
	old := archives(names)
	n := w.surplus(old)
	for _, name := range old[:n] {
		if err := ignoreMissing(w.fs.remove(name)); err != nil {
			w.d.warn(fail(err, "unable to remove %s/%s", w.d.name, name))
		}
	}
	w.d.expireNext(old[n:])
	return nil
}

// release closes a file that is on disk already, so that closing can lose
// nothing.
func release(f *file) {
	if *f != nil {
		_ = (*f).close()
		*f = nil
	}
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
