package logpipe

import (
	"bytes"
	"strings"
)

// pattern is a compiled pattern of '+' or '-'. It is matched against a whole
// line, byte by byte; only '*' is special. A star at the end matches what is
// left; any other star skips to the first place where the byte after it
// occurs, and never tries a later one. That byte may itself be a star: the
// first star then looks for an asterisk, and the second goes on from there as
// a star.
type pattern struct {
	prefix []byte // up to the first star
	skips  []skip
	open   bool // ends with a star
}

// skip is a star that is not at the end, and what follows up to the next star.
type skip struct {
	to   byte
	then []byte // begins with to, or is empty if that is a star
}

func compile(text string) *pattern {
	b := []byte(text)
	star := bytes.IndexByte(b, '*')
	if star < 0 {
		return &pattern{prefix: b}
	}
	p := &pattern{prefix: b[:star]}
	for b = b[star+1:]; len(b) > 0; b = b[star+1:] {
		star = bytes.IndexByte(b, '*')
		if star < 0 {
			p.skips = append(p.skips, skip{b[0], b})
			return p
		}
		p.skips = append(p.skips, skip{b[0], b[:star]})
	}
	p.open = true
	return p
}

// match reports whether the whole of line matches.
func (p *pattern) match(line []byte, _ int) bool {
	if !bytes.HasPrefix(line, p.prefix) {
		return false
	}
	line = line[len(p.prefix):]
	for i := range p.skips {
		s := &p.skips[i]
		at := bytes.IndexByte(line, s.to)
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

// words are patterns, one of which is to match: each is a star, a word and a star. The
// words begin alike, often with a space, and a line is searched for that only once.
type words [][]byte

// wordOf returns the word of such a pattern, nil if it is another one.
func wordOf(text string) []byte {
	n := len(text)
	if n < 3 || strings.IndexByte(text[1:], '*') != n-2 || text[0] != '*' {
		return nil
	}
	return []byte(text[1 : n-1])
}

// gains makes the word one of those of a, or returns false: a is no action of this kind
// with such words.
func (a *action) gains(k kind, word []byte) bool {
	w, ok := a.lines.(*words)
	if !ok || a.kind != k || (*w)[0][0] != word[0] {
		return false
	}
	*w = append(*w, word)
	return true
}

func (w *words) match(line []byte, _ int) bool {
	list := *w
	at := bytes.IndexByte(line, list[0][0])
	if at < 0 {
		return false
	}
	line = line[at:]
	for _, word := range list {
		if begins(line, word) {
			return true
		}
	}
	return false
}

// begins reports whether line, whose first byte is right, begins with word. Most lines
// differ in the second, which tells without a call.
func begins(line, word []byte) bool {
	return len(word) < 2 || len(line) >= len(word) && line[1] == word[1] && string(line[:len(word)]) == string(word)
}
