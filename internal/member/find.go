package member

import (
	"io"

	"github.com/tailight/tailight/tai64"
)

// Place is where a member begins.
type Place struct {
	Archive int64 // offset in the archive
	Text    int64 // offset in the log
	First   tai64.TAI64N
}

// Find returns the last member before which all labels are below one, in an archive
// of that size. ok is false if it cannot be told: the archive has no heads, none of
// them has a label, or they are not those of one log. It reads a head at a time, and
// each lies behind the one before, so it comes to an end whatever they say.
func Find(archive io.ReaderAt, size int64, from tai64.TAI64N) (found Place, ok bool) {
	var buf [HeadSize]byte
	var none tai64.TAI64N
	for at := (Place{}); at.Archive < size; {
		n, _ := archive.ReadAt(buf[:min(int64(len(buf)), size-at.Archive)], at.Archive)
		h, whole := parse(buf[:n])
		if !whole || h.Length > size-at.Archive {
			return Place{}, false
		}
		if at.First = h.First; at.First != none {
			switch {
			case ok && at.First.Compare(found.First) < 0:
				return Place{}, false // another log begins here
			case at.First.Compare(from) >= 0:
				return found, true
			}
			found, ok = at, true
		}
		at.Archive += h.Length
		at.Text += h.Text
	}
	return found, ok
}
