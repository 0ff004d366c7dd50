package rotate

import (
	"os"
	"syscall"
	"time"

	"github.com/tailight/tailight/tai64"
)

// Every says how long current may go on before it is rotated whatever its size. A
// positive one is the time since its first line came. An empty current is left alone.
type Every time.Duration

// Boundaries of the clock on the wall, in local time.
const (
	NeverOld  Every = 0
	EveryHour Every = -1 // at each full hour
	EveryDay  Every = -2 // when a new day begins
)

// longestAge bounds the wait for a boundary: the clock may be set, and the machine
// may sleep.
const longestAge = time.Hour

// aging says how old current is, for Every.
type aging struct {
	begin time.Time   // when its first line came, as far as is known; zero: it is empty, or nobody asks
	old   bool        // its time is up
	timer *time.Timer // runs while begin is set and old is not; nil: never needed
}

// end is when a file that began then has to end. A day ends at the first moment
// that the wall shows a later one: its midnight may be missing, or be there twice.
func (e Every) end(begin time.Time, zone *tai64.Zone) time.Time {
	if e > 0 {
		return begin.Add(time.Duration(e))
	}
	period := int64(3600)
	if e == EveryDay {
		period = 86400
	}
	from := begin.Unix()
	wall := wallAt(zone, from)
	left := period - ((wall%period)+period)%period
	end := from + left
	if e == EveryDay {
		const step = 900 // what clocks are put forward and back by is a multiple of this
		for end = max(end-12*step, from+1+(left-1)%step); wallAt(zone, end) < wall+left; {
			end += step
		}
	}
	return time.Unix(end, 0)
}

// wallAt is what the clock on the wall shows, that of UTC if nobody knows.
func wallAt(zone *tai64.Zone, unix int64) int64 {
	if wall, _, ok := zone.Wall(unix); ok {
		return wall
	}
	return unix
}

// RotateOld rotates current if its time is up, which Options.Old has told.
func (d *Dir) RotateOld() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return os.ErrClosed
	}
	if !d.aging.old {
		return nil
	}
	return d.rotate()
}

// age begins to count when lines have come into an empty current.
func (d *Dir) age() {
	if d.opt.Every == NeverOld || d.size == 0 || !d.aging.begin.IsZero() {
		return
	}
	d.ageFrom(d.opt.now())
}

// ageOn goes on to count for a current that an earlier process began.
func (d *Dir) ageOn() {
	if d.opt.Every == NeverOld || d.size == 0 {
		return
	}
	begin := d.began()
	if begin.IsZero() {
		begin = d.opt.now()
	}
	d.ageFrom(begin)
}

// began is the stamp of current's first line, else when the file was made, which may
// have been before that line came. It is zero if nobody knows.
func (d *Dir) began() time.Time {
	f, err := d.fs.open("current", os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return time.Time{}
	}
	defer release(&f)
	head := make([]byte, min(d.size, 64))
	if f.readAt(head, 0) == nil {
		if l, _, ok := tai64.ParseStamp(head); ok {
			return l.Time()
		}
	}
	if born := f.born(); born != 0 {
		return time.Unix(0, born)
	}
	return time.Time{}
}

func (d *Dir) ageFrom(begin time.Time) {
	if d.opt.Every < 0 {
		begin = begin.Round(0) // it is the clock on the wall that counts
	}
	if d.opt.Every < 0 && d.opt.zone == nil {
		d.opt.zone = tai64.LocalZone()
	}
	d.aging.begin = begin
	if d.aging.timer == nil {
		d.aging.timer = time.AfterFunc(longestAge, d.ageIsUp)
	}
	if !d.ageWait() {
		d.aging.timer.Reset(0)
	}
}

// ageWait sets the timer if there is something to wait for, and reports whether.
func (d *Dir) ageWait() bool {
	now := d.opt.now()
	if now.Before(d.aging.begin) {
		d.aging.begin = now // the clock was set back
	}
	wait := d.opt.Every.end(d.aging.begin, d.opt.zone).Sub(now)
	if wait > 0 {
		d.aging.timer.Reset(min(wait, longestAge))
	}
	return wait > 0
}

// ageless ends the count: there is a new current, or none.
func (d *Dir) ageless() {
	d.aging.begin, d.aging.old = time.Time{}, false
	if d.aging.timer != nil {
		d.aging.timer.Stop()
	}
}

// ageIsUp runs in a goroutine of its own. It waits for the rotation that is under
// way, so that the writer need not.
func (d *Dir) ageIsUp() {
	d.mu.Lock()
	for w := d.walk; w != nil && !d.closed; w = d.walk {
		d.mu.Unlock()
		<-w.ended
		d.mu.Lock()
		if w == d.walk {
			break
		}
	}
	defer d.mu.Unlock()
	if d.closed || d.aging.old || d.aging.begin.IsZero() || d.ageWait() {
		return
	}
	if d.opt.Old != nil {
		d.aging.old = true
		d.opt.Old()
		return
	}
	defer d.asOther()()
	if err := d.rotate(); err != nil {
		d.warn(err)
		d.aging.timer.Reset(time.Minute)
	}
}
