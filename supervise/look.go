package supervise

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// lookGap is the least time between two looks, however often the directory
	// changes.
	lookGap = 10 * time.Millisecond
	// settled is how old the last change of a new directory has to be before
	// it is started ahead of the next sweep: who makes a service in place makes
	// run first and log after it, or the other way round. Who makes a link has
	// made all else before.
	settled = 20 * time.Millisecond
)

// fileID tells directories apart.
type fileID struct{ dev, ino uint64 }

func idOf(fi fs.FileInfo) fileID {
	st := fi.Sys().(*syscall.Stat_t)
	return fileID{uint64(st.Dev), uint64(st.Ino)}
}

// look looks at the directory if it is time to, or if it has changed.
func (s *Scanner) look(rescan bool, now time.Time) {
	sweep := rescan || !now.Before(s.sweep)
	if !sweep && (s.soon.IsZero() || now.Before(s.soon)) {
		return
	}
	s.looked, s.soon = now, time.Time{}
	if sweep {
		s.sweep = now.Add(s.gap)
	}
	if err := s.checkAll(sweep, now); err != nil {
		if sweep {
			s.warn(fmt.Errorf("unable to read directory: %w", errnoOf(err)))
		}
		return // what was there at the last look counts as being there
	}
	if sweep {
		s.reconsider()
	}
	for _, sl := range s.order {
		if !sl.listed && (rescan || s.opt.StopRemoved) {
			sl.stopping = true
		}
	}
}

// checkAll checks the entries in the order of the directory: of two names for
// one service the first one counts. The directory stays open meanwhile, so that
// new services leave a descriptor for the next look.
func (s *Scanner) checkAll(sweep bool, now time.Time) error {
	fd, err := again(func() (int, error) {
		return unix.Open(".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return err
	}
	d := os.NewFile(uintptr(fd), ".")
	defer d.Close()
	names, err := d.Readdirnames(-1)
	// A scan directory that has itself been removed is empty.
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, sl := range s.order {
		sl.seen, sl.listed = false, false
	}
	for _, name := range names {
		if name[0] != '.' {
			s.check(name, sweep, now)
		}
	}
	return nil
}

// check takes an entry under supervision if it is a service. What is wrong with
// it is said at a sweep only.
func (s *Scanner) check(name string, sweep bool, now time.Time) {
	fi, err := os.Stat(name)
	if err != nil {
		if sweep {
			s.warn(fmt.Errorf("unable to stat %s: %w", name, errnoOf(err)))
		}
		s.list(name)
		return
	}
	if !fi.IsDir() {
		return
	}
	id := idOf(fi)
	if sl := s.slots[id]; sl != nil {
		sl.see(name)
		return
	}
	if !sweep && !s.ready(name, fi, now) {
		return
	}
	sl, err := s.newSlot(id, name)
	if err != nil {
		if sweep {
			s.warn(err)
		}
		return
	}
	s.slots[id] = sl
	s.order = append(s.order, sl)
}

// list marks the service of an entry that leads nowhere: it is not started, and
// not removed either.
func (s *Scanner) list(name string) {
	for _, sl := range s.order {
		if sl.name == name {
			sl.listed = true
		}
	}
}

// ready reports whether a new directory need not wait for the sweep: what has
// to be there is there, and nobody is just making it.
func (s *Scanner) ready(name string, fi fs.FileInfo, now time.Time) bool {
	if age := now.Sub(fi.ModTime()); age >= 0 && age < settled && !isLink(name) {
		s.soon = earlier(s.soon, now.Add(settled-age))
		return false
	}
	if !executable(name + "/run") {
		return false
	}
	log, err := os.Stat(name + "/log")
	return err != nil || !log.IsDir() || executable(name+"/log/run")
}

func isLink(name string) bool {
	fi, err := os.Lstat(name)
	return err == nil && fi.Mode()&fs.ModeSymlink != 0
}

func executable(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.Mode()&0o111 != 0
}

// forget drops the slots of removed services that have ended. One that came
// back in the meantime begins anew.
func (s *Scanner) forget(now time.Time) {
	kept := s.order[:0]
	for _, sl := range s.order {
		if !sl.isOver() {
			kept = append(kept, sl)
			continue
		}
		sl.close()
		delete(s.slots, sl.id)
		if sl.seen {
			s.soon = now
		}
	}
	clear(s.order[len(kept):])
	s.order = kept
}
