package logpipe

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tailight/tailight/rotate"
	"github.com/tailight/tailight/tai64"
)

// Script says what becomes of each line. It is a list of words, each an
// argument of multilog, in the language of daemontools 0.76 (section 2.1 of
// the specification) and a few words more.
type Script struct {
	stamp    stamping
	actions  []action
	statuses []string  // files of '='
	outlets  []opening // where lines go
	ready    readiness
	spool    int64    // how long the spool may become while the pipe waits
	config   string   // the file of config=
	given    []string // the words with it, if so
}

// stamping is what stands in front of each line.
type stamping uint8

const (
	unstamped  stamping = iota
	labels              // 't': a TAI64N label
	unixStamps          // 'T': Unix time with microseconds
	isoStamps           // stamp=iso: ISO 8601 with nanoseconds
)

// timed reports whether each line takes a stamp, also if none is shown.
func (s *Script) timed() bool {
	for _, o := range s.outlets {
		if o.rate != (rate{}) {
			return true
		}
	}
	return s.stamp != unstamped
}

// text is what such stamps look like.
func (s stamping) text() tai64.Stamps {
	switch s {
	case unixStamps:
		return tai64.UnixStamps
	case isoStamps:
		return tai64.ISOStamps
	}
	return tai64.LabelStamps
}

// action is what one word does to a line.
type action struct {
	kind  kind
	lines matcher // of choose and deselect: which lines; nil: all
	index int     // of status and deliver: which file, which outlet
}

// matcher is a pattern of any kind. The first lead bytes of head are the stamp.
type matcher interface {
	match(head []byte, lead int) bool
}

func (a *action) matches(head []byte, lead int) bool {
	return a.lines == nil || a.lines.match(head, lead)
}

type kind uint8

const (
	deselect kind = iota // '-', drop=: the line is dropped from here on if it matches
	choose               // '+', select=: the line is taken from here on if it matches
	alert                // 'e': a selected line goes to descriptor 2
	status               // '=': a selected line goes to a status file
	deliver              // a selected line goes to an outlet
)

// opening is a destination of the script with what the words before it said.
type opening struct {
	path string
	dir  bool // a log directory; else a plain file, or
	tee  int  // 1 or 2: standard output or error
	forms
	size int64
	num  int

	suffix       string // of a directory's finished files
	processor    string
	hasProcessor bool
	sync         rotate.Sync // of a directory
	full         rotate.Full // likewise
	total        int64       // likewise
	every        rotate.Every
	compress     rotate.Compression
	keep         time.Duration
}

// WordError is a word that means nothing: the command was called wrong.
type WordError struct{ Word, Why string }

func (e *WordError) Error() string { return e.Word + ": " + e.Why }

// Parse reads a script. As in 0.76 a word that starts with no known letter
// does nothing, and a number is its leading digits. Of the words that 0.76
// does not have, F, S and T are just these letters, so that as many words as
// can be stay ignored; w and those of the form key=value can be wrong. The
// error is then a [*WordError].
func Parse(words []string) (*Script, error) {
	s := &Script{spool: unsaid}
	set := opening{size: rotate.DefaultSize, num: rotate.DefaultNum, suffix: rotate.DefaultSuffix}
	globs := false
	for i, word := range words {
		if word == "" {
			continue
		}
		if keyed, err := s.keyed(word, &set); err != nil {
			return nil, err
		} else if keyed {
			continue
		}
		rest := word[1:]
		switch word[0] {
		case 't':
			if i == 0 {
				s.stamp = labels
			}
		case 'T':
			if i == 0 && rest == "" {
				s.stamp = unixStamps
			}
		case 'F', 'S':
			// What is meant is the patterns behind it in the script. In
			// daemontools-encore it is those tried after it, so that the last
			// such word would also hold for the start of the next line.
			if rest == "" {
				globs = word == "F"
			}
		case '-':
			s.choice(deselect, rest, globs)
		case '+':
			s.choice(choose, rest, globs)
		case 'e':
			s.add(action{kind: alert})
		case '=':
			s.add(action{kind: status, index: len(s.statuses)})
			s.statuses = append(s.statuses, rest)
		case 's':
			set.size = size(rest)
		case 'n':
			set.num = int(min(max(leading(rest), rotate.MinNum), math.MaxInt32))
		case '!':
			set.processor, set.hasProcessor = rest, true
		case 'w':
			if !rotate.ValidSuffix(rest) {
				return nil, &WordError{word, "a suffix has letters, digits, dots, dashes and underscores"}
			}
			set.suffix = rest
		case '.', '/':
			if err := s.directory(word, set); err != nil {
				return nil, err
			}
		}
	}
	if s.spool == unsaid {
		s.spool = s.usualSpool()
	}
	return s, nil
}

func (s *Script) add(a action) { s.actions = append(s.actions, a) }

// choice adds a pattern.
func (s *Script) choice(k kind, text string, globs bool) {
	a := action{kind: k}
	switch word := wordOf(text); {
	case text == "*":
	case globs:
		a.lines = compileGlob(text)
	case word == nil:
		a.lines = compile(text)
	default:
		if len(s.actions) > 0 && s.actions[len(s.actions)-1].gains(k, word) {
			return
		}
		a.lines = &words{word}
	}
	s.add(a)
}

func (s *Script) deliver(o opening) {
	s.add(action{kind: deliver, index: len(s.outlets)})
	s.outlets = append(s.outlets, o)
}

// directory adds a log directory.
func (s *Script) directory(path string, set opening) error {
	if set.compress != rotate.Uncompressed && set.hasProcessor {
		return &WordError{path, "either compress= or a processor, put the directory before one of them"}
	}
	set.path, set.dir = path, true
	s.deliver(set)
	return nil
}

// plainSize is the largest size without a unit, that of 0.76.
const plainSize = 16777215

// size reads a size and brings it into its limits. Without a unit those are
// the ones of 0.76, whatever follows the digits.
func size(s string) int64 {
	digits, unit := s, uint64(0)
	for _, u := range units {
		if d, ok := strings.CutSuffix(s, u.letter); ok {
			digits, unit = d, u.bytes
		}
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if unit == 0 || errors.Is(err, strconv.ErrSyntax) {
		return int64(min(max(leading(s), rotate.MinSize), plainSize))
	}
	// A number that is out of range is the largest there is.
	return int64(min(max(min(n, rotate.MaxSize)*unit, rotate.MinSize), rotate.MaxSize))
}

// leading is the value of the decimal digits at the start of s, modulo 2^64;
// none is 0.
func leading(s string) uint64 {
	var n uint64
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + uint64(c-'0')
	}
	return n
}
