package rotate

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailight/tailight/tai64"
)

// history is what one process does to a log directory: some Writes, a Rotate
// in the middle, Close. It stops at the first sign of its death.
type history struct {
	processor bool
	num       int // 0: enough to keep everything
	suffix    string
	hasSuffix bool
	retry     func(error) bool
	warn      func(error)
	spawn     func(func())
	start     int // the bytes of input that are in the directory already
	writes    int // 0: batches
	sync      Sync
	total     int64
	age       time.Duration
	compress  Compression
}

// The input of all histories is one stream of numbered lines in lower case,
// so that any part of it shows what is missing or doubled. A fake processor
// turns it to upper case: a byte tells whether it was processed.
var input = func() []byte {
	var b bytes.Buffer
	for i := range 700 {
		fmt.Fprintf(&b, "line %04d %s\n", i, strings.Repeat("abcdefghij", 1+i%9))
	}
	return b.Bytes()
}()

var inputUpper = bytes.ToUpper(input)

const (
	batch   = 1400 // bytes of a Write, not at a line end
	batches = 6    // two full files by themselves, one by Rotate, and a rest
)

// fakeProcessor writes to its output what it reads, in upper case and in two
// pieces, and counts the bytes in its state.
func fakeProcessor(p *processing) error {
	in, err := p.in.(*memFile).read()
	if err != nil {
		return err
	}
	old, err := p.state.(*memFile).read()
	if err != nil {
		return err
	}
	for piece := range slices.Chunk(upper(in), max(len(in)/2+1, 1)) {
		if err := writeAll(p.out, piece); err != nil {
			return err
		}
	}
	return writeAll(p.newstate, fmt.Appendf(nil, "%s%d\n", old, len(in)))
}

// upper is bytes.ToUpper, quick for parts of the input.
func upper(p []byte) []byte {
	if i := bytes.Index(input, p); i >= 0 {
		return inputUpper[i : i+len(p)]
	}
	return bytes.ToUpper(p)
}

func writeAll(f file, p []byte) error {
	for len(p) > 0 {
		n, err := f.write(p)
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// options are those of every history on a fake disk. The clock starts at the
// same hour in each process, so that it always lags behind the archives.
func (h history) options(d *memDisk) Options {
	now := time.Unix(1e9, 0)
	o := Options{
		Size: MinSize, Num: h.num, HasProcessor: h.processor, Processor: "fake",
		Suffix: h.suffix, HasSuffix: h.hasSuffix, Sync: h.sync, MaxTotal: h.total, MaxAge: h.age,
		now:   func() time.Time { return time.Unix(1e9, 0).Add(comesOfAge + h.age) },
		Clock: &tai64.Clock{Now: func() time.Time { now = now.Add(time.Millisecond); return now }},
		Retry: h.retry, Warn: h.warn,
		openFS: d.openMem, spawn: h.spawn, run: fakeProcessor,
	}
	if h.compress != Uncompressed {
		o.Compress, o.run = h.compress, compressing(h.compress)
	}
	if o.Num == 0 {
		o.Num = 100
	}
	if o.spawn == nil {
		o.spawn = func(run func()) { run() }
	}
	return o
}

// run does the history and returns how many bytes of the input are acknowledged:
// counted by a Write. The caller looks at the disk for the rest.
func (h history) run(d *memDisk) (acked int, err error) {
	acked = h.start
	dir, err := Open("d", h.options(d))
	if err != nil && d.failedOnce() {
		h.count(err)
		dir, err = Open("d", h.options(d))
	}
	if err != nil {
		return acked, err
	}
	defer dir.Abandon()
	writes := h.writes
	if writes == 0 {
		writes = batches
	}
	for i := range writes {
		if i == writes/2 {
			if err := h.again(d, dir.Rotate); err != nil {
				return acked, err
			}
		}
		end := h.start + (i+1)*batch
		for acked < end {
			n, err := dir.Write(input[acked:end])
			acked += n
			if err != nil && !h.goesOn(d) {
				return acked, err
			}
		}
		d.note(acked)
		if h.sync == SyncAlways {
			d.promise(acked)
		}
	}
	if err := dir.Close(); err != nil {
		return acked, err
	}
	d.note(acked)
	return acked, nil
}

// goesOn reports whether the caller of a Dir without Retry calls again.
func (h history) goesOn(d *memDisk) bool { return h.retry == nil && d.failedOnce() }

// failedOnce reports whether the process lives and the planned error was seen.
func (d *memDisk) failedOnce() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.dead && d.injected == 1
}

// count makes an error of Open count like those that Retry is told of.
func (h history) count(err error) {
	if h.retry != nil {
		h.retry(err)
	}
}

func (h history) again(d *memDisk, call func() error) error {
	err := call()
	if err != nil && h.goesOn(d) {
		err = call()
	}
	return err
}

// note remembers what is promised to be on disk for certain by now: all but
// what is in current, and that as well once it is marked.
func (d *memDisk) note(acked int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.entries["previous"] != nil {
		return
	}
	d.promised = acked
	if cur := d.entries["current"]; cur != nil && cur.mode&0o100 == 0 {
		d.promised = max(acked-len(cur.data), 0)
	}
}

// promise says that so much of the input is on disk for certain.
func (d *memDisk) promise(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.dead {
		d.promised = n
	}
}

// reopen opens and closes the directory in a new process.
func (h history) reopen(d *memDisk) error {
	d.restart()
	return h.reopenLiving(d)
}

func (h history) reopenLiving(d *memDisk) error {
	dir, err := Open("d", h.options(d))
	if err != nil && d.failedOnce() {
		h.count(err)
		dir, err = Open("d", h.options(d))
	}
	if err != nil {
		return err
	}
	return dir.Close()
}

// content is the directory as a reader puts it together: archives in the order
// of their names, then current.
func (d *memDisk) content() []byte {
	var b []byte
	for _, name := range archives(slices.Collect(maps.Keys(d.entries))) {
		b = append(b, unpacked(d.entries[name].data)...)
	}
	if cur := d.entries["current"]; cur != nil {
		b = append(b, cur.data...)
	}
	return b
}

// archived is the size of all archives.
func (d *memDisk) archived() (n int64) {
	for name, in := range d.entries {
		if _, ok := parseArchive(name); ok {
			n += int64(len(in.data))
		}
	}
	return n
}

// comesOfAge is how long after the start of the clock the labels of archives lie
// that are as old as a history's age.
const comesOfAge = 1500 * time.Microsecond

// finished reports whether a name is that of an archive whose writer was not
// cut short. The tests give no suffix that would hide it.
func finished(name string) bool {
	_, ok := parseArchive(name)
	return ok && name[labelSize+1:] != unfinished
}

// audit checks a directory that was closed in good order.
func (h history) audit(d *memDisk) error {
	var errs []error
	wrong := func(text string, args ...any) { errs = append(errs, fmt.Errorf(text, args...)) }
	for _, name := range []string{"previous", "processed", "newstate"} {
		if d.entries[name] != nil {
			wrong("%s remains", name)
		}
	}
	names := archives(slices.Collect(maps.Keys(d.entries)))
	for i, name := range names {
		in := d.entries[name]
		switch {
		case d.links(in) != 1:
			wrong("%s has %d links", name, d.links(in))
		case len(in.data) == 0:
			wrong("%s is empty", name)
		case i > 0 && names[i-1][:labelSize] == name[:labelSize]:
			wrong("%s has the label of %s", name, names[i-1])
		}
		if finished(name) {
			if got := name[labelSize+1:]; got != h.options(d).filled().Suffix {
				wrong("%s has the suffix %q", name, got)
			}
			if !bytes.Equal(in.data, in.synced) || in.mode != 0o744 {
				wrong("%s: %d bytes of %d are on disk, mode %04o", name, len(in.synced), len(in.data), in.mode)
			}
		}
	}
	switch cur := d.entries["current"]; {
	case cur == nil:
		wrong("no current")
	case cur.mode != 0o744 || !bytes.Equal(cur.data, cur.synced):
		wrong("current: %d bytes of %d are on disk, mode %04o", len(cur.synced), len(cur.data), cur.mode)
	}
	if st := d.entries["state"]; st == nil || !h.processor && len(st.data) > 0 {
		wrong("state is missing or not empty")
	}
	if h.num != 0 && len(names) > h.num {
		wrong("%d archives with num %d", len(names), h.num)
	}
	// Each of two deaths before the pruning may leave an archive more.
	if total := d.archived(); h.total != 0 && total > h.total+2*MinSize {
		wrong("archives of %d bytes with total %d", total, h.total)
	}
	if h.age != 0 && len(names) > 0 && labelOf(names[0]).Time().Compare(time.Unix(1e9, 0).Add(comesOfAge)) <= 0 {
		wrong("%s is too old", names[0])
	}
	if d.open != 0 || d.locked {
		wrong("%d files are still open, locked %v", d.open, d.locked)
	}
	return errors.Join(errs...)
}

// holds checks that the directory has the input's first acked bytes, and of
// the Write after those just what went to a file; and of these, that finished
// archives went through the processor and nothing else did. With a num, whole
// files may be missing at the front if as many as are to be kept are there.
func (h history) holds(d *memDisk, acked int) error {
	names := archives(slices.Collect(maps.Keys(d.entries)))
	missing := d.landed - len(d.content())
	switch {
	case d.landed < acked || d.landed > acked+batch:
		return fmt.Errorf("%d bytes went to files, %d were acknowledged", d.landed, acked)
	case missing < 0:
		return fmt.Errorf("has %d bytes more than were written", -missing)
	case missing > 0 && h.age != 0:
	case missing > 0 && h.total != 0 && d.archived()+MinSize > h.total:
	case missing > 0 && (h.num == 0 || len(names) < h.num-1):
		return fmt.Errorf("%d bytes are missing, with %d archives", missing, len(names))
	}
	at := missing
	for _, name := range append(names, "current") {
		text := input
		if h.processor && finished(name) {
			text = inputUpper
		}
		data := unpacked(d.entries[name].data)
		if packed := len(data) != len(d.entries[name].data); packed != (h.compress != Uncompressed && finished(name)) {
			return fmt.Errorf("%s is compressed: %v", name, packed)
		}
		if !bytes.Equal(data, text[at:at+len(data)]) {
			return fmt.Errorf("%s is not the input from byte %d on, processed where it has to be: %.20q...", name, at, data)
		}
		at += len(data)
	}
	return nil
}

// check is audit and holds, with the listing of the directory in the message.
func (h history) check(t *testing.T, d *memDisk, acked int, when string) {
	t.Helper()
	err := h.audit(d)
	if err == nil {
		err = h.holds(d, acked)
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", when, err, d.listing())
	}
}

func TestAHistoryWithoutFaultsKeepsEverything(t *testing.T) {
	t.Parallel()
	for _, h := range []history{{}, {processor: true}, {num: 2}, {num: 3, processor: true}} {
		d := newDisk()
		acked, err := h.run(d)
		if err != nil || acked != batches*batch {
			t.Fatalf("%+v: acknowledged %d bytes, %v", h, acked, err)
		}
		h.check(t, d, acked, "after Close")
		if n := len(archives(slices.Collect(maps.Keys(d.entries)))); h.num == 0 && n < 3 {
			t.Errorf("%d rotations, want 3 or more\n%s", n, d.listing())
		}
	}
}
