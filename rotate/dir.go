package rotate

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/tailight/tailight/tai64"
)

// Limits of a log directory, those of daemontools 0.76 but for MaxSize, which
// is 16777215 there.
const (
	MinSize     = 4096       // bytes of current, at least
	MaxSize     = 2147483647 // bytes of current, at most
	DefaultSize = 99999
	MinNum      = 2 // files, current among them, at least
	DefaultNum  = 10

	// slack is how far below its size current may end, to end with a line.
	slack = 2000
)

// Options say how a log directory is kept. The zero value is what 0.76 does
// when its script has only the directory's name.
type Options struct {
	// Size is the limit of current in bytes, brought into MinSize..MaxSize;
	// 0 means DefaultSize.
	Size int64
	// Num is the number of files, current among them: Num-1 archives are
	// kept. Brought to at least MinNum; 0 means DefaultNum.
	Num int
	// MaxTotal is the most bytes that all archives may have together, current not
	// among them; 0 means any. MaxAge is how long an archive is kept after its
	// label; 0 means for ever. See retain.go for when they are looked at.
	MaxTotal int64
	MaxAge   time.Duration
	// Every says when current is old enough to be rotated; 0 is NeverOld. Old is told
	// so, by a goroutine of the directory's own, and must not call back: whoever
	// shares Clock or keeps a Progress calls RotateOld then, between two Writes. nil
	// lets the directory do it by itself.
	Every Every
	Old   func()
	// Processor is a shell command through which every finished file goes;
	// HasProcessor says that there is one, for an empty command is one too.
	Processor    string
	HasProcessor bool
	// Compress is a processor of our own. There is no other beside it. For Zstd the
	// program tailight-zstd has to be installed, beside the running one or in PATH:
	// else Open fails.
	Compress Compression
	// Suffix ends the names of finished archives, if HasSuffix says that it
	// is meant, for it may be empty; else that is DefaultSuffix. It has to be
	// a [ValidSuffix].
	Suffix    string
	HasSuffix bool

	// Sync says how soon lines are on disk; 0 is SyncRotate.
	Sync Sync
	// Full says what happens when there is no space; 0 is FullWait.
	Full Full

	// Clock gives archives their labels. Whoever stamps the lines shares its
	// clock, so that an archive's label lies above the stamps of its lines.
	// nil means a clock of the directory's own. With Stamped, Open lets it go on
	// from the last stamp that is there.
	Clock *tai64.Clock
	// Stamped says that lines begin with a stamp of Clock, as a
	// [tai64.Stamper] writes it, or what Stamps says. A file that is full
	// is then named by the stamp of its last line.
	Stamped bool
	// Stamps says what these stamps look like.
	Stamps tai64.Stamps

	// Retry is asked when a step has failed. It says so, waits, and returns
	// whether to try the same step again. nil means to return the error
	// instead; the next call goes on at the step that failed.
	Retry func(error) bool
	// Beside is asked instead where the step is not one of the caller's: a
	// rotation goes on beside the writer, so this may be called from other
	// goroutines, also by two at a time. nil means Retry.
	Beside func(error) bool
	// Wait is called where lines have to wait for a rotation, and returns true when
	// done is closed. false gives up: the call returns an error, and the next one
	// goes on there. nil means to do nothing else meanwhile.
	Wait func(done <-chan struct{}) bool
	// Warn is told of what was given up without loss: an archive that could
	// not be deleted, a current that somebody else removed. nil drops it.
	Warn func(error)

	// Spool says that the directory may hold a spool, which is looked for
	// when it is opened; see [Dir.Spool].
	Spool bool
	// Survived says where a writer was that has been killed since the system
	// was started: what lies beyond in current is cut off, and current goes on.
	// nil, or a Progress without this directory, means that nothing is known,
	// as after an outage. A directory with a spool has its own.
	Survived *Progress
	// Turning is called before current is renamed, and again when there is a
	// new one, with nothing in it: everything written so far is in finished
	// files then. It is also called after a line of the directory's own, which
	// nobody writes again. The Skip of the place is what went out since Accounted. nil
	// means that nobody keeps a Progress: Spool and Survived count for nothing.
	Turning func(Place)

	openFS func(name string) (fsys, error) // nil: openFS
	spawn  func(func())                    // runs a rotation beside the writer; nil: go
	run    func(*processing) error         // runs a processor; nil: (*processing).run
	zstd   string                          // the program that is run instead of a command; empty: none
	now    func() time.Time                // the time of day; nil: time.Now
	zone   *tai64.Zone                     // local time, for Every; nil: LocalZone

	maxState int64         // 0: maxState
	patience time.Duration // 0: patience
}

// Dir is a log directory open for writing. It is an io.WriteCloser; its
// methods may be called from several goroutines, one call goes after the
// other.
type Dir struct {
	name  string
	opt   Options
	clock *tai64.Clock

	mu       sync.Mutex    // guards all below
	fs       fsys          // nil when the directory was lost and could not be entered again
	current  file          // nil when the next write has to open it
	size     int64         // bytes in current
	due      bool          // current is full and ends with a line
	last     tai64.TAI64N  // the stamp of current's last line, if due and Stamped
	walk     *walk         // the latest rotation, until settled; nil: none
	pruned   chan struct{} // closed when the latest one has done its last step; nil: there was none
	disk     durable
	inLine   bool        // the last byte written does not end a line
	expiry   *time.Timer // when the next archive is older than MaxAge; nil: no MaxAge
	aging    aging
	opened   bool // enter was called
	closed   bool
	missing  bool // it was said that current is missing
	beside   bool // who holds mu is not a caller
	failures int  // of processors in a row; for walks, of which there is one at a time

	losses losses // has a lock of its own, to be taken after mu

	spool    *Spool // closed by Close and Abandon only: its user has it as well
	key      uint64 // of the directory, in a Progress
	survived *Place // what is known of a killed writer, nil if nothing is
	place    Place  // where the writer is; its Size is that of size when it matters
	known    bool   // place is that of the present current
	skip     int64  // bytes that are in finished files already, and will be written again
	since    int64  // bytes written since Accounted, with those skipped
}

// Open opens the log directory of that name for appending. It makes the
// directory if it is missing, locks it against every other writer, finishes
// what a crash may have left (see the package comment), and makes current
// ready. An error is an [*Error], and leaves nothing open.
func Open(name string, opt Options) (*Dir, error) {
	if hook != nil {
		hook(name, &opt)
	}
	d := &Dir{name: name, opt: opt.filled(), clock: opt.Clock}
	if d.clock == nil {
		d.clock = new(tai64.Clock)
	}
	if !ValidSuffix(d.opt.Suffix) {
		return nil, &Error{Text: fmt.Sprintf("unable to open directory %s: %q is no suffix", name, opt.Suffix)}
	}
	if opt.Compress != Uncompressed && opt.HasProcessor {
		return nil, &Error{Text: fmt.Sprintf("unable to open directory %s: a processor beside Compress", name)}
	}
	// Timers may come to their end before all is ready.
	d.mu.Lock()
	defer d.mu.Unlock()
	if opt.Compress == Zstd && opt.run == nil {
		path, err := ZstdProgram()
		if err != nil {
			return nil, err
		}
		d.opt.zstd = path
	}
	d.initExpiry()
	if err := d.enter(); err != nil {
		d.stopExpiry()
		d.closeSpool()
		return nil, err
	}
	return d, nil
}

// hook gives a directory another file system, in tests that reach it through
// what lies above this package; nil otherwise.
var hook func(name string, opt *Options)

func (o Options) filled() Options {
	if o.Size == 0 {
		o.Size = DefaultSize
	}
	o.Size = min(max(o.Size, MinSize), MaxSize)
	if o.Num == 0 {
		o.Num = DefaultNum
	}
	o.Num = max(o.Num, MinNum)
	if !o.HasSuffix {
		o.Suffix = DefaultSuffix
	}
	if o.openFS == nil {
		o.openFS = openFS
	}
	if o.spawn == nil {
		o.spawn = func(run func()) { go run() }
	}
	o.HasProcessor = o.HasProcessor || o.Compress != Uncompressed
	if o.Beside == nil {
		o.Beside = o.Retry
	}
	if o.run == nil {
		o.run = (*processing).run
		if o.Compress == Gzip {
			o.run = o.Compress.run
		}
	}
	if o.now == nil {
		o.now = time.Now
	}
	if o.maxState == 0 {
		o.maxState = maxState
	}
	if o.patience == 0 {
		o.patience = patience
	}
	return o
}

// enter opens the directory by its name and recovers it.
func (d *Dir) enter() error {
	fsys, err := d.opt.openFS(d.name)
	if err != nil {
		return err
	}
	d.fs = fsys
	if !d.opened {
		// Later there may be lines that have their stamps and are in no file yet.
		d.goOnFromEarlier()
		d.opened = true
	}
	err = d.survive()
	if err == nil {
		err = d.loadDropped()
	}
	if err == nil {
		err = d.recover()
	}
	for err != nil && d.current == nil && d.makeRoom(d.fs, err) {
		err = d.recover() // which goes on where it was
	}
	if err != nil {
		_ = d.leave() // the first error is the one to tell
		return err
	}
	if d.opt.Sync > 0 && d.size > 0 {
		d.arm() // a killed writer may have left lines in memory
	}
	d.expire()
	d.ageOn()
	return nil
}

// leave closes what is open, in whatever state it is.
func (d *Dir) leave() error {
	var err error
	if d.current != nil {
		err = d.current.close()
		d.current = nil
	}
	if d.fs != nil {
		err = errors.Join(err, d.fs.close())
		d.fs = nil
	}
	return err
}

// closeSpool leaves the spool as it is.
func (d *Dir) closeSpool() {
	if d.spool != nil {
		d.spool.Close()
	}
}

// Name returns the name the directory was opened by.
func (d *Dir) Name() string { return d.name }

// Rotate finishes current and starts a new one, whatever its size; an empty
// one is left alone. It returns when the new one is in use: the rest of the
// rotation goes on beside the writer.
func (d *Dir) Rotate() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return os.ErrClosed
	}
	if d.size == 0 {
		return nil
	}
	return d.rotate()
}

// Close waits for the rotation that is under way, and marks current as
// closed in good order: the next Open goes on with it. When a rotation could
// not be finished current stays unmarked, and the next Open finishes both.
func (d *Dir) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	d.disarm()
	d.ageless()
	err := d.settle(false)
	if err == nil {
		d.tell(nil)
		err = d.settle(false) // a new file may have been needed
	}
	d.awaitPrune()
	d.stopExpiry()
	if err == nil {
		err = d.markClean()
	}
	if err == nil && d.spool != nil {
		// A crash before this leaves a record that says "all is done".
		err = d.spool.Remove()
	}
	d.closeSpool()
	return errors.Join(err, d.leave())
}

// Abandon closes the directory as a crash would: current stays unmarked, and
// the next Open archives it as unfinished. A processor is ended.
func (d *Dir) Abandon() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	d.closed = true
	d.disarm()
	d.ageless()
	if d.walk != nil {
		d.walk.rush()
		<-d.walk.ended
	}
	d.awaitPrune()
	d.stopExpiry()
	d.closeSpool()
	_ = d.leave() // nothing is promised of what is left
}

// markClean puts current on disk and sets the bit that says so.
func (d *Dir) markClean() error {
	if d.current == nil {
		if err := d.try(d.reopen); err != nil {
			return err
		}
	}
	if err := d.try(func() error { return d.syncCurrent(file.sync) }); err != nil {
		return err
	}
	// The name of current may be younger than the last sync of the directory.
	if err := d.try(d.syncName); err != nil {
		return err
	}
	// A crash here leaves current unmarked: complete, but archived as .u.
	return d.try(func() error {
		return orNil(d.current.chmod(0o744), "unable to set mode of %s/current", d.name)
	})
}

// try does a step, and does it again as long as it fails and there is a reason to.
func (d *Dir) try(step func() error) error {
	for {
		err := step()
		if err == nil || !d.again(d.fs, err) {
			return err
		}
	}
}

// again reports whether to repeat the step that failed: because there is room
// now, or because Retry wants it.
func (d *Dir) again(dir fsys, err error) bool {
	ask := d.opt.Retry
	if d.beside {
		ask = d.opt.Beside
	}
	return d.makeRoom(dir, err) || ask != nil && ask(err)
}

// asOther marks what is done with mu held and is not a caller's, until the
// function it returns is called.
func (d *Dir) asOther() func() {
	d.beside = true
	return func() { d.beside = false }
}

func (d *Dir) warn(err error) {
	if d.opt.Warn != nil {
		d.opt.Warn(err)
	}
}

// orNil is fail for a step that may have worked.
func orNil(err error, text string, args ...any) error {
	if err == nil {
		return nil
	}
	return fail(err, text, args...)
}
