package rotate

import (
	"time"

	"github.com/tailight/tailight/tai64"
)

// Archives are deleted for three reasons: there are more than Num, they have more
// bytes than MaxTotal, or they are older than MaxAge. All three take the oldest.
// The first two are looked at when a rotation ends, and never take the newest.
// Age is looked at then, when the directory is opened, and when the oldest archive
// comes of age; it takes every archive, because who limits it may have promised so.

// longestWait bounds the wait for an archive to come of age: the time of day may be
// set, and the machine may sleep.
const longestWait = 24 * time.Hour

// surplus returns how many of the archives, oldest first, are to be deleted.
func (w *walk) surplus(old []string) int {
	n := 0
	if !w.aging {
		n = max(len(surplus(old, w.d.opt.Num)), w.beyondTotal(old))
	}
	if w.d.opt.MaxAge > 0 {
		for oldest := w.d.horizon(); n < len(old) && labelOf(old[n]).Compare(oldest) <= 0; {
			n++
		}
	}
	return n
}

// horizon is the label of what comes of age now.
func (d *Dir) horizon() tai64.TAI64N { return tai64.At(d.opt.now()).Add(-d.opt.MaxAge) }

// labelOf is the label of an archive's name.
func labelOf(archive string) tai64.TAI64N {
	l, _ := parseArchive(archive)
	return l
}

// beyondTotal returns how many archives do not fit into MaxTotal with all newer
// ones. One that cannot be looked at counts for nothing.
func (w *walk) beyondTotal(old []string) int {
	total := w.d.opt.MaxTotal
	if total <= 0 {
		return 0
	}
	for i := len(old) - 1; i >= 0; i-- {
		in, err := w.fs.stat(old[i])
		if ignoreMissing(err) != nil {
			w.d.warn(fail(err, "unable to stat %s/%s", w.d.name, old[i]))
		}
		total -= in.size
		if total < 0 && i < len(old)-1 {
			return i + 1
		}
	}
	return 0
}

// expire lets a walk delete what is older than MaxAge, unless one is under way,
// which does that at its end.
func (d *Dir) expire() {
	if d.opt.MaxAge > 0 && d.walk == nil {
		d.begin(&walk{d: d, fs: d.fs, aging: true, at: prune, ended: make(chan struct{})})
	}
}

// initExpiry makes the timer.
func (d *Dir) initExpiry() {
	if d.opt.MaxAge > 0 {
		d.expiry = time.AfterFunc(longestWait, d.expiryIsUp)
	}
}

// expireNext sets the timer to the time when the first of the archives comes of
// age. A directory without archives wakes nobody. It is called by a walk.
func (d *Dir) expireNext(old []string) {
	if d.expiry == nil || len(old) == 0 {
		return
	}
	horizon := d.horizon()
	wait := labelOf(old[0]).Time().Sub(horizon.Time())
	switch {
	case labelOf(old[0]).Compare(horizon) <= 0:
		wait = 0 // it has come of age while others were deleted
	case wait <= 0:
		wait = longestWait // a label from the end of the scale
	}
	d.expiry.Reset(min(wait, longestWait))
}

// stopExpiry stops the timer. There is no walk that could set it again.
func (d *Dir) stopExpiry() {
	if d.expiry != nil {
		d.expiry.Stop()
	}
}

// expiryIsUp runs in a goroutine of its own.
func (d *Dir) expiryIsUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.fs == nil {
		return
	}
	if w := d.walk; w != nil {
		select {
		case <-w.ended:
		default:
			return // it comes to that itself
		}
		if w.err != nil {
			return // so does its next try
		}
		d.walk = nil
	}
	d.expire()
}
