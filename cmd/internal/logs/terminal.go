package logs

import (
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// isTerminal reports whether a file is a terminal.
func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	return err == nil
}

// widthOf returns the columns of a terminal, or 80.
func widthOf(f *os.File) int {
	if w, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil && w.Col > 0 {
		return int(w.Col)
	}
	return 80
}

// isUTF8 reports whether the locale is of UTF-8.
func isUTF8(get func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(get(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

const (
	plainText = "\x1b[m"
	found     = "\x1b[1;31m"
)

// palette has the colours of services. Red is for what was looked for.
var palette = [...]string{"\x1b[36m", "\x1b[33m", "\x1b[32m", "\x1b[35m", "\x1b[34m", "\x1b[96m", "\x1b[93m", "\x1b[92m", "\x1b[95m", "\x1b[94m"}

// progress is the line on a terminal that says how far a long search is.
type progress struct {
	env   *cli.Env
	shown bool // standard error is a terminal
	since time.Time
	said  time.Time // zero: there is no line now
}

// say shows it, after a second, and then ten times a second.
func (p *progress) say(file string, read, size int64) {
	now := time.Now()
	if !p.shown || now.Sub(p.since) < time.Second || now.Sub(p.said) < 100*time.Millisecond {
		return
	}
	p.said = now
	line := append([]byte("\r"), p.env.Name+": reading "+file...)
	if size > 0 {
		line = append(strconv.AppendInt(append(line, ", "...), 100*read/size, 10), '%')
	}
	p.env.Tell(append(line, "\x1b[K"...))
}

// clear takes the line away.
func (p *progress) clear() {
	if !p.said.IsZero() {
		p.said = time.Time{}
		p.env.Tell([]byte("\r\x1b[K"))
	}
}
