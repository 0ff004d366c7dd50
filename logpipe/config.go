package logpipe

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Read is Parse for words of which one may be config=FILE, which stands for the
// words in that file. An error that is no [*WordError] says why a file cannot be
// read.
func Read(words []string) (*Script, error) {
	given := words
	file := ""
	for i, word := range words {
		name, ok := strings.CutPrefix(word, "config=")
		if !ok {
			continue
		}
		if acts(words[:i]) {
			return nil, &WordError{word, "put config= before patterns and destinations"}
		}
		inside, err := wordsOf(name)
		if err != nil {
			return nil, err
		}
		file = name
		words = append(append(append([]string(nil), words[:i]...), inside...), words[i+1:]...)
		break
	}
	s, err := Parse(words)
	if err != nil {
		return nil, err
	}
	s.config, s.given = file, given
	return s, nil
}

// acts reports whether words do something to a line.
func acts(words []string) bool {
	s, err := Parse(words)
	return err == nil && len(s.actions) > 0
}

// wordsOf reads the words of a file: one in a line, nothing of it cut off. Empty
// lines and those that begin with # are none.
func wordsOf(name string) ([]string, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("unable to read %s: %w", name, errnoOf(err))
	}
	var words []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && line[0] != '#' {
			words = append(words, line)
		}
	}
	return words, nil
}

// readConfig is for a config= that Read has not taken: a second one.
func readConfig(*Script, string, *opening) error {
	return errors.New("there is one file of words, and none in it")
}

// Reloads reports whether the script is of a file, and Reload may be called.
func (s *Script) Reloads() bool { return s.config != "" }
