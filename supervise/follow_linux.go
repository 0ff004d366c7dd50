package supervise

import (
	"os"
	"strconv"
	"time"
)

// heir finds the process that goes on with a service whose run has ended: the
// oldest of those that it has left behind. Whatever becomes a child of this
// process, and is none of its own, is one.
//
// A look at all processes is no look at one moment. But as long as anything lives
// that descends from run, a child of ours does, or has ended since and can be
// waited for: then what it has left may have been looked at too early.
func (p *process) heir() (child, bool) {
	s := p.of
	if !s.follow || !s.orphan || p != &s.main || p.state != up {
		return noChild, false
	}
	for {
		if pid := s.oldestOrphan(); pid != 0 {
			return takeUp(identity{pid, bornOf(pid)}, false, time.Now()), true
		}
		if !s.reapAll() {
			return noChild, false
		}
	}
}

// oldestOrphan is the oldest living child that the service does not know, 0 if
// there is none.
func (s *Service) oldestOrphan() (oldest int) {
	names, err := procNames()
	if err != nil {
		return 0
	}
	me, born := os.Getpid(), uint64(0)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		st, ok := statOf(pid)
		if !ok || st.parent != me || st.isZombie() || s.knows(pid) {
			continue
		}
		if oldest == 0 || st.born < born {
			oldest, born = pid, st.born
		}
	}
	return oldest
}

// knows reports whether a child was started by the service itself.
func (s *Service) knows(pid int) bool {
	for _, p := range s.processes() {
		if p.child.pid == pid {
			return true
		}
	}
	for i := range s.told {
		if s.told[i].pid == pid {
			return true
		}
	}
	return false
}

func procNames() ([]string, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.Readdirnames(-1)
}
