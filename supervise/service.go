package supervise

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
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

	lock   *os.File // its flock is held until it is closed
	fifo   int      // control, for reading
	keep   int      // control, for writing, so that it never ends
	ok     int      // a reader, which says that we run
	encore bool

	main process
	log  *process // of encore's file log; nil if there is none
	pipe [2]int   // between the two
	told []child  // notify processes that run
}

// Open takes a service directory under supervision: it locks the control
// directory, makes what is missing in it, and is ready to begin. The error is
// in the words of 0.76, and leaves nothing open.
func Open(path string, opt Options) (*Service, error) {
	if opt.Name == "" {
		opt.Name = path
	}
	s := &Service{opt: opt, name: opt.Name, fifo: -1, keep: -1, ok: -1, pipe: [2]int{-1, -1}}
	dir, err := openFolder(path)
	if err != nil {
		return nil, fmt.Errorf("unable to chdir to %s: %w", s.name, errnoOf(err))
	}
	s.dir = dir
	if err := s.open(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// open does the steps of 0.76 in their order (section 3.1 of the
// specification), except that nothing is started.
func (s *Service) open() error {
	normallyDown, err := s.dir.has("down")
	if err != nil {
		return fmt.Errorf("unable to stat %s/down: %w", s.name, errnoOf(err))
	}
	if err := s.takeLock(); err != nil {
		return err
	}
	if err := s.openControl(); err != nil {
		return err
	}
	if err := s.findRules(normallyDown); err != nil {
		return err
	}
	s.writeStatus()
	path := s.ctl + "/ok"
	_ = unix.Mkfifo(path, 0o600) // it may be there
	if s.ok, err = open(path, unix.O_RDONLY); err != nil {
		return fmt.Errorf("unable to read %s/ok: %w", s.ctlSay, errnoOf(err))
	}
	return nil
}

func (s *Service) takeLock() error {
	var err error
	if s.ctl, err = ControlDir(s.dir.path); err != nil {
		return fmt.Errorf("unable to find the control directory of %s: %w", s.name, errnoOf(err))
	}
	if s.ctlSay = ControlPath(os.Getenv("SUPERVISEDIR"), s.name); s.ctlSay[0] == '/' {
		s.ctlSay = s.ctl
	}
	makeDir(s.ctl)
	s.lock, err = os.OpenFile(s.ctl+"/lock", os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NONBLOCK, 0o600)
	if err == nil {
		err = unix.Flock(int(s.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err != nil {
		return fmt.Errorf("unable to acquire %s/lock: %w", s.ctlSay, errnoOf(err))
	}
	return nil
}

// makeDir makes the control directory, or that to which a symbolic link in its
// place leads: a read-only service directory has such a link into a directory
// that is empty after every boot.
func makeDir(path string) {
	if unix.Mkdir(path, 0o700) == nil {
		return
	}
	target, err := os.Readlink(path)
	if err != nil {
		return // a directory that is there, or one that will be missed soon
	}
	if !filepath.IsAbs(target) {
		target = filepath.Dir(path) + "/" + target
	}
	_ = unix.Mkdir(target, 0o700)
}

func (s *Service) openControl() (err error) {
	path := s.ctl + "/control"
	_ = unix.Mkfifo(path, 0o600) // it may be there
	if s.fifo, err = open(path, unix.O_RDONLY); err != nil {
		return fmt.Errorf("unable to read %s/control: %w", s.ctlSay, errnoOf(err))
	}
	if s.keep, err = open(path, unix.O_WRONLY); err != nil {
		return fmt.Errorf("unable to write %s/control: %w", s.ctlSay, errnoOf(err))
	}
	return nil
}

// findRules learns what the directory wants beyond 0.76.
func (s *Service) findRules(normallyDown bool) error {
	asked, err := s.dir.has("encore")
	if err != nil {
		return fmt.Errorf("unable to stat %s/encore: %w", s.name, errnoOf(err))
	}
	s.encore = asked || s.opt.Encore
	s.main = newProcess(s, scriptRun, normallyDown)
	s.main.rules.encore = s.encore
	if !s.encore || !s.dir.runnable("log") {
		return nil
	}
	if err := pipe(s.pipe[:]); err != nil {
		return fmt.Errorf("unable to create pipe for %s: %w", s.name, errnoOf(err))
	}
	log := newProcess(s, "log", normallyDown)
	s.log = &log
	s.log.files[0], s.main.files[1] = uintptr(s.pipe[0]), uintptr(s.pipe[1])
	return nil
}

// Encore reports whether the service behaves as one of daemontools-encore.
func (s *Service) Encore() bool { return s.encore }

// begin starts what is normally up, the logger first.
func (s *Service) begin(now time.Time) {
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
	first := s.main.deadline()
	if s.log != nil {
		if d := s.log.deadline(); first.IsZero() || !d.IsZero() && d.Before(first) {
			first = d
		}
	}
	return first
}

// watch appends the descriptors for which turn has to be called when they are
// readable.
func (s *Service) watch(fds []unix.PollFd) []unix.PollFd {
	add := func(fd int) { fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}) }
	add(s.fifo)
	add(s.main.child.fd)
	if s.log != nil {
		add(s.log.child.fd)
	}
	for i := range s.told {
		add(s.told[i].fd)
	}
	return fds
}

// turn does what has become due: ends of processes first, then commands, as
// 0.76 does, then deadlines.
func (s *Service) turn(now time.Time) {
	s.told = reaped(s.told)
	for _, p := range s.processes() {
		pid := p.child.pid
		if e, ended := p.child.reap(); ended {
			s.notifyEnd(p.running, pid, e)
			p.tell(event{kind: exited, exit: e}, now)
		}
	}
	s.obey(now)
	for _, p := range s.processes() {
		p.tell(event{kind: ticked}, now)
	}
	if s.log != nil && s.main.state == gone && !s.log.leaving {
		// The service has written its last line; the logger may go.
		s.log.tell(event{kind: told, to: 'd'}, now)
		s.log.tell(event{kind: told, to: 'x'}, now)
	}
}

// reaped drops the children that have ended.
func reaped(all []child) []child {
	kept := all[:0]
	for _, c := range all {
		if _, ended := c.reap(); !ended {
			kept = append(kept, c)
		}
	}
	return kept
}

// obey reads what has been written to control. The letters + = L l hold for
// those that follow in the same batch.
func (s *Service) obey(now time.Time) {
	var b [64]byte
	n, err := unix.Read(s.fifo, b[:])
	if err != nil {
		return // EAGAIN: nothing came
	}
	to, group := &s.main, false
	for _, letter := range b[:max(n, 0)] {
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

// writeStatus replaces the status record, so that a reader sees the old one or
// the new one whole. It is not put on disk: after a power loss nobody runs.
func (s *Service) writeStatus() {
	b, err := s.status().AppendBinary(nil)
	if err != nil {
		s.warn(err)
		return
	}
	name := s.ctlSay + "/status.new"
	f, err := os.OpenFile(s.ctl+"/status.new", os.O_WRONLY|os.O_TRUNC|os.O_CREATE|unix.O_NONBLOCK, 0o644)
	if err != nil {
		s.warn(fmt.Errorf("unable to open %s: %w", name, errnoOf(err)))
		return
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err != nil {
		s.warn(fmt.Errorf("unable to write %s: %w", name, errnoOf(err)))
		return
	}
	if err := os.Rename(s.ctl+"/status.new", s.ctl+"/status"); err != nil {
		s.warn(fmt.Errorf("unable to rename %s to status: %w", name, errnoOf(err)))
	}
}

func (s *Service) status() Status {
	st := s.main.status()
	st.Extended = s.encore
	if s.log != nil {
		log := s.log.status()
		log.Extended = true
		st.Log = &log
	}
	return st
}

// close lets go of everything. The files of the control directory stay, as
// those of 0.76 do.
func (s *Service) close() {
	for _, fd := range []int{s.fifo, s.keep, s.ok, s.pipe[0], s.pipe[1]} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	if s.lock != nil {
		_ = s.lock.Close()
	}
	s.dir.close()
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

// errnoOf is the reason behind an error, bare: the text in front of it names
// the operation and the file.
func errnoOf(err error) error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}
