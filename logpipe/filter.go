package logpipe

import (
	"slices"
	"strings"
)

// Filter is the part of a script that chooses lines, for who reads logs: the same
// lines pass that a multilog with these words would write.
type Filter struct{ script Script }

var choices = [...]string{"-", "+", "drop=", "select="}

// ParseFilter reads the words of a script that choose lines: -PATTERN, +PATTERN, F,
// S, drop=REGEX and select=REGEX. Any other is wrong, and the error then a
// [*WordError].
func ParseFilter(words []string) (*Filter, error) {
	for _, word := range words {
		if word != "F" && word != "S" && !slices.ContainsFunc(choices[:], func(c string) bool { return strings.HasPrefix(word, c) }) {
			return nil, &WordError{word, "neither -PATTERN nor +PATTERN nor F nor S nor drop= nor select="}
		}
	}
	s, err := Parse(words)
	if err != nil {
		return nil, err
	}
	return &Filter{*s}, nil
}

// Selects reports whether a line, with its stamp, of length lead, and without its
// newline, is selected. Like multilog it looks at the first 1000 bytes.
func (f *Filter) Selects(line []byte, lead int) bool {
	head := line[:min(len(line), headSize)]
	selected := true
	for i := range f.script.actions {
		a := &f.script.actions[i]
		if selected == (a.kind == deselect) && a.matches(head, lead) {
			selected = !selected
		}
	}
	return selected
}
