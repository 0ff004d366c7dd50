package tai64

import "time"

// absorbed is the backward step of the clock that stamps ignore.
const absorbed = time.Second

// Clock gives stamps that rise strictly. It is read once for a batch of lines,
// usually once per read(2): the first stamp after a [Clock.Read] is the reading,
// each further one is 1 ns above the one before. Thus stamps are unique and
// ordered at the cost of one system call per batch.
//
// A clock that steps back by up to a second, measured against the last stamp,
// is overruled: stamps go on by 1 ns until the clock has caught up. A larger
// step is believed and stamps restart at the reading; that, apart from the end
// of the scale, is the only case in which a stamp is not above all earlier ones.
//
// The zero value reads [time.Now]. A Clock is not for concurrent use, and must
// not be copied after its first use.
type Clock struct {
	// Now is called by Read; nil means time.Now.
	Now func() time.Time

	last    TAI64N // the last stamp given, if any
	reading TAI64N // of the last Read, if any
	floor   TAI64N // the next stamp is above it, if floored

	// running is set when neither a new reading nor a floor needs a look, so
	// that the next stamp is last + 1 ns.
	running bool
	begun   bool // the clock has been read
	fresh   bool // no stamp has been taken since the last Read
	floored bool
}

// Read takes one reading of the clock, for the stamps that follow.
func (c *Clock) Read() {
	c.reading = c.Reading()
	c.begun, c.fresh, c.running = true, true, false
}

// Reading is what Read would take, for a later ReadAs.
func (c *Clock) Reading() TAI64N {
	if c.Now == nil {
		return At(time.Now())
	}
	return At(c.Now())
}

// ReadAs is Read with an earlier reading, for lines that were taken then. It says
// nothing of how the clock was set: where it is not above the last stamp, the
// next one is 1 ns above that.
func (c *Clock) ReadAs(l TAI64N) {
	c.reading = l
	c.begun, c.fresh, c.running = true, l.Compare(c.last) > 0, false
}

// Next returns the next stamp. If the clock was never read, it is read first.
func (c *Clock) Next() TAI64N {
	// Almost always that is all; and so little that it is inlined.
	if c.last.Nano++; c.last.Nano >= billion || !c.running {
		c.settle()
	}
	return c.last
}

// settle makes last the next stamp: where the nanoseconds of last, which were
// counted up, are a full second, and for the first stamp after a Read or an Above.
func (c *Clock) settle() {
	c.last.Nano--
	n := c.last.next()
	if !c.begun {
		c.Read()
	}
	if c.fresh && c.trusted() {
		n = c.reading
	}
	if c.floored && n.Compare(c.floor) <= 0 {
		n = c.floor.next()
	}
	c.fresh, c.floored, c.running = false, false, true
	c.last = n
}

// trusted reports whether the reading is the next stamp: it is above the last
// one, or so far below that the clock must have been set.
func (c *Clock) trusted() bool {
	return c.reading.Compare(c.last) > 0 || c.last.sub(c.reading) > absorbed
}

// Peek returns what Next would, and takes nothing.
func (c *Clock) Peek() TAI64N {
	twin := *c
	return twin.Next()
}

// Restore makes l the last stamp given, and forgets the last Read: without
// another one the next stamp is 1 ns above. It is for who does again what was
// done before, with the stamps it had.
func (c *Clock) Restore(l TAI64N) {
	c.last = l
	c.begun, c.fresh, c.floored, c.running = true, false, false, false
}

// Last returns the last stamp given, or the zero label if there is none yet.
func (c *Clock) Last() TAI64N { return c.last }

// Above makes the next stamp be above l, however far below the clock may be.
// A program that starts again passes the highest label it has left behind. The
// stamps after the next one follow the clock as ever: where it is more than a
// second below l, they do so from the next Read on.
func (c *Clock) Above(l TAI64N) {
	if !c.floored || l.Compare(c.floor) > 0 {
		c.floor = l
	}
	c.floored, c.running = true, false
}
