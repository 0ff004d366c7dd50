package supervise

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// RenewedFormat is the first line of the state that a scanner leaves to the
// program that its process becomes.
const RenewedFormat = "svscan state 1\n"

// renew lets the process become another program, if it is asked to, which gets
// all there is to know. It returns if that is called off, or fails.
func (s *Scanner) renew(now time.Time) {
	if s.opt.Renew == nil {
		return
	}
	if err := s.opt.Renew(s.save(now)); err != nil {
		s.warn(fmt.Errorf("unable to be renewed: %w", err))
	}
}

// Asked reports whether there is a request that has not been obeyed. That a child
// has ended shows afterwards as well.
func (s *Scanner) Asked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stops > 0 || s.asked&^Reap != 0
}

// save writes down the state, and lists the descriptors that belong to it.
func (s *Scanner) save(now time.Time) (state string, keep []int) {
	var b strings.Builder
	b.WriteString(RenewedFormat)
	fmt.Fprintln(&b, s.guard.fd, s.guard.held)
	if s.guard.fd >= 0 {
		keep = append(keep, s.guard.fd)
	}
	for _, sl := range s.order {
		fmt.Fprintf(&b, "%d %d %t %t %t %t %d %d", sl.id.dev, sl.id.ino, sl.logged, sl.refused, sl.seen, sl.listed, sl.pipe[0], sl.pipe[1])
		for _, h := range []*half{&sl.main, &sl.log} {
			born := uint64(0)
			if h.old != nil {
				born = h.old.born
			}
			fmt.Fprintf(&b, " %d %d %d %d %d %d %t %d", h.pid, born, h.dir.dev, h.dir.ino, h.has.dev, h.has.ino, h.foreign, max(h.next.Sub(now), 0))
		}
		fmt.Fprintf(&b, " %q\n", sl.name)
		if sl.logged {
			keep = append(keep, sl.pipe[:]...)
		}
	}
	return b.String(), keep
}

// restore takes up the state that the program before has left.
func (s *Scanner) restore(state string, now time.Time) error {
	text, ok := strings.CutPrefix(state, RenewedFormat)
	if !ok {
		return fmt.Errorf("unable to read the state of svscan: %w", ErrFormat)
	}
	guard, text, _ := strings.Cut(text, "\n")
	if _, err := fmt.Sscan(guard, &s.guard.fd, &s.guard.held); err != nil {
		return fmt.Errorf("unable to read the state of svscan: %w", ErrFormat)
	}
	if s.guard.fd >= 0 {
		unix.CloseOnExec(s.guard.fd)
	}
	for line := range strings.Lines(text) {
		sl := &slot{}
		r := bytes.NewBufferString(line)
		_, err := fmt.Fscan(r, &sl.id.dev, &sl.id.ino, &sl.logged, &sl.refused, &sl.seen, &sl.listed, &sl.pipe[0], &sl.pipe[1])
		for _, h := range []*half{&sl.main, &sl.log} {
			var born uint64
			var next time.Duration
			if err == nil {
				_, err = fmt.Fscan(r, &h.pid, &born, &h.dir.dev, &h.dir.ino, &h.has.dev, &h.has.ino, &h.foreign, &next)
			}
			h.next = now.Add(next)
			s.restoreHalf(h, born)
		}
		if err == nil {
			sl.name, err = strconv.Unquote(strings.TrimSpace(r.String()))
		}
		if err != nil {
			return fmt.Errorf("unable to read the state of svscan: %w", ErrFormat)
		}
		if sl.logged {
			unix.CloseOnExec(sl.pipe[0])
			unix.CloseOnExec(sl.pipe[1])
		}
		s.slots[sl.id] = sl
		s.order = append(s.order, sl)
	}
	s.settled, s.passOn = true, true
	return nil
}

// restoreHalf gets hold of a supervise again: a child, or one with a time of
// birth that was taken over.
func (s *Scanner) restoreHalf(h *half, born uint64) {
	if h.pid != 0 && born != 0 {
		if h.old = findSurvivor(identity{h.pid, born}); h.old == nil {
			h.pid = 0 // it has ended meanwhile
			return
		}
		h.old.seen = time.Now()
	}
	if h.pid != 0 {
		s.halves[h.pid] = h
	}
}

// passOnRenewal lets every supervise of ours do likewise.
func (s *Scanner) passOnRenewal() {
	if !s.passOn {
		return
	}
	s.passOn = false
	for _, sl := range s.order {
		for _, h := range []*half{&sl.main, &sl.log} {
			if h.pid == 0 {
				continue
			}
			control, err := sl.control(h)
			if err != nil {
				continue
			}
			if pid, ok := Keeper(control); ok && pid == h.pid {
				_ = sendNow(control, renewLetter)
			}
		}
	}
}

// renewLetter asks a supervise to become what is installed. Neither 0.76 nor
// daemontools-encore has it.
const renewLetter = "e"
