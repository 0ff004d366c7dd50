package supervise

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Options are what a service directory does not say.
type Options struct {
	// Name is the service directory in diagnostics; "" means its path.
	Name string
	// Encore asks for the behaviour of daemontools-encore, which otherwise a
	// file of that name in the service directory asks for.
	Encore bool
	// Warn is told what went wrong; the service goes on. Unable is told that a
	// script could not be executed, for which the original has a child say
	// "fatal". nil drops them.
	Warn   func(error)
	Unable func(error)
	// Renew lets the process become another program that finds state and has
	// the descriptors of keep; it returns if that fails, or nil if a letter has
	// come meanwhile. nil cannot.
	Renew func(state string, keep []int) error
	// State is what such a program finds, or empty.
	State string
}

// Service is a service directory under supervision: a process that is kept
// running, and the control directory through which others steer it. It belongs
// to one goroutine, that of its [Loop].
type Service struct {
	opt    Options
	name   string
	dir    folder
	ctl    string // the control directory
	ctlSay string // the same in diagnostics

	lock   int // its flock is held until it is closed
	fifo   int // control, for reading
	keep   int // control, for writing, so that it never ends
	ok     int // a reader, which says that we run
	encore bool
	follow bool // what run leaves behind is the service
	orphan bool // such processes become children of this one, and reapAll waits for them

	running *runningFile // nil: what we leave cannot be kept
	kept    saved        // what is to be in it of the service itself
	fresh   bool         // there was nothing to adopt, and nothing has begun

	renewing  bool // told to become another program
	strangers bool // one that was this process had them

	main  process
	log   *process          // of encore's file log; nil if there is none
	pipe  [2]int            // between the two
	drain time.Time         // when log is told to end; zero: not known yet, or it has been
	told  []child           // notify processes that run
	wrong map[string]string // what has been said already
}

// Follows reports whether the service goes on for as long as anything lives that
// run has left behind, as a file follow in the service directory asks. The
// process has to be the one that inherits orphans: see [InheritOrphans].
func (s *Service) Follows() bool { return s.follow }

// Encore reports whether the service behaves as one of daemontools-encore.
func (s *Service) Encore() bool { return s.encore }

// begin starts what is normally up, the logger first.
func (s *Service) begin(now time.Time) {
	s.fresh = false
	for _, p := range s.processes() {
		p.begin(now)
		p.act(now)
	}
}

// processes are those under supervision, in the order in which they start.
func (s *Service) processes() []*process {
	if s.log != nil {
		return []*process{s.log, &s.main}
	}
	return []*process{&s.main}
}

// gone reports whether there will be nothing more to do.
func (s *Service) gone() bool {
	return s.main.state == gone && (s.log == nil || s.log.state == gone)
}

// deadline is when turn has to be called at the latest; zero means never.
func (s *Service) deadline() time.Time {
	first := s.drain
	for _, p := range s.processes() {
		first = earlier(earlier(first, p.deadline()), p.child.deadline())
	}
	return first
}

// watch appends the descriptors for which turn has to be called when they are
// readable.
func (s *Service) watch(fds []unix.PollFd) []unix.PollFd {
	add := func(fd int) { fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}) }
	add(s.fifo)
	for _, p := range s.processes() {
		add(p.child.fd) // -1 is passed over
	}
	for i := range s.told {
		add(s.told[i].fd)
	}
	return fds
}

// turn does what has become due: ends of processes first, then commands, as
// 0.76 does, then deadlines.
func (s *Service) turn(now time.Time) {
	s.reapTold(now)
	for _, p := range s.processes() {
		pid := p.child.pid
		if e, ended := p.child.reap(now); ended {
			at("reaped")
			if heir, ok := p.heir(); ok {
				p.child = heir
				p.tell(event{kind: inherited, pid: heir.pid}, now)
				continue
			}
			if e.unknown {
				s.warn(fmt.Errorf("%s/%s: exit status unknown", s.name, p.running))
			}
			s.notifyEnd(p.running, pid, e)
			p.tell(event{kind: exited, exit: e}, now)
		}
	}
	s.obey(now)
	for _, p := range s.processes() {
		p.tell(event{kind: ticked}, now)
	}
	if s.log != nil && s.main.state == gone {
		s.endLog(now)
	}
}

// drainLimit is how long a logger may take to read what is left.
const drainLimit = 5 * time.Second

// endLog lets the logger end by itself when the service has: it finds the end
// of its input behind the last line. One that ends before that, because it was
// just being restarted, is started again. The logger of daemontools-encore is
// told to end at once, and what it has not read is lost; ours is when it takes
// too long, such as one that does not read, or a pipe that a child of the
// service holds.
func (s *Service) endLog(now time.Time) {
	if s.pipe[1] >= 0 {
		closeFD(&s.pipe[1])
		s.drain = now.Add(drainLimit)
	}
	idle := s.log.pid == 0 && (s.log.state != waiting || !readable(s.pipe[0]))
	if !s.log.leaving && (idle || !now.Before(s.drain)) {
		s.drain = time.Time{}
		s.log.tell(event{kind: told, to: 'd'}, now)
		s.log.tell(event{kind: told, to: 'x'}, now)
	}
}

// readable reports whether there is something to read; the end is nothing.
func readable(fd int) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := again(func() (int, error) { return unix.Poll(fds, 0) })
	return err == nil && n > 0 && fds[0].Revents&unix.POLLIN != 0
}

// obey reads what has been written to control. The letters + = L l hold for
// those that follow in the same batch.
func (s *Service) obey(now time.Time) {
	var b [256]byte // several batches of svc, which have 32 letters at most
	n, err := unix.Read(s.fifo, b[:])
	switch {
	case err != nil:
		return // EAGAIN: nothing came
	case n == 0:
		closeFD(&s.fifo) // it is no FIFO, and would be readable for ever
		return
	}
	at("read")
	to, group := &s.main, false
	for _, letter := range b[:n] {
		switch {
		case s.gone():
			return
		case letter == '+' || letter == '=':
			group = letter == '+'
		case letter == 'l':
			to = &s.main
		case letter == 'L' && s.log != nil:
			to = s.log
		case letter == 'L':
			to = nil
		case letter == renewLetter[0]:
			s.renewing = true
		case letter == 'x':
			s.main.tell(event{kind: told, to: 'x'}, now)
		case to != nil:
			to.tell(event{kind: told, to: letter, group: group}, now)
		}
	}
}

// command obeys letters as if they had come through control.
func (s *Service) command(letters string, now time.Time) {
	for _, letter := range []byte(letters) {
		s.main.tell(event{kind: told, to: letter}, now)
	}
}

func (s *Service) warn(err error) {
	if s.opt.Warn != nil {
		s.opt.Warn(err)
	}
}

func (s *Service) unable(err error) {
	if s.opt.Unable != nil {
		s.opt.Unable(err)
	}
}

// judge says what is wrong with a small file, once until it changes: finish
// may look at its file every second.
func (s *Service) judge(file string, err error) { s.once("read "+s.name+"/"+file, err) }

// once says what cannot be done, until it can or the reason is another.
func (s *Service) once(what string, err error) {
	switch {
	case err == nil:
		delete(s.wrong, what)
	case s.wrong[what] != err.Error():
		if s.wrong == nil {
			s.wrong = map[string]string{}
		}
		s.wrong[what] = err.Error()
		s.warn(fmt.Errorf("unable to %s: %w", what, errnoOf(err)))
	}
}
