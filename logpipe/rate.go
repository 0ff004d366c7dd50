package logpipe

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tailight/tailight/tai64"
)

// rate is what rate= says; the zero value is no limit.
type rate struct {
	text  string        // as it was written
	every time.Duration // of a line, in the long run
	burst int64         // lines that may come at once
}

// parseRate reads the value of rate=: N/s, N/m or N/h, and :BURST, which is N
// otherwise.
func parseRate(value string) (rate, error) {
	bad := errors.New("not a rate such as 100/s or 100/s:500")
	number, after, ok := strings.Cut(value, "/")
	unit, burst, bursts := strings.Cut(after, ":")
	per := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	n, err := strconv.ParseUint(number, 10, 30)
	if !ok || err != nil || n == 0 || per == 0 {
		return rate{}, bad
	}
	b := n
	if bursts {
		if b, err = strconv.ParseUint(burst, 10, 30); err != nil || b == 0 {
			return rate{}, bad
		}
	}
	r := rate{text: value, every: per / time.Duration(n), burst: int64(b)}
	if r.every == 0 || r.burst > math.MaxInt64/4/int64(r.every) {
		return rate{}, errors.New("out of range")
	}
	return r, nil
}

// bucket counts what rate= lets through. It knows no other time than that of the
// lines' stamps, which are the same when a killed pipe's lines are done again.
type bucket struct {
	rate
	full  int64  // Unix nanoseconds: when as many lines may come at once as ever
	lines uint64 // suppressed and not told yet
	first int64  // when the first of them came
	last  int64  // and the last

	saying bool // a killed pipe was about to tell
}

// admits reports whether a line of that time is let through, and counts it.
func (b *bucket) admits(now int64) bool {
	every := int64(b.every)
	if b.full < now || b.full-now > b.burst*every {
		b.full = now // or the clock was set back
	}
	if b.full-now > (b.burst-1)*every {
		if b.lines == 0 {
			b.first = now
		}
		b.lines, b.last = b.lines+1, now
		return false
	}
	b.full += every
	return true
}

// tellEvery is how often it is told what was suppressed while lines come, and how
// long after them if none do.
const tellEvery = time.Second

// due reports whether what was suppressed is to be told after a line of that time.
func (b *bucket) due(now int64) bool {
	return now < b.first || now-b.first >= int64(tellEvery)
}

// text says what was suppressed.
func (b *bucket) text() string {
	lines := " lines"
	if b.lines == 1 {
		lines = " line"
	}
	return "tailight: suppressed " + strconv.FormatUint(b.lines, 10) + lines +
		" from " + isoText(b.first) + " to " + isoText(b.last) + ": more than " + b.rate.text // on disk; fixed
}

func isoText(nano int64) string {
	return strings.TrimSuffix(string(tai64.ISOStamps.Append(nil, tai64.At(time.Unix(0, nano)))), " ")
}

// admits reports whether the line at hand is let through.
func (s *shape) admits() bool { return s.rate.every == 0 || s.bucket.admits(s.now()) }

// now is the time of the latest stamp.
func (s *shape) now() int64 { return s.p.now() }

func (p *Pipe) now() int64 {
	l := p.clock.Last()
	if l == p.before {
		l = p.last // nobody was given before
	}
	return l.Time().UnixNano()
}

// say adds a line that tells what was suppressed.
func (s *shape) say() {
	if s.p.stamper == nil {
		s.p.clock.Next() // as a line would
	}
	s.begin()
	b := &s.bucket
	s.out.gather = append(append(s.out.gather, b.text()...), '\n')
	b.lines, b.saying = 0, false
}

// tell tells what was suppressed, now: nobody knows when the next line comes. Where
// that would be in the middle of a line it is left for later. It is written down
// first, for the next process to do the same.
func (p *Pipe) tell() {
	in := &p.intake
	some := false
	for _, s := range p.rated {
		s.bucket.saying = s.bucket.lines > 0 && (p.start < 0 || p.decided && !s.out.taking)
		some = some || s.bucket.saying
	}
	if !some {
		return
	}
	p.clock.Read()
	if in.on {
		for _, s := range p.rated {
			if s.bucket.saying {
				in.prog.Notes[s.note].Value[4] |= sayingBit
			}
		}
		in.prog.Begin, in.prog.End, in.prog.First = in.seen, in.seen, p.clock.Peek()
		in.spool.Commit(&in.prog)
	}
	if p.sayAll(); !p.left {
		p.commit()
	}
}

// sayAll lets those say what they have to that are about to.
func (p *Pipe) sayAll() {
	for _, s := range p.rated {
		if s.bucket.saying {
			s.say()
		}
	}
	p.flush()
}

// saying reports whether a killed pipe was about to tell.
func (p *Pipe) saying() bool {
	for _, s := range p.rated {
		if s.bucket.saying {
			return true
		}
	}
	return false
}

// remind sees to it that what was suppressed is told soon, also if no further line
// comes.
func (p *Pipe) remind() {
	if p.reminder != nil {
		return
	}
	for _, s := range p.rated {
		if s.bucket.lines > 0 {
			p.reminder = time.AfterFunc(tellEvery, func() {
				p.telling.Store(true)
				p.interrupt()
			})
			return
		}
	}
}

// quiet ends the wait of remind.
func (p *Pipe) quiet() {
	if p.reminder != nil {
		p.reminder.Stop()
		p.reminder = nil
	}
	p.telling.Store(false)
}
