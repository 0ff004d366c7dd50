package logpipe

import (
	"runtime"
	"time"
)

const (
	// quick is how soon after the input was used up it must be used up again
	// for a nap: some thousand lines a second, each written by itself.
	quick = 1250 * time.Microsecond
	// A nap is as long as it takes a stream to gather a few lines, but not
	// longer than a line may wait in the pipe, see Options.Linger.
	shortNap, longNap = time.Millisecond, 5 * time.Millisecond
	gather            = 8 // lines, if they went on as they came
	// worthwhile is how much more than a wake-up a nap has to bring. A timer
	// costs about twice a wake-up.
	worthwhile = 3
	// plenty is the number of bytes from which on a nap has to be short, and
	// bulk that from which on there is enough to do without one: the writer
	// must not find the pipe full.
	plenty, bulk = 8 << 10, 32 << 10
)

// pace decides how to wait for more input. Waiting in the runtime's poller
// costs nothing while it lasts, but being woken from it costs several times
// what a short line does. So when lines come one at a time but quickly, a
// step takes a nap and then reads all that has gathered. The lines meanwhile
// are in the pipe, where they are safer than with us. The first nap that
// gathers too little ends it, so an idle logger never wakes up, and a line
// that comes alone is written at once.
type pace struct {
	begin time.Time
	last  time.Duration // after begin, when the input was last used up
	bytes int           // taken since
	unit  int           // bytes that the last wake-up brought
	nap   time.Duration // during which the bytes were gathered; 0: no nap
	alone bool          // there is one processor: a nap has to yield it
	long  time.Duration // the longest nap; 0: there are none
}

func newPace(linger time.Duration) pace {
	if linger == 0 {
		linger = longNap
	}
	return pace{begin: time.Now(), alone: runtime.GOMAXPROCS(0) == 1, long: max(linger, 0)}
}

// took counts the bytes of a read.
func (p *pace) took(n int) { p.bytes += n }

// napped is called when the input is used up. It takes a nap if lines come
// quickly, and reports whether it did.
func (p *pace) napped(src source) bool {
	p.nap = p.next()
	p.bytes = 0
	if p.nap == 0 {
		return false
	}
	src.nap(p.nap)
	if p.alone {
		// A rotation beside us could not run otherwise.
		runtime.Gosched()
	}
	return true
}

// next is how long a nap is worth taking, 0 if none is.
func (p *pace) next() time.Duration {
	switch {
	case p.bytes == 0, p.bytes >= bulk, p.long == 0:
		return 0
	case p.nap > 0 && p.bytes < worthwhile*p.unit:
		return 0
	case p.nap > 0 && p.bytes >= plenty:
		return min(shortNap, p.long)
	case p.nap > 0:
		return p.nap
	}
	now := time.Since(p.begin)
	gap := now - p.last
	p.last, p.unit = now, p.bytes
	if gap >= quick {
		return 0
	}
	return min(max(gather*gap, shortNap), p.long)
}
