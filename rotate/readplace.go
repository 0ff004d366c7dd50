package rotate

import (
	"errors"
	"io/fs"
	"os"
	"slices"

	"github.com/tailight/tailight/tai64"
)

// place decides where to begin.
func (s *source) place() {
	if m := s.r.opt.After.mark(s.dir); m != nil {
		s.resume(m)
	}
	if since := s.r.opt.Since; since != (tai64.TAI64N{}) {
		s.dropArchives(since)
		s.seekFrom(since)
	}
}

// dropArchives is dropBelow; a place within a file that is dropped counts no more.
func (s *source) dropArchives(l tai64.TAI64N) {
	before := len(s.parts)
	if s.dropBelow(l); len(s.parts) != before {
		s.start, s.inLine = 0, false
	}
}

// seekFrom passes over labels below l.
func (s *source) seekFrom(l tai64.TAI64N) {
	if !s.seeking || l.Compare(s.from) > 0 {
		s.from, s.seeking = l, true
	}
}

// resume goes on behind a mark.
func (s *source) resume(m *mark) {
	s.last = m.label
	if i := s.marked(m); i >= 0 {
		s.keepFrom(i)
		s.start = m.position.Size
		s.resumeLine()
		return
	}
	if m.position.Ino != 0 && !slices.ContainsFunc(s.parts, func(p part) bool {
		return p.named && p.label.Compare(m.label) <= 0
	}) {
		s.lostTrack()
	}
	s.byLabel(m.label, m.floor, m.behind)
}

// byLabel goes on behind a label. A file without labels is known by its place:
// behind the archive floor, and perhaps one more. What stands there now is what a
// processor made of it.
func (s *source) byLabel(label, floor tai64.TAI64N, behind bool) {
	if floor.Compare(label) >= 0 {
		s.dropArchives(floor.Add(1))
		for n := 1; n > 0 && len(s.parts) > 1 && s.parts[0].named; n-- {
			s.keepFrom(1)
			if behind {
				n, behind = n+1, false
			}
		}
		return
	}
	if label != (tai64.TAI64N{}) {
		s.dropArchives(label.Add(1))
		s.seekFrom(label.Add(1))
	}
}

// lostTrack says that lines may be missing.
func (s *source) lostTrack() {
	s.warn(errors.New("it has been removed, lines may be missing"), "unable to go on in a file of %s", s.dir)
}

// resumeLine looks whether the place lies within a line.
func (s *source) resumeLine() {
	p := &s.parts[0]
	var b [1]byte
	if s.start > 0 && !p.packed() {
		if _, err := p.f.ReadAt(b[:], s.start-1); err == nil && b[0] != '\n' {
			s.inLine, s.keep = true, true
		}
	}
}

// marked returns the index of a mark's file, which it leaves open, or -1. As
// numbers of files come again, the file has to be as old, and in its order.
func (s *source) marked(m *mark) int {
	i := find(s.root, s.parts, m.position.id())
	if m.position.Ino == 0 || i < 0 {
		return -1
	}
	p := &s.parts[i]
	if p.open(s.root) != nil || p.id != m.position.id() || !p.packed() && p.size() < m.position.Size {
		return -1
	}
	if born := bornOf(p.f); born != 0 && m.position.Born != 0 {
		if born == m.position.Born {
			return i
		}
		return -1
	}
	// One archive may have come between: the file that was none yet.
	later := 0
	for _, q := range s.parts[:i] {
		if q.named && q.label.Compare(m.floor) > 0 {
			later++
		}
	}
	if later > 0 && !(later == 1 && m.behind) {
		return -1
	}
	return i
}

// bornOf is when a file was made, or 0.
func bornOf(f *os.File) int64 { return newOSFile(f).born() }

// mark is where the source is: behind the line that was delivered last.
func (s *source) mark() mark {
	if s.final != nil {
		return *s.final
	}
	switch t := s.text; {
	case s.stop != nil:
		return *s.stop
	case t == nil:
		return mark{dir: s.dir, label: s.last}
	case s.ready && s.r.at != s:
		return s.markAt(s.prev, s.lineOff)
	default:
		return s.markAt(s.last, t.off)
	}
}

func (s *source) markAt(label tai64.TAI64N, off int64) mark {
	t := s.text
	return mark{
		dir: s.dir, label: label, floor: t.floor, behind: t.behind,
		position: Position{Dev: t.id.dev, Ino: t.id.ino, Born: bornOf(t.f), Size: off},
	}
}

// more looks, at the end of the last file, whether there is a newer one. It
// returns true if there is more to be read, be it in the same file.
func (s *source) more() bool {
	s.r.between("end")
	t := s.text
	id, size, err := fileAt(s.path("current"))
	switch {
	case err == nil && t != nil && id == t.id:
		return size < t.off && s.shrunk(size)
	case errors.Is(err, fs.ErrNotExist) && t == nil && len(s.parts) == 0 && s.missing:
		if _, err := os.Stat(s.dir); err != nil {
			return false
		}
	}
	if err := s.enter(); err != nil {
		if !s.missing {
			s.missing = true
			s.warn(err, "unable to read directory %s", s.dir)
		}
		return false
	}
	return s.follow(t)
}

// follow keeps of what was found what comes after the present file.
func (s *source) follow(t *text) bool {
	switch i := s.followed(t); {
	case len(s.parts) == 0:
	case t == nil:
		s.place() // as at the start
	case i >= 0:
		t.name, t.label, t.named = s.parts[i].name, s.parts[i].label, s.parts[i].named
		s.keepFrom(i + 1)
	default:
		if !slices.ContainsFunc(s.parts, func(p part) bool { return p.named && p.label == s.last }) {
			s.lostTrack()
		}
		s.byLabel(s.last, t.floor, t.behind)
	}
	if len(s.parts) == 0 {
		s.leave()
		return false
	}
	if t != nil {
		// What was written between the last read and the rotation.
		t.fill()
	}
	return true
}

// followed returns the index of the present file among those found, or -1.
func (s *source) followed(t *text) int {
	if t == nil {
		return -1
	}
	return find(s.root, s.parts, t.id)
}

// shrunk goes on in a file that was cut: by a killed writer's successor, which
// writes the same lines again, or by somebody else.
func (s *source) shrunk(size int64) bool {
	t := s.text
	s.warn(errors.New("it was cut"), "unable to go on in %s", s.path(t.name))
	b := backText{at: t.f, hi: size}
	if size > 0 {
		b.prev()
		if b.whole {
			b.hi = size
		}
	}
	t.jump(b.hi)
	s.inLine = false
	if s.labels {
		s.from, s.seeking = s.last.Add(1), true
	}
	return true
}
