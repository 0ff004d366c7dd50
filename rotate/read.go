package rotate

import (
	"context"
	"iter"
	"slices"
	"sync/atomic"

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
	// Dirs is asked for the directories now and again while following, and
	// whenever an entry of one of Watch comes or goes. New ones are read from
	// their beginning.
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
	// Progress is called now and again while a file is unpacked.
	Progress func(file string, read, size int64)
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
		defer context.AfterFunc(ctx, func() { r.stop.Store(true) })()
		defer r.close()
		for _, s := range r.sources {
			if err := s.start(); err != nil && !yield(nil, err) {
				return
			}
		}
		r.drain(yield)
	}
}

// drain delivers the lines that are there. It returns false when the consumer
// wants no more.
func (r *Reader) drain(yield func(*Line, error) bool) bool {
	for _, s := range r.sources {
		if s.advance() {
			r.heap.push(s)
		}
	}
	for len(r.heap) > 0 && !r.stop.Load() {
		s := r.heap[0]
		for {
			r.at = s
			if !yield(&s.line, nil) {
				return false
			}
			more := s.line.More
			r.at = nil
			if !s.advance() {
				r.heap.pop()
				break
			}
			if !more { // the parts of a line stay together
				r.heap.fix()
				break
			}
		}
	}
	return !r.stop.Load()
}

func (r *Reader) close() {
	for _, s := range r.sources {
		s.close()
	}
	r.heap, r.free = nil, nil
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
