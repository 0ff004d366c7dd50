//go:build !linux

package supervise

import "errors"

// HasStrangers reports no strangers: here a goroutine waits for each child, and
// waiting for all would get in its way.
func HasStrangers() bool { return false }

func (s *Service) reapAll() bool { return false }

// InheritOrphans is for Linux.
func InheritOrphans() error { return errors.ErrUnsupported }

func (p *process) heir() (child, bool) { return noChild, false }
