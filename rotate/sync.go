package rotate

import (
	"os"
	"syscall"
	"time"
)

// Sync says when what was written to current is put on disk, besides the end of
// a rotation and Close. A positive one is the longest time from a Write to that.
// It counts for what a power loss leaves; a killed process loses nothing anyway.
//
// What is on disk has a name there: the directory is synced with the first
// bytes of every new current.
type Sync time.Duration

const (
	// SyncRotate leaves it to the system: a power loss may take all lines since
	// the last rotation. That is what 0.76 does.
	SyncRotate Sync = 0
	// SyncAlways puts everything on disk before Write returns: a power loss
	// takes nothing that a Write has counted.
	SyncAlways Sync = -1
)

// durable says what of current is on disk.
type durable struct {
	size  int64 // bytes for certain
	named bool  // current has its name there
	doubt bool  // a sync has failed: what it was to write is in memory only, and no sync knows of it

	timer *time.Timer // ends the time of a positive Sync; nil: never needed
	armed bool        // it runs
}

// Sync puts all that was written on disk.
func (d *Dir) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return os.ErrClosed
	}
	if err := d.settle(true); err != nil {
		return err
	}
	return d.putOnDisk()
}

// keepSync does after a write what Options.Sync asks for, and Every.
func (d *Dir) keepSync() error {
	d.age()
	switch {
	case d.opt.Sync == SyncRotate:
		return nil
	case d.opt.Sync < 0:
		return d.putOnDisk()
	}
	d.arm()
	return nil
}

// arm lets the time of a positive Sync run. A timer that has done its work is
// not started again before the next write, so an idle directory wakes nobody.
func (d *Dir) arm() {
	if d.disk.armed || d.onDisk() {
		return
	}
	d.disk.armed = true
	if d.disk.timer == nil {
		d.disk.timer = time.AfterFunc(time.Duration(d.opt.Sync), d.timeIsUp)
		return
	}
	d.disk.timer.Reset(time.Duration(d.opt.Sync))
}

// timeIsUp runs in a goroutine of its own.
func (d *Dir) timeIsUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.disk.armed = false
	if d.closed || d.opt.Sync <= 0 {
		return
	}
	defer d.asOther()()
	if d.putOnDisk() != nil {
		d.arm() // Retry has given it up for now, or there is none
	}
}

// disarm ends the timer of a directory that is closed.
func (d *Dir) disarm() {
	if d.disk.timer != nil {
		d.disk.timer.Stop()
	}
}

// onDisk reports whether there is nothing for a sync to do.
func (d *Dir) onDisk() bool { return d.current == nil || d.disk.size == d.size && d.disk.named }

// putOnDisk makes what is in current survive a power loss.
func (d *Dir) putOnDisk() error {
	if d.onDisk() {
		return nil
	}
	if err := d.try(func() error { return d.syncCurrent(file.datasync) }); err != nil {
		return err
	}
	if d.disk.named {
		return nil
	}
	return d.try(d.syncName)
}

// syncName puts the name of current on disk.
func (d *Dir) syncName() error {
	if err := d.fs.sync(); err != nil {
		return fail(err, "unable to write %s to disk", d.name)
	}
	d.disk.named = true
	return nil
}

// syncCurrent puts current on disk by one of its two ways.
func (d *Dir) syncCurrent(sync func(file) error) error {
	err := surely(d.fs, "current", d.current, d.disk.size, &d.disk.doubt, sync)
	if err != nil {
		return fail(err, "unable to write %s/current to disk", d.name)
	}
	d.disk.size = d.size
	return nil
}

// surely syncs a file. Once that has failed, the bytes are written over
// themselves before the next try: Linux takes pages it could not write for
// clean, so that another sync would do nothing and say that all is well. What
// the system has dropped from its memory meanwhile is lost by that, and nobody
// can tell; while it is there, this is the whole cure.
func surely(dir fsys, name string, f file, from int64, doubt *bool, sync func(file) error) error {
	if *doubt {
		if err := rewrite(dir, name, f, from); err != nil {
			return err
		}
	}
	err := sync(f)
	*doubt = err != nil
	return err
}

// rewrite writes the bytes of a file from an offset on over themselves. A file
// that is not there any more by that name, or may not be opened, has to do
// without.
func rewrite(dir fsys, name string, f file, from int64) error {
	own, err := dir.open(name, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer release(&own)
	is, err := own.stat()
	if err != nil {
		return err
	}
	if was, err := f.stat(); err != nil || was.id != is.id {
		return err
	}
	for buf := make([]byte, 64<<10); from < is.size; from += int64(len(buf)) {
		buf = buf[:min(int64(len(buf)), is.size-from)]
		if err := own.readAt(buf, from); err != nil {
			return err
		}
		if err := own.writeAt(buf, from); err != nil {
			return err
		}
	}
	return nil
}
