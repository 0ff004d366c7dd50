package logpipe

import "bytes"

// pattern is a compiled pattern of '+' or '-'. It is matched against a whole
// line, byte by byte; only '*' is special. A star at the end matches what is
// left; any other star skips to the first place where the byte after it
// occurs, and never tries a later one. That byte may itself be a star: the
// first star then looks for an asterisk, and the second goes on from there as
// a star.
type pattern struct {
	prefix []byte // up to the first star
	skips  []skip
	open   bool   // ends with a star
	all    bool   // is a star and nothing else: matches every line
	word   []byte // of a pattern that is a star, a word and a star, the word; else nil
}

// skip is a star that is not at the end, and what follows up to the next star.
type skip struct {
	to   byte
	then []byte // begins with to, or is empty if that is a star
}

func compile(text string) pattern {
	b := []byte(text)
	star := bytes.IndexByte(b, '*')
	if star < 0 {
		return pattern{prefix: b}
	}
	p := pattern{prefix: b[:star]}
	for b = b[star+1:]; len(b) > 0; b = b[star+1:] {
		star = bytes.IndexByte(b, '*')
		if star < 0 {
			p.skips = append(p.skips, skip{b[0], b})
			return p
		}
		p.skips = append(p.skips, skip{b[0], b[:star]})
	}
	p.open = true
	p.all = text == "*"
	if len(p.prefix) == 0 && len(p.skips) == 1 && len(p.skips[0].then) > 1 {
		p.word = p.skips[0].then
	}
	return p
}

// first is where a byte is first in a line. Patterns often begin alike, with a
// star and a space, and need not all search for it.
type first struct {
	to    byte
	known bool
	at    int // -1: nowhere
}

func (f *first) find(line []byte, to byte) int {
	if !f.known || f.to != to {
		f.to, f.known, f.at = to, true, bytes.IndexByte(line, to)
	}
	return f.at
}

// match reports whether the whole of line matches. What it finds out about the
// line it leaves in known, for the next pattern.
func (p *pattern) match(line []byte, known *first) bool {
	if w := p.word; w != nil {
		at := known.find(line, w[0])
		return at >= 0 && begins(line[at:], w)
	}
	if !bytes.HasPrefix(line, p.prefix) {
		return false
	}
	line = line[len(p.prefix):]
	for i := range p.skips {
		s := &p.skips[i]
		var at int
		if i == 0 && len(p.prefix) == 0 {
			at = known.find(line, s.to)
		} else {
			at = bytes.IndexByte(line, s.to)
		}
		if at < 0 {
			return false
		}
		line = line[at:]
		if !begins(line, s.then) {
			return false
		}
		line = line[len(s.then):]
	}
	return p.open || len(line) == 0
}

// begins reports whether line, whose first byte is right, begins with word. Most lines
// differ in the second, which tells without a call.
func begins(line, word []byte) bool {
	return len(word) < 2 || len(line) >= len(word) && line[1] == word[1] && string(line[:len(word)]) == string(word)
}
