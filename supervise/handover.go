package supervise

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// HandoverFormat is the first line of the state that a supervise leaves to the
// program that its process becomes: its descriptors. The rest is in the file
// running; another meaning of that is another format.
const HandoverFormat = "supervise state 1\n"

// renew lets the process become another program, which goes on with the service.
// It returns if that is called off, or fails.
func (l *Loop) renew() {
	s := l.service
	s.renewing = false
	err := error(unix.ENOTSUP)
	if s.opt.Renew != nil && s.running != nil {
		s.save()
		state, keep := s.handOver(l.strangers)
		if err = s.opt.Renew(state, keep); err == nil {
			s.renewing = true // what came is done first
			return
		}
	}
	s.warn(fmt.Errorf("unable to replace supervise for %s: %w", s.name, errnoOf(err)))
}

// Idle reports whether there are no letters that have not been obeyed.
func (l *Loop) Idle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked == ""
}

// handed are the descriptors that stay open, in the order of the text.
func (s *Service) handed() []*int {
	fds := []*int{&s.lock, &s.fifo, &s.keep, &s.ok, &s.pipe[0], &s.pipe[1]}
	if s.running != nil {
		fds = append(fds, &s.running.fd)
	}
	return fds
}

// handOver writes the descriptors down, and lists those that stay open.
func (s *Service) handOver(strangers bool) (state string, keep []int) {
	state = HandoverFormat
	for _, fd := range s.handed() {
		if *fd >= 0 {
			keep = append(keep, *fd)
		}
		state += " " + strconv.Itoa(*fd)
	}
	if strangers || len(s.told) > 0 { // nobody will know these
		state += " strangers"
	}
	return state, keep
}

// takeOver takes what another program has handed over, and returns the
// descriptor of the file running.
func (s *Service) takeOver(state string) (running int, err error) {
	text, ok := strings.CutPrefix(state, HandoverFormat)
	words := strings.Fields(text)
	fds := append(s.handed(), &running)
	if !ok || len(words) < len(fds) {
		return -1, ErrFormat
	}
	for i, fd := range fds {
		if *fd, err = strconv.Atoi(words[i]); err != nil {
			return -1, ErrFormat
		}
		if *fd >= 0 {
			unix.CloseOnExec(*fd)
		}
	}
	s.strangers = len(words) > len(fds)
	return running, nil
}

// HadStrangers reports whether another program has handed the service over, and
// whether that had children which it did not start, see [HasStrangers].
func (s *Service) HadStrangers() (had, renewed bool) { return s.strangers, s.opt.State != "" }
