package logpipe

import (
	"errors"
	"fmt"
	"time"

	"github.com/tailight/tailight/rotate"
	"github.com/tailight/tailight/tai64"
)

// intake is what keeps a killed pipe from losing or doubling a line: input goes
// through a spool in the first log directory of the script, and what became of
// it is written down after every batch.
//
// The order of a batch is: take it into the spool; write down which stamps its
// lines get (intend); bring its lines into the directories, which write down
// every change of their current (turned); write down that all is done (commit).
// A pipe that starts again does the same from the last commit on (replay), and
// comes to the same bytes: those that a directory has in finished files it
// skips, all others it has cut off. Nothing but the stamps depends on time.
type intake struct {
	spool *rotate.Spool // nil: the script has no directory
	on    bool          // the spool takes the input
	seen  int64         // of the spool, up to where it has been worked on
	prog  rotate.Progress
	dirs  []dirOutlet // those of prog.Places
	notes []noted     // those of prog.Notes
	home  *outlet     // whose directory has the spool
	miss  time.Time   // when to try again to make a spool that could not be made; zero: there is none to make
	marks []mark      // when what was taken during a wait came, in order; none: what is read is new
}

// dirOutlet is an outlet whose sink is a directory.
type dirOutlet struct {
	*outlet
	dir *rotate.Dir
}

// survived is what a killed pipe has left, nil if nothing. Once all is open that
// holds no more.
func (p *Pipe) survived() *rotate.Progress {
	in := &p.intake
	if in.spool == nil || p.opened {
		return nil
	}
	return in.spool.Held()
}

// add makes an open directory one of the intake's destinations.
func (in *intake) add(o *outlet, d *rotate.Dir) {
	if in.home == nil {
		in.home, in.spool = o, d.Spool()
	}
	o.place = len(in.dirs)
	in.dirs = append(in.dirs, dirOutlet{o, d})
	in.prog.Places = append(in.prog.Places, rotate.Place{})
}

// turned writes down that what a directory got stays where it is: in finished
// files, or before its place in current.
func (p *Pipe) turned(o *outlet, at rotate.Place) {
	in, i := &p.intake, o.place
	if !in.on || i < 0 {
		return
	}
	at.Taking = in.prog.Places[i].Taking
	in.prog.Places[i] = at
	in.spool.Commit(&in.prog)
}

// recover does with what a killed pipe has taken and not done with what is to
// be done with it, and lets the spool take the input, if it can and shall.
func (p *Pipe) recover() error {
	in := &p.intake
	if in.spool == nil {
		return nil
	}
	for i, o := range in.dirs {
		in.prog.Places[i] = o.dir.Where()
	}
	held := in.spool.Held()
	if held == nil && !p.opt.Spool {
		return nil
	}
	if held != nil {
		p.adopt(held)
	}
	err := in.begin()
	if err != nil && held == nil {
		p.plainly(err)
		in.miss = time.Now().Add(p.untilNextTry())
		return nil
	} else if err != nil {
		return err // its lines are not ours to lose
	}
	in.on = true
	if err := p.replay(); err != nil {
		return err
	}
	if p.commit(); !p.opt.Spool {
		return p.giveUp()
	}
	return nil
}

// catchUp works on all that the spool holds.
func (p *Pipe) catchUp() error {
	in := &p.intake
	if !in.behind() {
		return nil
	}
	p.intend(in.spool.End() - in.seen)
	if err := p.rework(in.spool.End()); err != nil {
		return err
	}
	p.commit()
	return nil
}

// giveUp lets the pipe read plainly from here on. Where it has to leave lines in the
// spool it is of no more use.
func (p *Pipe) giveUp() error {
	if err := p.catchUp(); err != nil {
		p.left = true
		return err
	}
	if p.intake.on { // or the spool was lost
		p.plainly(nil)
	}
	return nil
}

// begin makes the spool.
func (in *intake) begin() error {
	err := in.spool.Begin(&in.prog)
	for err != nil && in.dirs[0].dir.MakeRoom(err) {
		err = in.spool.Begin(&in.prog)
	}
	return err
}

// untilNextTry is how long a spool that could not be made is done without. The
// minute is said by the manual.
func (p *Pipe) untilNextTry() time.Duration { return 12 * p.opt.Pause }

// beginLate makes a spool that could not be made before, if it can by now, and
// reports whether. There has to be input, and no line in memory: everything
// before is in its destinations.
func (p *Pipe) beginLate() bool {
	in := &p.intake
	if in.miss.IsZero() || p.start >= 0 || in.spool.Lost() || time.Now().Before(in.miss) {
		return false
	}
	in.seen = in.spool.End()
	p.account()
	if err := in.begin(); err != nil {
		in.miss = time.Now().Add(p.untilNextTry())
		_ = in.spool.Remove() // what remains is void; why there is none has been said
		return false
	}
	in.on, in.miss = true, time.Time{}
	p.warn(errors.New("able to make the spool now, a kill loses no more lines"))
	return true
}

// adopt makes the present pipe stand where the killed one was.
func (p *Pipe) adopt(held *rotate.Progress) {
	in := &p.intake
	places, notes := in.prog.Places, in.prog.Notes
	in.prog = *held
	in.prog.Places, in.prog.Notes, in.seen = places, notes, held.Done
	defer in.remember(held)
	if !held.InLine {
		return
	}
	p.start, p.decided = 0, true
	for _, o := range p.outlets {
		o.taking = p.plain // of a plain file nothing is known
	}
	for i, o := range in.dirs {
		place := held.Place(places[i].Key)
		o.taking = place != nil && place.Taking
		places[i].Taking = o.taking
		if !o.taking {
			p.plain = false // a script may have gained a directory within a line
		}
	}
	for _, o := range p.outlets {
		if o.shape != nil {
			o.shape.within = o.taking
		}
	}
}

// replay takes what the last batch had as if it had just been read, and gives it
// the stamps it had: patterns see them. Every directory knows what of it it has
// already. What lies behind it was taken, and not yet looked at: that is for Run, which
// takes more while it has to wait.
func (p *Pipe) replay() error {
	in := &p.intake
	from := in.prog
	if from.Last != (tai64.TAI64N{}) {
		p.clock.Restore(from.Last)
	}
	if p.saying() {
		p.clock.Restore(from.First.Add(-1))
		if p.sayAll(); p.left {
			return errLeft
		}
	}
	if from.Done < from.Begin {
		// The line that was not decided upon has the last stamp.
		p.clock.Restore(from.Last.Add(-1))
		if err := p.rework(from.Begin); err != nil {
			return err
		}
	}
	if from.Begin < from.End {
		p.last, p.before = p.clock.Last(), from.First.Add(-1)
		p.clock.Restore(p.before)
		if err := p.rework(from.End); err != nil {
			return err
		}
		if p.clock.Last() == p.before {
			p.clock.Restore(p.last) // no line began there
		}
		p.last, p.before = tai64.TAI64N{}, tai64.TAI64N{}
	}
	return nil
}

// rework works on the spool up to end.
func (p *Pipe) rework(end int64) error {
	in := &p.intake
	for in.seen < end {
		buf := p.space()
		buf = buf[:min(int64(len(buf)), end-in.seen)]
		if err := in.spool.ReadAt(buf, in.seen); err != nil {
			return err
		}
		if p.work(len(buf)); p.left {
			return errLeft
		}
		in.seen += int64(len(buf))
	}
	return nil
}

// intend reads the clock, and writes down what is about to be done with the next n
// bytes of the spool, or of the input: which stamps they get.
func (p *Pipe) intend(n int64) {
	in := &p.intake
	if p.timed && len(in.marks) > 0 {
		p.clock.ReadAs(in.taken())
	} else if p.timed {
		p.clock.Read()
	}
	if !in.on {
		return
	}
	in.prog.Begin, in.prog.End = in.seen, in.seen+n
	if p.timed {
		in.prog.First = p.clock.Peek()
	}
	in.spool.Commit(&in.prog)
}

// plainly gives the spool up: from here on a kill loses what was read and not
// written.
func (p *Pipe) plainly(why error) {
	p.intake.on = false
	if why != nil {
		p.warn(fmt.Errorf("reading without a spool, a kill may lose lines: %w", why))
	}
	if err := p.intake.spool.Remove(); err != nil {
		p.warn(err)
	}
}

// commit writes down that everything taken is done with.
func (p *Pipe) commit() {
	in := &p.intake
	if !in.on {
		return
	}
	p.account()
	in.spool.Commit(&in.prog)
	if !in.behind() {
		in.marks = nil
	}
	switch {
	case in.behind():
		return
	case in.spool.Lost():
		p.plainly(nil) // the loss itself has been said
		return
	}
	if err := in.spool.Empty(&in.prog); err != nil {
		p.plainly(err)
	}
	in.seen = in.spool.End()
}

// account brings the progress up to the present.
func (p *Pipe) account() {
	in := &p.intake
	in.prog.Done = in.seen - int64(p.held())
	in.prog.Begin, in.prog.End = in.seen, in.seen
	in.prog.InLine = p.start >= 0 && p.decided
	in.prog.Last = p.clock.Last()
	for i, o := range in.dirs {
		in.prog.Places[i] = o.dir.Accounted()
		in.prog.Places[i].Taking = in.prog.InLine && o.taking
	}
	for i, n := range in.notes {
		in.prog.Notes[i].Value = n.account(in.prog.InLine)
	}
}

// endInput makes the newline that ends the last line a part of the input: else a
// kill from here on would leave a line without an end in the spool, and one with
// an end in the directories. It reports false if the pipe is to stop and the line
// has to be left in the spool.
func (p *Pipe) endInput() bool {
	in := &p.intake
	if !in.on {
		return true
	}
	for err := in.spool.Append('\n'); err != nil; err = in.spool.Append('\n') {
		if !in.dirs[0].dir.MakeRoom(err) && !p.retry(err) {
			return false
		}
	}
	p.intend(1)
	in.seen++
	return true
}

// seal writes down that every directory is about to be closed: another multilog
// may go on with any of them from now on.
func (p *Pipe) seal() {
	in := &p.intake
	if !in.on {
		return
	}
	for i := range in.prog.Places {
		in.prog.Places[i].Closed = true
	}
	in.spool.Commit(&in.prog)
}

// keeps reports whether a line that is in no destination is in the spool, for
// the next start.
func (in *intake) keeps() bool { return in.on && !in.spool.Lost() }

// errLeft is the end of a pipe that could not write when it was to stop.
var errLeft = errors.New("unable to write all lines, leaving them in the spool")

// behind reports whether the spool holds what was not worked on.
func (in *intake) behind() bool { return in.on && in.seen < in.spool.End() }

// errBehind is the end of a pipe that is behind.
var errBehind = errors.New("unable to read all of the spool")

// held is the number of bytes of the input that are in no destination yet: the
// line that is still to be decided upon, without its stamp.
func (p *Pipe) held() int {
	if p.start < 0 || p.decided {
		return 0
	}
	return len(p.text) - p.start - p.lead
}
