package rotate

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

const (
	droppedName    = "dropped"     // on disk; fixed
	newDroppedName = "dropped.new" // on disk; fixed
)

// spareSize is the space that the next file dropped has before it is needed.
const spareSize = 4096

const readOnly = os.O_RDONLY | syscall.O_NONBLOCK

// losses count what a directory has given up. The writer and a walk may both run
// out of space, so they have a lock of their own. They are kept in a file of
// lines, the first two of which are always there:
//
//	bytes 299949
//	archives 3
//	untold 199966 2 @LABEL.s @LABEL.s
//
// The counts are of all that was ever dropped. An untold line is what current has
// no line about yet: bytes, archives, the first and the last of them. A new file is
// written to dropped.new, which exists already so that it has its space, is put on
// disk, and is renamed.
type losses struct {
	mu    sync.Mutex // guards all below but some
	loss  losing
	begun bool        // the first of untold is on its way to current
	stale bool        // the file does not say this yet
	some  atomic.Bool // there is something untold, or stale
}

// losing is what the file says.
type losing struct {
	bytes, archives int64
	untold          []dropping // at most two: what is on its way, and the rest
}

// dropping is a stretch of archives that were dropped.
type dropping struct {
	bytes, archives int64
	first, last     string
}

// add counts an archive. The caller holds mu, as that of all below.
func (l *losses) add(d dropping) {
	l.loss.bytes, l.loss.archives = l.loss.bytes+d.bytes, l.loss.archives+d.archives
	untold := slices.Clone(l.loss.untold)
	if n := len(untold); n > 1 || n == 1 && !l.begun {
		last := &untold[n-1]
		last.bytes, last.archives, last.last = last.bytes+d.bytes, last.archives+d.archives, d.last
	} else {
		untold = append(untold, d)
	}
	l.loss.untold = untold
}

// begin returns what is to be told next.
func (l *losses) begin() (d dropping, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.loss.untold) == 0 {
		return d, false
	}
	l.begun = true
	return l.loss.untold[0], true
}

// postpone takes back a begin whose line could not be written.
func (l *losses) postpone() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun = false
}

// told ends a begin. The caller holds mu.
func (l *losses) told() {
	l.loss.untold, l.begun = slices.Clone(l.loss.untold[1:]), false
}

// text is the content of the file.
func (l *losing) text() []byte {
	var b []byte
	line := func(word string, numbers ...int64) {
		b = append(b, word...)
		for _, n := range numbers {
			b = strconv.AppendInt(append(b, ' '), n, 10)
		}
	}
	line("bytes", l.bytes)
	line("\narchives", l.archives)
	for _, u := range l.untold {
		line("\nuntold", u.bytes, u.archives)
		b = append(b, " "+u.first+" "+u.last...)
	}
	return append(b, '\n')
}

// parseLosing reads that. Whatever is no line of it counts for nothing.
func parseLosing(text string) (l losing) {
	for line := range strings.Lines(text) {
		word := strings.Fields(line)
		switch {
		case len(word) == 2 && word[0] == "bytes":
			l.bytes = parseCount(word[1])
		case len(word) == 2 && word[0] == "archives":
			l.archives = parseCount(word[1])
		case len(word) == 5 && word[0] == "untold" && len(l.untold) < 2:
			_, first := parseArchive(word[3])
			_, last := parseArchive(word[4])
			if first && last {
				l.untold = append(l.untold, dropping{parseCount(word[1]), parseCount(word[2]), word[3], word[4]})
			}
		}
	}
	return l
}

func parseCount(s string) int64 {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0
	}
	return int64(n)
}

// save makes the file say what is so.
func (l *losses) save(dir fsys) error {
	err := l.write(dir)
	l.stale = err != nil
	l.some.Store(l.stale || len(l.loss.untold) > 0)
	return err
}

// write puts the file on disk and gives it its name.
func (l *losses) write(dir fsys) error {
	f, err := dir.open(newDroppedName, os.O_WRONLY|os.O_CREATE|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return err
	}
	text := l.loss.text()
	err = f.writeAt(text, 0)
	if err == nil {
		err = f.truncate(int64(len(text)))
	}
	if err == nil {
		err = f.sync()
	}
	release(&f)
	if err == nil {
		err = dir.rename(newDroppedName, droppedName)
	}
	return err
}

// spare makes the file that the next save will write to.
func (l *losses) spare(dir fsys) error {
	f, err := dir.open(newDroppedName, os.O_WRONLY|os.O_CREATE|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return err
	}
	defer release(&f)
	return f.writeAt(make([]byte, spareSize), 0)
}

// loadDropped reads what earlier writers have dropped, and ends what one that was killed
// had begun.
func (d *Dir) loadDropped() error {
	if d.opt.Full != FullDropOldest {
		return nil
	}
	l := &d.losses // nobody else has the directory yet
	text, err := readAll(d.fs, droppedName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fail(err, "unable to read %s/%s", d.name, droppedName)
	}
	l.loss, l.begun = parseLosing(string(text)), false
	l.some.Store(len(l.loss.untold) > 0)
	if n := len(l.loss.untold); n > 0 {
		// It was written down before it was deleted.
		if err := d.drop(l.loss.untold[n-1].last); err != nil {
			return err
		}
	}
	_ = l.spare(d.fs) // without it the next loss may be counted too late
	return nil
}

func readAll(dir fsys, name string) ([]byte, error) {
	f, err := dir.open(name, readOnly, 0)
	if err != nil {
		return nil, err
	}
	defer release(&f)
	in, err := f.stat()
	if err != nil {
		return nil, err
	}
	b := make([]byte, min(in.size, spareSize))
	return b, f.readAt(b, 0)
}
