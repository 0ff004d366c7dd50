package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// from is a log directory and the name it is shown with.
type from struct{ name, dir string }

// finder finds the log directories of services.
type finder struct {
	scan  string   // the scan directory
	globs []string // names have to match one of them, if there are any
	wait  bool     // what is not there may come
}

// find returns the log directory that a word of the command line stands for.
func (f finder) find(word string) (from, error) {
	dir := word
	if !strings.Contains(word, "/") && word != "." && word != ".." {
		dir = filepath.Join(f.scan, word)
	}
	if _, err := os.Stat(dir); err != nil && !f.wait {
		return from{}, fmt.Errorf("unable to find the log of %s: %w", word, cli.Errno(err))
	}
	at, ok := logDir(dir)
	if !ok {
		if !f.wait {
			return from{}, fmt.Errorf("unable to find the log of %s: no log directory in log/main or log/run", word)
		}
		at = filepath.Join(dir, "log/main")
	}
	return from{nameOf(dir), at}, nil
}

// services returns the log directories of all services of the scan directory
// that have one, by name.
func (f finder) services() ([]from, error) {
	entries, err := os.ReadDir(f.scan)
	if err != nil {
		return nil, fmt.Errorf("unable to read directory %s: %w", f.scan, cli.Errno(err))
	}
	var all []from
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || !f.chosen(e.Name()) {
			continue // svscan skips the former too
		}
		if at, ok := logDir(filepath.Join(f.scan, e.Name())); ok {
			all = append(all, from{e.Name(), at})
		}
	}
	return all, nil
}

// chosen reports whether a name is one that was asked for.
func (f finder) chosen(name string) bool {
	return len(f.globs) == 0 || slices.ContainsFunc(f.globs, func(g string) bool {
		ok, _ := path.Match(g, name) // checked by badGlob
		return ok
	})
}

// badGlob reports whether a pattern of --service is wrong.
func badGlob(g string) bool {
	_, err := path.Match(g, "")
	return err != nil
}

// logDir returns the log directory of a directory: itself, or that of the service,
// or of the log service, that it is.
func logDir(dir string) (string, bool) {
	if isLogDir(dir) {
		return dir, true
	}
	for _, logger := range []string{filepath.Join(dir, "log"), dir} {
		if main := filepath.Join(logger, "main"); isLogDir(main) {
			return main, true
		}
		if words := scriptOf(filepath.Join(logger, "run")); words != nil {
			if at := firstDir(words); at != "" {
				if !filepath.IsAbs(at) {
					at = filepath.Join(logger, at)
				}
				return at, isLogDir(at)
			}
		}
	}
	return "", false
}

// isLogDir reports whether a directory is one of multilog. In the middle of a
// rotation there is no current.
func isLogDir(dir string) bool {
	return slices.ContainsFunc([]string{"current", "previous"}, func(name string) bool {
		fi, err := os.Stat(filepath.Join(dir, name))
		return err == nil && fi.Mode().IsRegular() || errors.Is(err, fs.ErrPermission)
	})
}

// nameOf is the name of the service that a directory, its log or its log directory
// belongs to: what stands before /log/main, /log or /main, if the latter is in a
// service.
func nameOf(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if up, base := filepath.Split(dir); base == "main" && filepath.Base(up) == "log" {
		dir = filepath.Dir(filepath.Clean(up))
	} else if base == "log" {
		dir = filepath.Clean(up)
	}
	return filepath.Base(dir)
}

// scriptOf returns the words behind the last multilog of a run script, as far as
// they can be seen without being a shell, or nil.
func scriptOf(run string) []string {
	const most = 64 << 10
	if fi, err := os.Stat(run); err != nil || !fi.Mode().IsRegular() || fi.Size() > most {
		return nil
	}
	text, err := os.ReadFile(run)
	if err != nil {
		return nil
	}
	var found []string
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		words := shellWords(line)
		for i := range words {
			if path.Base(words[i]) == "multilog" {
				found = words[i+1:]
			}
		}
	}
	return found
}

// shellWords splits a line as a shell does that knows quotes and nothing else.
func shellWords(line string) (words []string) {
	var word []byte
	begun, quote := false, byte(0)
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word = append(word, c)
		case c == '\'' || c == '"':
			quote, begun = c, true
		case c == '\\' && i+1 < len(line):
			i++
			word, begun = append(word, line[i]), true
		case strings.IndexByte(" \t\n;&|", c) >= 0:
			if begun {
				words = append(words, string(word))
			}
			word, begun = word[:0], false
			if strings.IndexByte(";&|", c) >= 0 {
				return words
			}
		default:
			word, begun = append(word, c), true
		}
	}
	if begun {
		words = append(words, string(word))
	}
	return words
}

// firstDir returns the first log directory that gets every line, or else the first
// one.
func firstDir(words []string) string {
	first, all := "", true
	for _, w := range words {
		switch {
		case strings.HasPrefix(w, "-"):
			all = false
		case w == "+*":
			all = true
		case (strings.HasPrefix(w, "./") || strings.HasPrefix(w, "/")) && !strings.Contains(w, "$"):
			if all {
				return w
			}
			if first == "" {
				first = w
			}
		}
	}
	return first
}
