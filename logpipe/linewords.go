package logpipe

import (
	"errors"
	"regexp"
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
	s.add(action{kind: k, regex: re})
	return nil
}
