package rotate

import (
	"context"
	"io"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tailight/tailight/tai64"
)

// Line is a line of a log directory. It is valid until the next one.
type Line struct {
	Source int    // of the directory in [Reader.Dirs]
	Text   []byte // as it stands in the file, but for the newline
	Lead   int    // length of the stamp in front, with its space; 0 if there is none

	// Label is the stamp. A line without one has that of the line before; the
	// first lines of a file, the label of the archive before.
	Label tai64.TAI64N

	// More says that the line goes on in the Text of the next Line: it was cut
	// at the end of a file, or is longer than a mebibyte.
	More bool
	// Open says that the line has no newline, and does not go on: it is being
	// written, or was cut by an outage.
	Open bool
	// Stepped says that the stamp is below one before it: the clock was set.
	Stepped bool
}

// Bare returns the text behind the stamp.
func (l *Line) Bare() []byte { return l.Text[l.Lead:] }

// ReadOptions say what a [Reader] reads. The zero value is everything that is
// there, oldest first.
type ReadOptions struct {
	// Since and Until bound the labels: Since <= Label < Until. The zero label
	// is no bound.
	Since, Until tai64.TAI64N
	// Last is the number of lines, the last ones, to begin with, if HasLast
	// says that it is meant: 0 of them make sense before Follow.
	Last    int
	HasLast bool
	// Reverse gives the newest line first. What was cut at the end of a file
	// comes in lines of their own. It excludes Follow and After.
	Reverse bool

	// Follow goes on with what is written later, until the context ends.
	Follow bool
	// Wait makes a directory that is missing be waited for, if Follow is set;
	// else that is an error. One that was there is always waited for.
	Wait bool
	// Dirs is asked for further directories before Follow begins, now and
	// again meanwhile, and whenever an entry of one of Watch comes or goes.
	Dirs  func() []string
	Watch []string

	// After is where an earlier Reader stopped: see [Reader.Cursor]. A line
	// that has no newline yet is left to the next run.
	After *Cursor

	// Match chooses lines; nil takes all. The line has its final form. Of one
	// with More, the first part decides.
	Match func(*Line) bool

	// Warn is told of what was gone on from: an archive that vanished, labels
	// that step back, a damaged file. nil drops it.
	Warn func(error)
	// Idle is called before the Reader waits: whoever gathers output writes it
	// now.
	Idle func()
	// Zstd unpacks what zstd has packed, from where it begins to read. The package
	// has no decoder for it: that of klauspost/compress brings 32 MiB of address
	// space to every process it is part of. nil: such an archive is passed over with a warning.
	Zstd func(io.Reader) (io.ReadCloser, error)
	// Progress is called now and again while a file is unpacked.
	Progress func(file string, read, size int64)

	rarely  time.Duration      // between two sweeps while changes are told of; 0: sweepRarely
	between func(where string) // called where a writer may get ahead, in tests; nil: nothing
}

// Reader reads the history of log directories: archives of all suffixes,
// previous and current. It takes no lock and writes nothing there. A Reader is
// for one goroutine.
type Reader struct {
	opt     ReadOptions
	sources []*source
	heap    merge
	stop    atomic.Bool // the context has ended
	block   int         // bytes of a read
	free    [][]byte    // buffers
	at      *source     // whose line is being delivered

	watch   *watch    // nil: nobody tells of changes
	changes bool      // there may be new directories
	sweep   time.Time // when to look at everything; zero: not decided
}

// NewReader returns a Reader of log directories. Nothing is opened before
// Lines is used.
func NewReader(dirs []string, opt ReadOptions) *Reader {
	r := &Reader{opt: opt}
	r.add(dirs)
	return r
}

// Dirs are the directories; Line.Source is an index. It grows while following.
func (r *Reader) Dirs() []string {
	dirs := make([]string, len(r.sources))
	for i, s := range r.sources {
		dirs[i] = s.dir
	}
	return dirs
}

// add takes directories that are not known yet.
func (r *Reader) add(dirs []string) {
	for _, dir := range dirs {
		if !slices.ContainsFunc(r.sources, func(s *source) bool { return s.dir == dir }) {
			r.sources = append(r.sources, newSource(r, dir))
		}
	}
	r.block = min(max(blockTotal/max(len(r.sources), 1), blockMin), blockMax)
}

// Sizes of buffers: of all sources together, about; of one.
const (
	blockTotal = 4 << 20
	blockMin   = 16 << 10
	blockMax   = 256 << 10
)

// Lines reads. The lines of several directories come in the order of their
// labels; while following, of those that are there when the Reader wakes up.
// An error is a directory that could not be read: Lines goes on with the others.
// It may be used once.
func (r *Reader) Lines(ctx context.Context) iter.Seq2[*Line, error] {
	return func(yield func(*Line, error) bool) {
		if r.opt.Follow {
			r.watch = newWatch()
		}
		defer context.AfterFunc(ctx, r.halt)()
		defer r.close()
		if r.begin(yield) {
			r.read(ctx, yield)
		}
	}
}

// halt makes Lines return soon.
func (r *Reader) halt() {
	r.stop.Store(true)
	if r.watch != nil {
		r.watch.wake()
	}
}

// begin looks at all directories.
func (r *Reader) begin(yield func(*Line, error) bool) bool {
	if r.watch != nil {
		for _, dir := range r.opt.Watch {
			r.watch.dir(dir, nil)
		}
	}
	for _, s := range r.sources {
		if err := s.begin(); err != nil && !yield(nil, err) {
			return false
		}
	}
	if r.opt.Follow {
		r.ask()
	}
	return true
}

func (r *Reader) read(ctx context.Context, yield func(*Line, error) bool) {
	if r.opt.Reverse {
		n, inLine := r.opt.Last, false
		r.backwards(func(s *source) bool {
			if !inLine {
				n--
			}
			inLine = s.line.More
			return (n >= 0 || !r.opt.HasLast) && yield(&s.line, nil)
		})
		return
	}
	if r.opt.HasLast {
		r.goToLast(r.opt.Last)
	}
	for r.drain(yield) && r.opt.Follow && r.wait(ctx) {
	}
}

// pollEvery is the number of lines after which new ones are looked for.
const pollEvery = 4096

// drain delivers the lines that are there. It returns false when the consumer
// wants no more.
func (r *Reader) drain(yield func(*Line, error) bool) bool {
	r.wakeUp()
	for n := 1; len(r.heap.s) > 0 && !r.stop.Load(); n++ {
		s := r.heap.s[0]
		r.at = s
		if !yield(&s.line, nil) {
			return false
		}
		r.at = nil
		more := s.line.More
		switch {
		case !s.advance():
			s.ready = false
			r.heap.pop()
		case !more: // the parts of a line stay together
			r.heap.fix()
		}
		if n%pollEvery == 0 && r.watch != nil && !more {
			// One that is written to all the time must not keep the others
			// waiting.
			if r.watch.poll(r.changed) {
				r.sweep = time.Now()
			}
			r.wakeUp()
		}
	}
	return !r.stop.Load()
}

// wakeUp takes those sources that have new lines into the heap.
func (r *Reader) wakeUp() {
	for _, s := range r.sources {
		if s.dirty && !s.ready {
			s.dirty, s.looked = false, false
			if s.advance() {
				s.ready = true
				r.heap.push(s)
			}
		}
	}
}

func (r *Reader) close() {
	for _, s := range r.sources {
		s.close()
	}
	r.heap, r.free = merge{}, nil
	if r.watch != nil {
		r.watch.close()
	}
}

func (r *Reader) between(where string) {
	if r.opt.between != nil {
		r.opt.between(where)
	}
}

func (r *Reader) warn(err error) {
	if r.opt.Warn != nil {
		r.opt.Warn(err)
	}
}

// buffer returns an empty buffer; release takes it back.
func (r *Reader) buffer() []byte {
	if n := len(r.free); n > 0 {
		b := r.free[n-1]
		r.free = r.free[:n-1]
		return b
	}
	return make([]byte, r.block)
}

func (r *Reader) release(b []byte) {
	if cap(b) == r.block && len(r.free) < 16 {
		r.free = append(r.free, b)
	}
}
