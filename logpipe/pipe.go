package logpipe

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tailight/tailight/internal/lines"
	"github.com/tailight/tailight/tai64"
)

const (
	headSize   = 1000      // what patterns, alerts and status files see of a line, stamp included
	smallBatch = 4 << 10   // the buffers of an idle pipe
	largeBatch = 512 << 10 // what they grow to when reads fill them
	pieceSize  = 4 << 10   // how much input is searched for line ends at once: it is in the nearest cache then
	headRoom   = 4 << 10   // a page, and more than a head
	alertSize  = 200       // what an alert shows of a head
)

// Options are what a script does not say.
type Options struct {
	// Clock stamps the lines; nil means one that reads the time of day.
	Clock *tai64.Clock
	// Alert gets the lines of 'e', one Write each, whose errors are ignored;
	// nil drops them.
	Alert func(line []byte)
	// Out and Err are what tee=1 and tee=2 write to; nil drops that.
	Out, Err *os.File
	// Warn is told why something did not work that the pipe tries again
	// after a pause, or, if pausing is false, has given up without losing a
	// line. It may be called from several goroutines. nil drops it.
	Warn func(err error, pausing bool)
	// Spool takes the input of Run through a spool in the first log directory
	// of the script, so that a kill loses and doubles nothing. It is for an
	// input that is a pipe, and for Linux.
	Spool bool
	// Pause is how long the pipe waits before it tries a failed step again;
	// 0 means five seconds.
	Pause time.Duration
	// Linger is how long lines that come quickly may wait in the input, so
	// that many are taken at once: 0 means 5 ms, less than 0 not at all.
	Linger time.Duration
	// Busy is called when so much input is waiting that a second processor is
	// of use, for a process that does without until then; nil does nothing.
	Busy func()
}

// Pipe takes lines and does with each what its script says. Its methods are
// for one goroutine, except Stop and Rotate.
type Pipe struct {
	opt     Options
	script  *Script
	actions []action
	clock   *tai64.Clock
	stamper stamper // nil: lines are not stamped
	timed   bool    // each line takes a stamp, also if none is shown
	plain   bool    // every line goes to every outlet as it is, and nowhere else

	statuses []*statusFile
	outlets  []*outlet

	in   []byte // where input is read to that will be stamped
	room []byte // where other input is read to, behind the head of a line: text lies in it
	view []byte // input of either kind that is looked at where it lies in the spool; nil: none
	text []byte // what outlets may still need: the lines of this batch, then the head of a line
	seen int    // text up to here has been looked at for line ends

	// start is where the unfinished line begins in text, -1 between lines.
	// Once it is decided which outlets get that line, its bytes stream to
	// them and start means no more than that there is a line.
	start   int
	decided bool
	lead    int // bytes of the stamp at start

	// In a batch that is repeated the clock shows before until a stamp is taken. The
	// last one that was is last then: a line may have begun in an earlier batch.
	last, before tai64.TAI64N

	intake intake
	input  int  // the pipe that goes through the spool while Run reads it; -1: none
	left   bool // a write was given up at Stop: its lines are in the spool, for the next start

	ends      [pieceSize / lines.Word]uint64 // where lines end in the input at hand
	alertLine [alertSize + 4]byte

	rated    []*shape    // those with rate=
	reminder *time.Timer // sets telling; nil: nothing is suppressed that was not told
	telling  atomic.Bool // what was suppressed is to be told

	retouch  *time.Timer // sets touching; nil: every status file has its line
	touching atomic.Bool // status files are to be tried again

	rotating  atomic.Bool // Rotate was called
	aged      atomic.Bool // a directory has said that its current is old
	reloading atomic.Bool // Reload was called
	stopping  atomic.Bool // Stop was called
	stop      chan struct{}
	leave     time.Time // when that leaves in the spool what is still there; zero: not known yet
	stopOnce  sync.Once
	wake      func() // ends a wait for input; set while Run waits
	wakeMu    sync.Mutex
	opened    bool // Open is done
	closed    bool
}

// stamper writes the next stamp and a space.
type stamper interface {
	Append(dst []byte) []byte
}

// New returns a pipe for the script, with nothing opened yet, so that Stop and
// Rotate have something to act on while Open is busy with recovery.
func New(s *Script, opt Options) *Pipe {
	p := &Pipe{opt: opt, clock: opt.Clock, start: -1, input: -1, stop: make(chan struct{})}
	if p.clock == nil {
		p.clock = new(tai64.Clock)
	}
	if p.opt.Pause == 0 {
		p.opt.Pause = 5 * time.Second
	}
	p.configure(s)
	return p
}

// configure makes s the script of the pipe, in which there is no line.
func (p *Pipe) configure(s *Script) {
	p.script, p.actions, p.stamper = s, s.actions, nil
	switch s.stamp {
	case labels:
		p.stamper = tai64.NewStamper(p.clock)
	case unixStamps:
		p.stamper = tai64.NewUnixStamper(p.clock)
	case isoStamps:
		p.stamper = tai64.NewISOStamper(p.clock)
	}
	p.plain, p.timed = true, s.timed()
	for _, o := range s.outlets {
		p.plain = p.plain && o.forms == (forms{})
	}
	for _, a := range s.actions {
		p.plain = p.plain && a.kind == deliver
	}
	p.in, p.room, p.text, p.lead = nil, nil, nil, 0
	if p.stamper != nil {
		p.in = make([]byte, smallBatch)
	} else {
		p.room = make([]byte, headRoom+smallBatch)
	}
	p.keep(nil)
}

// Open opens everything the script names, in the order of 0.76: first the
// status files, then the directories and plain files. After an error the
// pipe is of no use.
func (p *Pipe) Open() error {
	if err := p.script.ready.check(); err != nil {
		return err
	}
	for _, path := range p.script.statuses {
		f, err := openStatus(path)
		if err != nil {
			p.abandon()
			return err
		}
		p.statuses = append(p.statuses, f.shared(p.statuses))
	}
	for _, o := range p.script.outlets {
		out, err := p.open(o, p.script, p.intake.home == nil)
		if err != nil {
			p.abandon()
			return err
		}
		p.attach(out, o)
	}
	if err := p.recover(); err != nil {
		p.abandon()
		return err
	}
	p.opened = true
	p.tellReady()
	return nil
}

// attach makes an open outlet the next one of the pipe.
func (p *Pipe) attach(out *outlet, o opening) {
	if out.shape = p.newShape(o.forms, out); out.shape != nil && o.rate != (rate{}) {
		p.rated = append(p.rated, out.shape)
	}
	p.outlets = append(p.outlets, out)
	switch sink := out.sink.(type) {
	case dirSink:
		p.intake.add(out, sink.d)
	case *teeSink:
		sink.out, sink.number = out, len(p.outlets)-1
		sink.note = p.intake.note(sink)
	}
}

// abandon lets go of what was opened before an error, without marking it.
func (p *Pipe) abandon() {
	for _, f := range p.statuses {
		_ = f.close()
	}
	for _, o := range p.outlets {
		o.sink.abandon()
	}
}

// Write puts b through the pipe as if it had been read from an input, but not
// through a spool: it is in no pipe where a kill would leave the rest. All
// whole lines of it are in their files when Write returns. A step that fails
// is tried until it works, so the only error is os.ErrClosed, or that lines of a
// killed pipe have to stay in the spool.
func (p *Pipe) Write(b []byte) (int, error) {
	if p.closed {
		return 0, os.ErrClosed
	}
	p.obey()
	if err := p.giveUp(); err != nil {
		return 0, err
	}
	for rest := b; len(rest) > 0; {
		n := copy(p.space(), rest)
		p.took(n)
		if rest = rest[n:]; len(rest) > 0 {
			p.grow()
		}
	}
	return len(b), nil
}

// space returns where the next input is to be read to.
func (p *Pipe) space() []byte {
	if p.stamper != nil {
		return p.in
	}
	return p.text[len(p.text):cap(p.text)]
}

// took looks at the n bytes that were read into space just now, and brings all
// they complete into the files.
func (p *Pipe) took(n int) {
	p.intend(int64(n))
	if p.work(n); p.left {
		return // as a kill would leave it
	}
	p.intake.seen += int64(n)
	if p.commit(); len(p.rated) > 0 {
		p.remind()
	}
}

// work is took without the accounts, and with stamps that follow the last.
func (p *Pipe) work(n int) {
	view := p.view
	p.view = nil
	switch {
	case p.stamper != nil && view != nil:
		p.stamped(view)
	case p.stamper != nil:
		p.stamped(p.in[:n])
	case view != nil:
		p.viewed(view)
	default:
		at := len(p.text)
		p.text = p.text[:at+n]
		p.bare(at)
	}
	p.flush()
}

// grow doubles the buffers up to a limit, and returns their size.
func (p *Pipe) grow() int {
	if p.stamper != nil {
		if len(p.in) < largeBatch {
			p.in = make([]byte, 2*len(p.in))
		}
		return len(p.in)
	}
	size := len(p.room) - headRoom
	if size < largeBatch {
		size *= 2
		head := p.text // all that is left after a flush
		p.room = make([]byte, headRoom+size)
		p.keep(head)
	}
	return size
}

// Close ends an unfinished line, brings everything into the files, and closes
// them in good order. An error says that a directory was left for the next
// Open to finish; no line is lost by that.
func (p *Pipe) Close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	p.quiet()
	p.untouch()
	if p.left {
		p.abandon()
		return errLeft
	}
	if p.catchUp() != nil {
		p.abandon()
		return errBehind
	}
	if p.start >= 0 {
		if !p.endInput() {
			p.abandon()
			return errLeft
		}
		p.text = append(p.text, '\n')
		p.endLine(len(p.text))
	}
	if p.flush(); p.left {
		p.abandon()
		return errLeft
	}
	p.commit()
	if p.tell(); p.left {
		p.abandon()
		return errLeft
	}
	p.seal()
	var first error
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	for _, f := range p.statuses {
		keep(f.finish(p))
	}
	for _, o := range p.outlets {
		if o != p.intake.home {
			keep(o.sink.close())
		}
	}
	if home := p.intake.home; home != nil {
		keep(home.sink.close()) // it has the record of all others
	}
	return first
}

// Rotate asks for every directory and file that is not empty to be rotated,
// before more input is taken. It may be called from any goroutine.
func (p *Pipe) Rotate() {
	p.rotating.Store(true)
	p.interrupt()
}

// Stop asks Run to return at the end of the line it is in, leaving the rest
// of the input unread, and gives up waiting where that loses nothing. It may
// be called from any goroutine.
func (p *Pipe) Stop() {
	p.stopping.Store(true)
	p.stopOnce.Do(func() { close(p.stop) })
	p.interrupt()
}

// obey does what Rotate and Reload asked for, and what is due.
func (p *Pipe) obey() {
	if p.reloading.Load() && p.start < 0 && !p.intake.behind() {
		p.reload()
	}
	if p.telling.Load() || (p.rotating.Load() || p.aged.Load()) && len(p.rated) > 0 {
		p.quiet()
		p.tell()
	}
	if p.touching.Load() {
		p.touch()
	}
	if p.rotating.Load() && p.rotating.Swap(false) {
		for _, o := range p.outlets {
			o.sink.rotate()
		}
	}
	if p.aged.Load() && p.aged.Swap(false) {
		for _, o := range p.intake.dirs {
			_ = o.dir.RotateOld() // as Rotate
		}
	}
}

// grownOld is told by a directory that it wants RotateOld.
func (p *Pipe) grownOld() {
	p.aged.Store(true)
	p.interrupt()
}

func (p *Pipe) interrupt() {
	p.wakeMu.Lock()
	defer p.wakeMu.Unlock()
	if p.wake != nil {
		p.wake()
	}
}
