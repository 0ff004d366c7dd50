package logpipe

import "bytes"

// glob is a compiled pattern of '+' or '-' behind F: fnmatch(3) with no flags
// in the C locale. It is matched against a whole line, byte by byte: a star
// stands for any bytes, also slashes and none, '?' for any one, brackets for
// one of a set (see bracket.go), a backslash takes the meaning from the byte
// after it.
//
// All but a star stands for exactly one byte, so a pattern is a few parts of
// fixed length with stars between them. The first part has to be where the
// line begins, the last where it ends, and each other at the first place
// behind the one before: a later place could only leave less for the rest.
// There is no backtracking; the time is at worst the product of both lengths.
type glob struct{ parts []part }

// part is what stands between two stars: a set for each byte.
type part struct {
	sets []byteSet
	text []byte // the bytes, where every set has just one; else nil
}

func compileGlob(text string) *glob {
	g := &glob{parts: make([]part, 1)}
	for len(text) > 0 {
		if text[0] == '*' {
			g.parts = append(g.parts, part{})
			text = text[1:]
			continue
		}
		last := &g.parts[len(g.parts)-1]
		var set byteSet
		set, text = element(text)
		last.sets = append(last.sets, set)
	}
	for i := range g.parts {
		g.parts[i].text = plain(g.parts[i].sets)
	}
	return g
}

// element reads the first element of a pattern, which is not a star, and
// returns the bytes it stands for and the rest of the pattern.
func element(text string) (set byteSet, rest string) {
	switch c := text[0]; c {
	case '?':
		return byteSet{}.not(), text[1:]
	case '[':
		if set, rest, ok := bracket(text); ok {
			return set, rest
		}
		// Without its end a bracket is a byte like any other.
	case '\\':
		if len(text) == 1 {
			return byteSet{}, "" // and no line matches
		}
		text = text[1:]
	}
	set.add(text[0])
	return set, text[1:]
}

// plain returns the bytes of sets that have one each, or nil.
func plain(sets []byteSet) []byte {
	text := []byte{} // not nil
	for _, s := range sets {
		c, ok := s.only()
		if !ok {
			return nil
		}
		text = append(text, c)
	}
	return text
}

// match reports whether the whole of line matches.
func (g *glob) match(line []byte, _ int) bool {
	first, last := &g.parts[0], &g.parts[len(g.parts)-1]
	if len(g.parts) == 1 {
		return len(line) == len(first.sets) && first.begins(line)
	}
	end := len(line) - len(last.sets)
	if end < len(first.sets) || !first.begins(line) || !last.begins(line[end:]) {
		return false
	}
	line = line[len(first.sets):end]
	for i := 1; i < len(g.parts)-1; i++ {
		p := &g.parts[i]
		at := p.find(line)
		if at < 0 {
			return false
		}
		line = line[at+len(p.sets):]
	}
	return true
}

// begins reports whether line, which is long enough, begins with the part.
func (p *part) begins(line []byte) bool {
	if p.text != nil {
		return bytes.HasPrefix(line, p.text)
	}
	for i := range p.sets {
		if !p.sets[i].has(line[i]) {
			return false
		}
	}
	return true
}

// find returns the first place of the part in line, or -1.
func (p *part) find(line []byte) int {
	if p.text != nil {
		return bytes.Index(line, p.text)
	}
	first := &p.sets[0]
	for at := 0; at+len(p.sets) <= len(line); at++ {
		if first.has(line[at]) && p.begins(line[at:]) {
			return at
		}
	}
	return -1
}
