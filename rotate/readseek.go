package rotate

import (
	"bytes"
	"io"

	"github.com/tailight/tailight/internal/member"
	"github.com/tailight/tailight/tai64"
)

// probeSize is what is read at a time when a place is looked for. A stretch as
// long as a few of these is read through.
const probeSize = 16 << 10

// prober looks for lines with labels from the offset it is set to on.
type prober struct {
	at   io.ReaderAt
	buf  []byte // what was read at off
	off  int64
	room [probeSize]byte
}

// seekLabel returns the offset of the first line between lo, where one begins,
// and hi that has a label of from or above, hi if there is none, and whether
// there is any label at all; before is the one before that line. Where labels step back it finds one of the places
// at which they pass from.
func seekLabel(at io.ReaderAt, lo, hi int64, from tai64.TAI64N) (off int64, before tai64.TAI64N, labels bool) {
	p := &prober{at: at}
	best, start := hi, lo
	for lo < hi {
		mid := lo
		if hi-lo > 4*probeSize {
			mid = lo + (hi-lo)/2
		}
		begin := mid
		if mid > start {
			begin = p.lineFrom(mid, hi)
		}
		pos, end, label, ok := p.labelled(begin, hi)
		switch {
		case !ok:
			// Lines that begin from mid on have no label.
			hi = mid
		case label.Compare(from) < 0:
			lo, before, labels = end, label, true
		default:
			best, hi, labels = pos, mid, true
		}
	}
	return best, before, labels
}

// seekMember goes to the last member of a compressed file that has all labels from
// there on, and reports whether it has labels. Without heads, with heads that are
// damaged, and where a member does not begin as its head says, that is the beginning.
func (t *text) seekMember(from tai64.TAI64N) (labels bool) {
	if t.off != 0 {
		return t.stamped() // a cursor has been here
	}
	found, ok := member.Find(t.f, t.size(), from)
	switch {
	case !ok:
		return t.stamped()
	case found.Archive == 0:
		return true
	}
	t.goTo(found)
	if t.firstLabel() == found.First {
		return true
	}
	t.goTo(member.Place{})
	return t.stamped()
}

// lineFrom returns where the first line begins at off or later, or hi.
func (p *prober) lineFrom(off, hi int64) int64 {
	for off--; off < hi; {
		b := p.bytes(off)
		if len(b) == 0 {
			return hi
		}
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return min(off+int64(i)+1, hi)
		}
		off += int64(len(b))
	}
	return hi
}

// labelled returns the first line with a label that begins at off, where one
// begins, or later, but before hi, and where the next line does.
func (p *prober) labelled(off, hi int64) (pos, end int64, l tai64.TAI64N, ok bool) {
	for off < hi {
		b := p.bytes(off)
		if len(b) < leadMax {
			p.buf = nil
			b = p.bytes(off)
		}
		l, ok := stampOf(b)
		end := p.lineFrom(off+1, hi)
		if ok {
			return off, end, l, true
		}
		off = end
	}
	return hi, hi, l, false
}

// bytes returns some of the file from off on, and nothing at its end.
func (p *prober) bytes(off int64) []byte {
	if i := off - p.off; i >= 0 && i < int64(len(p.buf)) {
		return p.buf[i:]
	}
	n, _ := p.at.ReadAt(p.room[:], off)
	p.buf, p.off = p.room[:n], off
	return p.buf
}

// stampOf returns the label of the line at the start of b.
func stampOf(b []byte) (tai64.TAI64N, bool) {
	b = b[:min(len(b), leadMax)]
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = b[:i]
	}
	l, _, ok := tai64.ParseStamp(b)
	return l, ok
}

func hasStamp(b []byte) bool {
	_, ok := stampOf(b)
	return ok
}
