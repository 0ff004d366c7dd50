package rotate

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"syscall"
)

const (
	// spoolFull is the length from which on a spool is emptied after a batch.
	spoolFull = 64 << 10
	// spoolLong is the length of the file from which on it is cut back to that when
	// the spool is emptied: its user has waited for something. It is above what the
	// spool comes to otherwise.
	spoolLong = 1 << 20
	// spoolShare is the part of the space at hand that the file grows to at most. What
	// it holds is written to the directory too before it leaves the spool,
	// with stamps, and perhaps to several.
	spoolShare = 4

	spoolName       = "spool"        // on disk; fixed
	progressName    = "progress"     // on disk; fixed
	newProgressName = "progress.new" // on disk; fixed
)

// Spool holds input from the moment it is taken out of a pipe until it is in
// every destination, so that a writer that is killed at any instruction loses
// nothing. It is two files of a log directory:
//
//	spool     0600  bytes as they were taken
//	progress  0600  how many there are, and how far they are in the destinations, see Progress
//
// The second file is memory that outlives the process. splice(2) moves bytes
// from the pipe into the first one and counts them up in the second, in one step
// of the kernel. The spool is not cut when it is emptied, only written over: it
// is several times cheaper to write to memory that a file has already. It is cut
// back if it was long (see Room). Both
// files are meant for a killed process, not for a power loss: after another boot
// they are thrown away, and the rules of 0.76 apply.
//
// A Spool is for the goroutine of the writer.
type Spool struct {
	fs   fsys
	name string // of the directory, for diagnostics
	boot [16]byte

	file file // nil until Begin
	cell cell // likewise
	seq  uint64
	end  int64  // how many bytes there are; a file that has been emptied is longer
	long int64  // the length of the file
	buf  []byte // a slot being encoded; its length is that of a slot
	word [8]byte
	held *Progress
	lost bool // its directory was removed; it goes on without names

	window window // the beginning of the file; nil until the first View, and where there is none
	looked bool   // there was a View
}

// loadSpool looks for what a killed writer has left. The directory is locked.
func loadSpool(fsys fsys, name string) (*Spool, error) {
	s := &Spool{fs: fsys, name: name, boot: fsys.boot()}
	in, err := fsys.stat(progressName)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fail(err, "unable to stat %s/%s", name, progressName)
	}
	if err := s.load(int(in.size)); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// load reads the record, and makes the spool what it says.
func (s *Spool) load(size int) error {
	last, err := s.lastSlot(size)
	if err != nil {
		return err
	}
	if last == nil || last.boot != s.boot || s.boot == [16]byte{} {
		return s.Remove() // of another boot, or given up
	}
	if err := s.openFile(); err != nil {
		return err
	}
	in, err := s.file.stat()
	if err != nil {
		return fail(err, "unable to stat %s/%s", s.name, spoolName)
	}
	end := int64(binary.NativeEndian.Uint64(s.cell.load()))
	if last.cut >= 0 {
		end = last.cut
	}
	// Somebody else may have cut or removed the spool.
	s.setEnd(min(max(end, 0), in.size))
	s.long = in.size
	s.seq, s.held = last.seq, &last.Progress
	h := s.held
	h.Done, h.Begin, h.End = min(h.Done, s.end), min(h.Begin, s.end), min(h.End, s.end)
	return nil
}

// lastSlot maps the file progress and returns its valid slot, nil if it has
// none.
func (s *Spool) lastSlot(size int) (*slot, error) {
	if size < recordHead+2*slotHead {
		return nil, nil
	}
	c, err := s.fs.mapped(progressName, size)
	if err != nil {
		return nil, fail(err, "unable to read %s/%s", s.name, progressName)
	}
	s.cell, s.buf = c, make([]byte, (size-recordHead)/2)
	b := c.load()[recordHead:]
	var last *slot
	for _, half := range [][]byte{b[:len(s.buf)], b[len(s.buf):]} {
		if sl, ok := decodeSlot(half); ok && (last == nil || sl.seq > last.seq) {
			last = &sl
		}
	}
	return last, nil
}

func (s *Spool) openFile() error {
	f, err := s.fs.open(spoolName, os.O_RDWR|os.O_CREATE|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return fail(err, "unable to create %s/%s", s.name, spoolName)
	}
	s.file = f
	return nil
}

// Held returns how far a killed writer got with what is in the spool, nil if
// none was killed since the system was started.
func (s *Spool) Held() *Progress { return s.held }

// Lost reports that the directory was removed under the spool, which is no
// protection any more.
func (s *Spool) Lost() bool { return s.lost }

// Begin makes the spool ready for input, with p as what is true of it and its
// destinations. What it holds stays.
func (s *Spool) Begin(p *Progress) error {
	if s.boot == [16]byte{} {
		return &Error{Text: "unable to identify this boot of the system", Err: errors.ErrUnsupported}
	}
	if s.held == nil {
		// A spool without a record counts for nothing.
		if err := s.drop(spoolName); err != nil {
			return err
		}
	}
	if s.cell != nil && len(s.buf) >= slotSize(p.entries()) {
		s.Commit(p)
		return nil
	}
	if err := s.newRecord(p); err != nil {
		return err
	}
	if s.file != nil {
		return nil
	}
	return s.openFile()
}

// Renew makes p, which may have other destinations, what is true of a spool that
// takes input already.
func (s *Spool) Renew(p *Progress) error {
	if s.cell != nil && len(s.buf) >= slotSize(p.entries()) {
		s.Commit(p)
		return nil
	}
	return s.newRecord(p)
}

// newRecord makes a file progress with room for all destinations, and puts it
// in the place of an old one in one step.
func (s *Spool) newRecord(p *Progress) error {
	// One that was left may be longer, and have slots that are valid.
	if err := s.drop(newProgressName); err != nil {
		return err
	}
	size := recordHead + 2*slotSize(p.entries())
	c, err := s.fs.mapped(newProgressName, size)
	if err != nil {
		return fail(err, "unable to create %s/%s", s.name, newProgressName)
	}
	if s.cell != nil {
		s.cell.close()
	}
	s.cell, s.buf = c, make([]byte, (size-recordHead)/2)
	s.setEnd(s.end)
	s.Commit(p)
	if err := s.fs.rename(newProgressName, progressName); err != nil {
		return fail(err, "unable to rename %s to %s in directory %s", newProgressName, progressName, s.name)
	}
	return nil
}

// setEnd says how many bytes there are, and where splice puts the next ones.
func (s *Spool) setEnd(n int64) {
	s.end = n
	s.cell.store(0, binary.NativeEndian.AppendUint64(s.word[:0], uint64(n)))
}

// End is the number of bytes in the spool, and where the next ones go.
func (s *Spool) End() int64 { return s.end }

// Take moves what the pipe from holds now, most bytes at most, to the end of
// the spool. It does not wait for input: EAGAIN says that there is none, 0 bytes
// without an error that there will never be. After another error nothing has
// been taken. It allocates nothing.
//
// The number of bytes is stored before, so that the memory is there and the kernel
// cannot fail to write to it.
func (s *Spool) Take(from, most int) (int, error) {
	s.cell.store(0, binary.NativeEndian.AppendUint64(s.word[:0], uint64(s.end)))
	n, err := s.file.splice(from, s.cell, most)
	if err != nil {
		return 0, err
	}
	// A crash here leaves bytes that no record knows of, and that the next
	// writer works on as if it had just taken them.
	s.grown(s.end + int64(n))
	return n, nil
}

// grown is the end of what has made the spool longer.
func (s *Spool) grown(end int64) {
	s.end = end
	s.long = max(s.long, end)
}

// Room is how many bytes a Take may add to a spool of that length at most while
// nothing of it is worked on. What the file needs no new space for may be
// taken always.
func (s *Spool) Room(most int64) int64 {
	if s.file == nil || s.lost || s.end >= most {
		return 0
	}
	if s.end < s.long {
		return min(most, s.long) - s.end
	}
	return max(min(most, (s.file.free()+s.long)/spoolShare)-s.end, 0)
}

// Append adds a byte to the spool that did not come from a pipe.
func (s *Spool) Append(b byte) error {
	if err := s.file.writeAt([]byte{b}, s.end); err != nil {
		return fail(err, "unable to write to %s/%s", s.name, spoolName)
	}
	s.setEnd(s.end + 1)
	s.grown(s.end)
	return nil
}

// ReadAt reads bytes of the spool: all of p, or it fails. It allocates nothing.
func (s *Spool) ReadAt(p []byte, off int64) error {
	return orNil(s.file.readAt(p, off), "unable to read %s/%s", s.name, spoolName)
}

// View returns n bytes of the spool where they lie, which stay as they are until
// Empty, or nil if ReadAt has to read them. It allocates nothing but the first time.
func (s *Spool) View(off int64, n int) []byte {
	if !s.looked {
		s.looked = true
		s.window, _ = s.file.window(spoolLong)
	}
	if s.window == nil || n == 0 || off+int64(n) > spoolLong {
		return nil
	}
	return s.window.look(int(off), n)
}

// Commit makes p what is true of the destinations. It allocates nothing, and
// cannot fail.
func (s *Spool) Commit(p *Progress) { s.commit(p, s.boot, -1) }

func (s *Spool) commit(p *Progress, boot [16]byte, cut int64) {
	if s.cell == nil {
		return // closed, or never begun
	}
	s.seq++
	sl := slot{seq: s.seq, boot: boot, cut: cut, Progress: *p}
	n := sl.encode(s.buf)
	s.cell.store(recordHead+int(s.seq%2)*len(s.buf), s.buf[:n])
}

// Empty gives up what is in every destination, if the spool has grown long.
// What is left, a line without an end, moves to the start. p has just been
// committed, and is made true of the emptied spool. After an error the spool is
// as it was.
func (s *Spool) Empty(p *Progress) error {
	if s.end < spoolFull || s.end-p.Done > p.Done {
		return nil // the rest may not be written over itself
	}
	return s.empty(p)
}

func (s *Spool) empty(p *Progress) error {
	rest := make([]byte, s.end-p.Done)
	if len(rest) > 0 {
		if err := s.ReadAt(rest, p.Done); err != nil {
			return err
		}
		// A crash here leaves the rest where it was as well, and so the record
		// true.
		if err := s.file.writeAt(rest, 0); err != nil {
			return fail(err, "unable to write to %s/%s", s.name, spoolName)
		}
	}
	p.Done, p.Begin, p.End = 0, int64(len(rest)), int64(len(rest))
	// The slot and the number of bytes cannot change together. A crash between
	// lets the next writer do the second.
	s.commit(p, s.boot, int64(len(rest)))
	s.setEnd(int64(len(rest)))
	s.Commit(p) // from here on the spool may grow again
	if s.long > spoolLong && s.file.truncate(max(spoolLong, s.end)) == nil {
		// A crash before this leaves a file that is long, and cut the next time, as
		// after an error: what lies beyond the count is nothing.
		s.long = max(spoolLong, s.end)
	}
	return nil
}

// Remove takes the files away: everything is in its destination. The record is
// made void first, which cannot fail: one that is not kept up would let the next
// writer cut off what it does not know of. A crash after that leaves files that
// are taken for those of another boot.
func (s *Spool) Remove() error {
	s.commit(new(Progress), [16]byte{}, -1)
	s.Close()
	if s.lost {
		return nil
	}
	for _, name := range []string{spoolName, newProgressName, progressName} {
		if err := s.drop(name); err != nil {
			return err
		}
	}
	return nil
}

func (s *Spool) drop(name string) error {
	return orNil(ignoreMissing(s.fs.remove(name)), "unable to remove %s/%s", s.name, name)
}

// Close lets go of the files and leaves them for the next writer.
func (s *Spool) Close() {
	if s.window != nil {
		s.window.close()
	}
	s.window, s.looked = nil, false
	release(&s.file)
	if s.cell != nil {
		s.cell.close()
		s.cell = nil
	}
}
