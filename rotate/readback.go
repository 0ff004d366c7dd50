package rotate

import (
	"bytes"
	"io"
)

// backText reads the lines between two offsets of a file from the last to the
// first.
type backText struct {
	at     io.ReaderAt
	lo, hi int64  // what is left
	buf    []byte // holds data from its end backwards
	from   int    // of the data
	base   int64  // offset of buf[from]
	have   int64  // offset of its end

	whole bool // the last line returned had its newline
}

// prev finds the line before hi, and moves hi to its start. The line is at
// start:end without its newline; b is nil if it is too long to be held.
func (t *backText) prev() (b []byte, start, end int64, ok bool) {
	if t.hi <= t.lo {
		return nil, 0, 0, false
	}
	if !t.hold(t.hi - 1) {
		return nil, 0, 0, false
	}
	end = t.hi
	t.whole = t.slice(end-1, end)[0] == '\n'
	if t.whole {
		end--
	}
	seen := end // nothing from there on is a newline before end
	for {
		low := max(t.base, t.lo)
		if low < seen {
			if i := bytes.LastIndexByte(t.slice(low, seen), '\n'); i >= 0 {
				start = low + int64(i) + 1
				break
			}
			seen = low
		}
		if seen <= t.lo {
			start = t.lo
			break
		}
		if end-seen > maxLine {
			start = t.farStart(seen)
			t.hi = start
			return nil, start, end, true
		}
		if !t.hold(seen - 1) {
			return nil, 0, 0, false
		}
	}
	t.hi = start
	return t.slice(start, end), start, end, true
}

func (t *backText) slice(lo, hi int64) []byte {
	return t.buf[t.from+int(lo-t.base) : t.from+int(hi-t.base)]
}

// hold makes the buffer hold what lies from off to hi.
func (t *backText) hold(off int64) bool {
	if len(t.buf) > 0 && t.base <= off && t.hi <= t.have {
		return true
	}
	var kept []byte
	if len(t.buf) > 0 && t.base < t.hi && t.hi <= t.have {
		kept = t.slice(t.base, t.hi)
	} else {
		t.base = t.hi
	}
	n := min(max(int64(len(kept)), backBlock), t.base-t.lo)
	if need := int(n) + len(kept); need > len(t.buf) {
		b := make([]byte, max(need, 2*backBlock))
		copy(b[len(b)-len(kept):], kept)
		t.buf = b
	} else {
		copy(t.buf[len(t.buf)-len(kept):], kept)
	}
	t.from = len(t.buf) - len(kept) - int(n)
	t.base -= n
	t.have = t.hi
	// A file that was cut meanwhile ends here.
	m, _ := t.at.ReadAt(t.buf[t.from:t.from+int(n)], t.base)
	if int64(m) < n {
		t.hi = t.lo
		return false
	}
	return true
}

const backBlock = 64 << 10

// farStart finds the start of a line that has no newline from seen on.
func (t *backText) farStart(seen int64) int64 {
	b := make([]byte, backBlock)
	for seen > t.lo {
		n := min(int64(len(b)), seen-t.lo)
		m, _ := t.at.ReadAt(b[:n], seen-n)
		if int64(m) < n {
			return t.lo
		}
		if i := bytes.LastIndexByte(b[:n], '\n'); i >= 0 {
			return seen - n + int64(i) + 1
		}
		seen -= n
	}
	return t.lo
}
