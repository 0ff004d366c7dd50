package logpipe

import "errors"

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
