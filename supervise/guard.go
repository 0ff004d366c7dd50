package supervise

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A guard keeps two svscans from looking after one directory: it is a lock on
// the directory itself, held as long as the process lives. Where there are no
// such locks, or somebody has it who is no svscan, svscan does without.
type guard struct {
	fd    int       // the directory; -1: not opened
	held  bool      // or not to be had
	rival *survivor // the svscan that has it
	said  bool      // that there is one
}

// alone reports whether no other svscan looks after the directory, as far as
// that can be told.
func (s *Scanner) alone(now time.Time) bool {
	g := &s.guard
	if g.held || g.rival != nil && !g.rival.ended(now, s.gap) {
		return g.held
	}
	g.drop()
	if g.fd < 0 {
		fd, err := unix.Open(".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return true
		}
		g.fd = fd
	}
	switch err := unix.Flock(g.fd, unix.LOCK_EX|unix.LOCK_NB); {
	case errors.Is(err, unix.EWOULDBLOCK):
		g.rival = s.findRival(g.fd)
	default:
		g.held = true
	}
	if g.rival == nil {
		return true
	}
	if !g.said {
		g.said = true
		s.warn(fmt.Errorf("unable to look after this directory until process %d ends: %w", g.rival.pid, unix.EBUSY))
	}
	return false
}

// findRival finds the svscan that has locked the directory: a process of that
// name that works in it, and is root's or of the same user as this one, so that
// nobody else can keep svscan from working.
func (s *Scanner) findRival(fd int) *survivor {
	var dir unix.Stat_t
	if unix.Fstat(fd, &dir) != nil {
		return nil
	}
	for _, pid := range s.lockers(dir.Ino) {
		var owner unix.Stat_t
		if pid == os.Getpid() || unix.Stat(processDir(pid), &owner) != nil ||
			owner.Uid != 0 && int(owner.Uid) != unix.Geteuid() || !isCalled(pid, "svscan") {
			continue
		}
		fi, err := os.Stat(workingDir(pid))
		if err != nil || idOf(fi) != (fileID{uint64(dir.Dev), dir.Ino}) {
			continue
		}
		if sv := findSurvivor(identity{pid, bornOf(pid)}); sv != nil {
			sv.seen = time.Now()
			return sv
		}
	}
	return nil
}

func (g *guard) drop() {
	if g.rival != nil {
		g.rival.close()
		g.rival = nil
	}
}

func (g *guard) close() {
	g.drop()
	closeFD(&g.fd)
}
