package logpipe

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// readStamp reads stamp=, which says more than the words t and T.
func (s *Script) readStamp(value string, _ *opening) error {
	if len(s.actions) > 0 {
		return errors.New("put stamp= before patterns and destinations")
	}
	switch value {
	case "tai64n":
		s.stamp = labels
	case "unix":
		s.stamp = unixStamps
	case "iso":
		s.stamp = isoStamps
	default:
		return errors.New("neither tai64n nor iso nor unix")
	}
	return nil
}

// readRegex reads the value of select= and drop=. What it matches is somewhere in
// the text of a line: a stamp is not searched, whose digits would match by chance.
func (s *Script) readRegex(k kind, value string) error {
	re, err := regexp.Compile(value)
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	s.add(action{kind: k, lines: regex{re}})
	return nil
}

// regex is a regular expression.
type regex struct{ *regexp.Regexp }

func (r regex) match(head []byte, lead int) bool { return r.Match(head[lead:]) }

// readTee adds standard output or standard error.
func (s *Script) readTee(value string, set *opening) error {
	o := *set
	switch value {
	case "1":
		o.tee, o.path = 1, "standard output"
	case "2":
		o.tee, o.path = 2, "standard error"
	default:
		return errors.New("neither 1 nor 2")
	}
	s.deliver(o)
	return nil
}

// readReady reads a descriptor, one that a command is given on purpose.
func (s *Script) readReady(value string, _ *opening) error {
	fd, err := strconv.ParseUint(value, 10, 31)
	if err != nil || fd < 3 {
		return errors.New("not the number of a descriptor, 3 or above")
	}
	s.ready = readiness(fd)
	return nil
}

// readSpool reads spool=, which holds for the whole script.
func (s *Script) readSpool(value string, _ *opening) error {
	if value == "0" {
		s.spool = 0
		return nil
	}
	n, err := bytesOf(value)
	if err != nil {
		return errors.New("not a size such as 64m, or 0")
	}
	s.spool = n
	return nil
}

func readPrefix(_ *Script, value string, set *opening) error {
	if strings.Contains(value, "\n") {
		return errors.New("a prefix is in one line")
	}
	set.prefix = value
	return nil
}

func readReplace(_ *Script, value string, set *opening) error {
	if len(value) != 1 || value[0] < ' ' || value[0] > '~' {
		return errors.New("not one printing character of ASCII")
	}
	set.replace = value[0]
	return nil
}

func readLine(_ *Script, value string, set *opening) error {
	n, err := bytesOf(value)
	if err != nil || n < minLine || n > maxLine {
		return fmt.Errorf("not a number of bytes from %d to 1g", minLine)
	}
	set.line = int(n)
	return nil
}
