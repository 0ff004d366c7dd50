package rotate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// spoolOf opens the spool of a fake disk, as a writer in the same boot.
func spoolOf(t *testing.T, d *memDisk) (*Spool, fsys) {
	t.Helper()
	d.boot = [16]byte{1}
	fs := must(d.openMem("d"))
	s, err := loadSpool(fs, "d")
	if err != nil {
		t.Fatal(err)
	}
	return s, fs
}

// TestEmptyingDiesAnywhere empties a spool that has grown long, with a rest
// that no destination has, and dies at every call. One that was longer than it comes
// to be by itself is cut back.
func TestEmptyingDiesAnywhere(t *testing.T) {
	t.Parallel()
	rest := []byte("no end yet")
	for _, size := range []int{spoolFull, spoolLong + 1} {
		for at := 1; ; at++ {
			d := newDisk()
			s, _ := spoolOf(t, d)
			p := &Progress{Places: make([]Place, 1)}
			if err := s.Begin(p); err != nil {
				t.Fatal(err)
			}
			fillSpool(d, s, append(bytes.Repeat([]byte("x"), size), rest...))
			p.Done, p.Begin, p.End = int64(size), s.end, s.end
			s.Commit(p)
			d.inject(d.calls+at, dieBefore, 0)
			err := s.Empty(p)
			if !d.dead && (err != nil || s.End() != int64(len(rest)) || p.Done != 0) {
				t.Fatalf("emptied: %v, %d bytes, %+v", err, s.End(), p)
			}
			if got, want := len(d.entries["spool"].data), min(size+len(rest), spoolLong); !d.dead && got != want && size > spoolLong {
				t.Fatalf("the file has %d bytes, want %d", got, want)
			}
			died := d.dead
			d.restart()
			s, _ = spoolOf(t, d)
			held := s.Held()
			if held == nil {
				t.Fatalf("died at call %d: nothing is held", at)
			}
			got := make([]byte, s.End()-held.Done)
			if err := s.ReadAt(got, held.Done); err != nil || !bytes.Equal(got, rest) {
				t.Fatalf("died at call %d: held %q, %v", at, got, err)
			}
			if !died {
				break
			}
		}
	}
}

// fillSpool makes b all there is in a spool.
func fillSpool(d *memDisk, s *Spool, b []byte) {
	d.entries["spool"].data = b
	s.setEnd(int64(len(b)))
	s.long = s.end
}

// TestACutThatFailsIsMadeTheNextTime: until then the spool is longer, and does all else.
func TestACutThatFailsIsMadeTheNextTime(t *testing.T) {
	t.Parallel()
	d := newDisk()
	s, _ := spoolOf(t, d)
	p := &Progress{Places: make([]Place, 1)}
	if err := s.Begin(p); err != nil {
		t.Fatal(err)
	}
	fillSpool(d, s, make([]byte, spoolLong+1))
	for _, fails := range []bool{true, false} {
		s.setEnd(spoolFull)
		p.Done, p.Begin, p.End = s.end, s.end, s.end
		d.inject(0, none, 0)
		if fails {
			d.inject(d.calls+6, failWithout, syscall.EIO) // behind the stores
		}
		if err := s.Empty(p); err != nil {
			t.Fatal(err)
		}
		if last := d.log[len(d.log)-1]; !strings.HasPrefix(last, "truncate spool") || (len(d.entries["spool"].data) > spoolLong) != fails {
			t.Errorf("fails %v: %q, %d bytes", fails, last, len(d.entries["spool"].data))
		}
	}
}

// TestRoomLeavesTheSpaceThatWritingTakes: the spool grows to a part of the space at
// hand, and takes always what its file has.
func TestRoomLeavesTheSpaceThatWritingTakes(t *testing.T) {
	t.Parallel()
	const much = 1 << 30
	for _, c := range []struct{ end, long, free, most, want int64 }{
		{0, 0, much, 16 << 20, 16 << 20},
		{100, 100, much, 1000, 900},
		{1000, 1000, much, 1000, 0},
		{5000, 5000, much, 1000, 0},
		{0, 0, 4000, 16 << 20, 1000},
		{500, 1000, 0, 16 << 20, 500},
		{1000, 1000, 0, 16 << 20, 0},
		{1000, 1000, 3100, 16 << 20, 25},
		{1000, 1000, 3000, 16 << 20, 0},
		{10, 1000, much, 500, 490},
		{0, 0, much, 0, 0},
	} {
		d := newDisk()
		s, _ := spoolOf(t, d)
		if err := s.Begin(&Progress{Places: make([]Place, 1)}); err != nil {
			t.Fatal(err)
		}
		d.space = int(c.free)
		if c.free == 0 {
			d.space = 1
			d.put("current", "x", 0o644)
		}
		s.setEnd(c.end)
		s.long = c.long
		if got := s.Room(c.most); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
		s.lost = true
		if got := s.Room(c.most); got != 0 {
			t.Errorf("%+v: %d in a directory that is gone", c, got)
		}
	}
}

// TestARecordThatWasGivenUpCutsNothing: a file progress that cannot be removed
// does no harm.
func TestARecordThatWasGivenUpCutsNothing(t *testing.T) {
	t.Parallel()
	d := newDisk()
	s, _ := spoolOf(t, d)
	if err := s.Begin(&Progress{Places: make([]Place, 1)}); err != nil {
		t.Fatal(err)
	}
	d.inject(d.calls+4, failWithout, syscall.EROFS) // behind two stores and the close of the file
	if err := s.Remove(); err == nil || d.entries["progress"] == nil {
		t.Fatalf("removed: %v\n%s", err, d.log)
	}
	d.restart()
	if s, _ = spoolOf(t, d); s.Held() != nil {
		t.Errorf("held: %+v", s.Held())
	}
}

// TestALeftNewRecordIsNotTaken: one that a kill has left may be longer and have
// valid slots of higher numbers.
func TestALeftNewRecordIsNotTaken(t *testing.T) {
	t.Parallel()
	d := newDisk()
	left := make([]byte, recordHead+2*slotSize(9))
	left[0] = 77
	(&slot{seq: 99, boot: [16]byte{1}, cut: -1, Progress: Progress{Done: 77, Begin: 77, End: 77}}).encode(left[recordHead:])
	d.put("progress.new", string(left), 0o600)
	d.put("spool", strings.Repeat("stale\n", 50), 0o600)
	s, _ := spoolOf(t, d)
	if err := s.Begin(&Progress{Places: make([]Place, 1)}); err != nil {
		t.Fatal(err)
	}
	if s.End() != 0 {
		t.Errorf("%d bytes of before are taken for input", s.End())
	}
	d.entries["spool"].data = make([]byte, 100)
	s.setEnd(100)
	d.restart()
	s, _ = spoolOf(t, d)
	if h := s.Held(); h == nil || h.Done != 0 || s.End() != 100 {
		t.Errorf("held %+v, %d bytes", h, s.End())
	}
}

func TestASpoolThatWasCutOrRemovedStillOpens(t *testing.T) {
	t.Parallel()
	for _, left := range []int{0, 40} {
		d := newDisk()
		s, _ := spoolOf(t, d)
		p := &Progress{Done: 30, Begin: 60, End: 90, Places: make([]Place, 1)}
		if err := s.Begin(p); err != nil {
			t.Fatal(err)
		}
		d.entries["spool"].data = make([]byte, left)
		s.setEnd(90)
		d.restart()
		s, _ = spoolOf(t, d)
		want := fmt.Sprint(min(30, left), min(60, left), min(90, left))
		if h := s.Held(); fmt.Sprint(h.Done, h.Begin, h.End) != want {
			t.Errorf("%d bytes are left: %+v", left, h)
		}
	}
}

// TestALargerRecordKnowsWhatTheSpoolHolds: after a kill the script has got more
// directories, and there is another kill at once.
func TestALargerRecordKnowsWhatTheSpoolHolds(t *testing.T) {
	t.Parallel()
	d := newDisk()
	s, _ := spoolOf(t, d)
	if err := s.Begin(&Progress{Places: make([]Place, 1)}); err != nil {
		t.Fatal(err)
	}
	d.entries["spool"].data = make([]byte, 100)
	s.setEnd(100)
	for _, places := range []int{9, 1} {
		d.restart()
		if s, _ = spoolOf(t, d); s.Held() == nil || s.End() != 100 {
			t.Fatalf("held %+v, %d bytes", s.Held(), s.End())
		}
		if err := s.Begin(&Progress{Places: make([]Place, places)}); err != nil {
			t.Fatal(err)
		}
	}
	d.restart()
	if s, _ = spoolOf(t, d); s.End() != 100 {
		t.Errorf("%d bytes", s.End())
	}
}

// spool is the part of the contract that a spool needs.
func (c contract) spool() {
	f := c.make("sp", os.O_RDWR|os.O_CREATE, "0123456789")
	got := make([]byte, 4)
	c.ok(f.readAt(got, 3))
	c.ok(f.writeAt([]byte("ab"), 3))
	more := make([]byte, 4)
	c.ok(f.readAt(more, 3))
	if string(got) != "3456" || string(more) != "ab56" {
		c.t.Errorf("read %q, after the change %q", got, more)
	}
	if err := f.readAt(got, 8); err == nil {
		c.t.Error("read beyond the end without an error")
	}
	if free := f.free(); free < 0 || runtime.GOOS == "linux" && free == 0 {
		c.t.Errorf("space for %d bytes", free)
	}
	c.ok(f.truncate(5))
	c.info("sp", 5, 1, false)
	c.splice(f)
	c.window(f)
	c.ok(f.close())
	c.cell()
	c.ok(c.fs.remove("sp"))
}

func (c contract) window(f file) {
	const far = 64 << 10 // further than what is in memory at once, whatever a page is
	w, err := f.window(2 * far)
	if errors.Is(err, errors.ErrUnsupported) {
		return
	}
	c.ok(err)
	defer w.close()
	c.ok(f.writeAt([]byte("near"), 2))
	c.ok(f.writeAt([]byte("far"), far))
	if near, farther := w.look(2, 4), w.look(far, 3); string(near) != "near" || string(farther) != "far" {
		c.t.Errorf("looked at %q and %q", near, farther)
	}
	c.ok(f.truncate(10))
	if b := w.look(2, far); b != nil {
		c.t.Errorf("looked at %d bytes where there are 8", len(b))
	}
}

func (c contract) splice(f file) {
	r, w, err := os.Pipe()
	c.ok(err)
	defer r.Close()
	defer w.Close()
	raw, err := r.SyscallConn() // Fd would make it block
	c.ok(err)
	end, err := c.fs.mapped("end", 64)
	c.ok(err)
	defer func() {
		end.close()
		c.ok(c.fs.remove("end"))
	}()
	end.store(0, binary.NativeEndian.AppendUint64(nil, 5))
	splice := func(most int) (n int, err error) {
		_ = raw.Control(func(fd uintptr) { n, err = f.splice(int(fd), end, most) })
		return n, err
	}
	if _, err := splice(100); err != syscall.EAGAIN && !errors.Is(err, errors.ErrUnsupported) {
		c.t.Errorf("an empty pipe: %v", err)
	} else if err != syscall.EAGAIN {
		return // no splice on this system
	}
	_, err = w.WriteString("hello")
	c.ok(err)
	n, err := splice(3)
	c.ok(err)
	m, err := splice(100)
	c.ok(err)
	c.info("sp", 10, 1, false)
	got := make([]byte, 5)
	c.ok(f.readAt(got, 5))
	at := binary.NativeEndian.Uint64(end.load())
	if n != 3 || m != 2 || string(got) != "hello" || at != 10 {
		c.t.Errorf("spliced %d and %d bytes: %q, counted to %d", n, m, got, at)
	}
	c.ok(w.Close())
	if n, err := splice(100); n != 0 || err != nil {
		c.t.Errorf("the end of a pipe: %d, %v", n, err)
	}
}

func (c contract) cell() {
	m, err := c.fs.mapped("m", 128)
	c.ok(err)
	m.store(64, []byte("kept"))
	m.close()
	m, err = c.fs.mapped("m", 128)
	c.ok(err)
	want := append(append(make([]byte, 64), "kept"...), make([]byte, 60)...)
	if got := m.load(); !bytes.Equal(got, want) {
		c.t.Errorf("mapped %q", got)
	}
	m.close()
	c.info("m", 128, 1, false)
	c.ok(c.fs.remove("m"))
}
