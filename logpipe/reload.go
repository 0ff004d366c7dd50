package logpipe

import (
	"fmt"
	"path/filepath"
)

// Reload asks for the file of config= to be read again, before another line begins.
// Where it cannot be read, has a bad word, or names what cannot be opened, the pipe
// warns and goes on as before. It may be called from any goroutine.
func (p *Pipe) Reload() {
	p.reloading.Store(true)
	p.interrupt()
}

// change is a pipe on its way to another script. All lines are in their files.
type change struct {
	p        *Pipe
	script   *Script
	next     []*outlet // for each opening of the script; nil: to be opened when the old one is closed
	kept     map[*outlet]bool
	statuses []*statusFile
}

// reload is what Reload asks for, between two lines.
func (p *Pipe) reload() {
	p.reloading.Store(false)
	// Nothing may come into a spool that is given up.
	input := p.input
	p.input = -1
	defer func() { p.input = input }()
	if p.tell(); p.left {
		return
	}
	script, err := Read(p.script.given)
	if err == nil {
		c := &change{p: p, script: script, kept: map[*outlet]bool{}}
		if err = c.prepare(); err == nil {
			c.take()
			return
		}
		c.cancel()
	}
	p.warn(fmt.Errorf("unable to change the script, going on with the old one: %w", err))
}

// prepare opens what is new, as long as nothing old is closed.
func (c *change) prepare() error {
	p := c.p
	for _, path := range c.script.statuses {
		f, err := openStatus(path)
		if err != nil {
			return err
		}
		c.statuses = append(c.statuses, f.shared(c.statuses))
	}
	same := c.script.stamp == p.script.stamp && c.script.timed() == p.timed
	c.next = make([]*outlet, len(c.script.outlets))
	home := true // the next directory is the first
	for i, o := range c.script.outlets {
		old := c.old(o)
		switch {
		case old >= 0 && same && c.stays(old, o, home):
			c.next[i] = p.outlets[old]
			c.kept[p.outlets[old]] = true
		case old >= 0: // it is locked
		default:
			out, err := p.open(o, c.script, home && o.dir)
			if err != nil {
				return err
			}
			c.next[i] = out
		}
		home = home && !o.dir
	}
	return nil
}

// old is the outlet that has the same files, -1 if none.
func (c *change) old(o opening) int {
	for i, out := range c.p.outlets {
		was := c.p.script.outlets[i]
		if o.tee == 0 && was.tee == 0 && o.dir == was.dir && filepath.Clean(o.path) == filepath.Clean(was.path) && !c.kept[out] {
			return i
		}
	}
	return -1
}

// stays reports whether an outlet can go on as it is.
func (c *change) stays(old int, o opening, home bool) bool {
	was := c.p.script.outlets[old]
	o.forms, was.forms = forms{}, forms{}
	return o == was && (home && o.dir) == (c.p.outlets[old] == c.p.intake.home)
}

// cancel closes what prepare has opened.
func (c *change) cancel() {
	for _, f := range c.statuses {
		_ = f.close()
	}
	for _, out := range c.next {
		if out == nil || c.kept[out] {
			continue
		}
		if d, ok := out.sink.(dirSink); ok && d.d.Spool() != nil && d.d.Spool().Held() != nil {
			out.sink.abandon() // it has lines of a killed pipe
			continue
		}
		_ = out.sink.close() // nothing was written to it
	}
}

// take makes the new script that of the pipe. What fails from here on is tried
// until it works.
func (c *change) take() {
	p, was := c.p, c.p.intake
	home := was.home != nil && c.kept[was.home]
	if was.on && !home {
		p.plainly(nil)
	}
	for _, out := range p.outlets {
		if !c.kept[out] {
			c.insist(out.sink.close)
		}
	}
	p.untouch()
	for _, f := range p.statuses {
		_ = f.finish(p)
	}
	p.intake = intake{}
	p.statuses, p.outlets, p.rated = c.statuses, nil, nil
	p.configure(c.script)
	for i, o := range c.script.outlets {
		out := c.next[i]
		if out == nil {
			c.insist(func() (err error) {
				out, err = p.open(o, c.script, p.intake.home == nil)
				return err
			})
		}
		if out == nil {
			out = &outlet{sink: &teeSink{p: p, gone: true}, path: o.path} // the pipe stops, and no line comes
		}
		p.attach(out, o)
	}
	in := &p.intake
	switch {
	case home && was.on:
		in.on, in.seen = true, was.seen
		p.account()
		if err := in.spool.Renew(&in.prog); err != nil {
			p.plainly(err)
		}
	case home:
		in.miss = was.miss
	default:
		c.insist(p.recover)
	}
}

// insist tries until it works, or the pipe is to stop: no line is in memory then.
func (c *change) insist(step func() error) {
	for {
		err := step()
		if err == nil || !c.p.retry(err) {
			return
		}
	}
}
