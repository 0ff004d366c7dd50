package supervise

import (
	"fmt"
	"strconv"
	"time"
)

// notify runs encore's script notify, and waits for it some other time. Its
// arguments are the name of a script, what became of it, its pid, and its exit
// code or the signal that killed it.
func (s *Service) notify(script, what string, pid, code int) {
	if !s.encore || !s.dir.runnable("notify") {
		return
	}
	c := command{dir: s.dir.path, path: "./notify", files: []uintptr{0, 1, 2}, own: s.ownSession(),
		args: []string{script, what, strconv.Itoa(pid), strconv.Itoa(code)}}
	ch, err := spawn(c)
	if err != nil {
		s.unable(fmt.Errorf("unable to start %s/notify: %w", s.name, errnoOf(err)))
		return
	}
	s.told = append(s.told, ch)
}

// notifyEnd runs notify for the end of a script.
func (s *Service) notifyEnd(script string, pid int, e exit) {
	if e.signal != 0 {
		s.notify(script, "killed", pid, e.signal)
		return
	}
	if e.unknown {
		e.code = unknownCode
	}
	s.notify(script, "exit", pid, e.code)
}

// reapTold drops the notify processes that have ended.
func (s *Service) reapTold(now time.Time) {
	kept := s.told[:0]
	for _, c := range s.told {
		if _, ended := c.reap(now); !ended {
			kept = append(kept, c)
		}
	}
	s.told = kept
}
