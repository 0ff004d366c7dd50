package setup

import (
	"bytes"
	"strings"
)

// hasLine reports whether one of the lines of a file is this one. One in a
// comment is another line.
func hasLine(content []byte, line string) bool {
	for l := range bytes.Lines(content) {
		if strings.TrimSpace(string(l)) == line {
			return true
		}
	}
	return false
}

// insertion is where a new line belongs and what to put there: at the end, but
// before a last line `exit 0`, behind which a shell sees nothing. A file
// whose last line does not end stays such a file, so that taking the text out
// leaves the bytes that were there before. Nothing is put where the line is
// already.
func insertion(content []byte, line string) (at int, put string) {
	if hasLine(content, line) {
		return 0, ""
	}
	body := bytes.TrimRight(content, " \t\n")
	last := bytes.LastIndexByte(body, '\n') + 1
	switch {
	case string(bytes.TrimSpace(body[last:])) == "exit 0":
		return last, line + "\n"
	case len(content) > 0 && content[len(content)-1] != '\n':
		return len(content), "\n" + line
	}
	return len(content), line + "\n"
}

// place finds a text that insertion has put into a file, as whole lines; -1
// if it is not there.
func place(content []byte, put string) int {
	for from := 0; put != ""; {
		i := bytes.Index(content[from:], []byte(put))
		if i < 0 {
			break
		}
		at := from + i
		end := at + len(put)
		begins := put[0] == '\n' || at == 0 || content[at-1] == '\n'
		ends := put[len(put)-1] == '\n' || end == len(content) || content[end] == '\n'
		if begins && ends {
			return at
		}
		from = at + 1
	}
	return -1
}
