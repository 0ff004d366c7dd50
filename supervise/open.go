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

// Open takes a service directory under supervision: it locks the control
// directory, makes what is missing in it, and is ready to begin. The error is
// in the words of 0.76, and leaves nothing open.
func Open(path string, opt Options) (*Service, error) {
	if opt.Name == "" {
		opt.Name = path
	}
	s := &Service{opt: opt, name: opt.Name, main: process{child: noChild}, lock: -1, fifo: -1, keep: -1, ok: -1, pipe: [2]int{-1, -1}}
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

// open does the steps of 0.76 in their order, except that nothing is started.
func (s *Service) open() error {
	normallyDown, err := s.dir.has("down")
	if err != nil {
		return fmt.Errorf("unable to stat %s/down: %w", s.name, errnoOf(err))
	}
	if err := s.findControl(); err != nil {
		return err
	}
	left, err := s.take()
	if err != nil {
		return err
	}
	s.fresh = left == nil
	if err := s.findRules(normallyDown, left); err != nil {
		return err
	}
	if left != nil {
		s.adopt(left, time.Now())
	}
	s.save()
	s.writeStatus()
	if s.ok >= 0 {
		return nil
	}
	path := s.ctl + "/ok"
	_ = unix.Mkfifo(path, 0o600) // it may be there
	if s.ok, err = open(path, unix.O_RDONLY); err != nil {
		return fmt.Errorf("unable to read %s/ok: %w", s.ctlSay, errnoOf(err))
	}
	return nil
}

// take takes the lock and the FIFO, and what another supervise has left, if it is
// worth anything.
func (s *Service) take() (left *saved, err error) {
	if s.opt.State != "" {
		running, err := s.takeOver(s.opt.State)
		if err == nil {
			if left = s.openRunning(running); left == nil {
				err = ErrFormat
			}
		}
		if err != nil {
			return nil, fmt.Errorf("unable to go on with %s: %w", s.name, err)
		}
		return left, nil
	}
	if err := s.takeLock(); err != nil {
		return nil, err
	}
	if left = s.openRunning(-1); left != nil && s.isStale(left) {
		left = nil
	}
	return left, s.openControl()
}

func (s *Service) findControl() (err error) {
	if s.ctl, err = ControlDir(s.dir.path); err != nil {
		return fmt.Errorf("unable to find the control directory of %s: %w", s.name, errnoOf(err))
	}
	if s.ctlSay = ControlPath(os.Getenv("SUPERVISEDIR"), s.name); s.ctlSay[0] == '/' {
		s.ctlSay = s.ctl
	}
	return nil
}

func (s *Service) takeLock() (err error) {
	makeDir(s.ctl)
	s.lock, err = create(s.ctl+"/lock", unix.O_APPEND, 0o600)
	if err == nil {
		err = s.flock()
	}
	if err != nil {
		return fmt.Errorf("unable to acquire %s/lock: %w", s.ctlSay, err)
	}
	return nil
}

// flock locks. A supervise that was killed may have left the lock to a child that
// it was just making, which lets go of it when it becomes its program; and whoever
// looks whether the lock is held has it for a moment. Who lives and holds it is
// not waited for.
func (s *Service) flock() (err error) {
	const orphaned, looked, pause = time.Second, 100 * time.Millisecond, time.Millisecond
	for waited := time.Duration(0); ; waited += pause {
		err = unix.Flock(s.lock, unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return err
		}
		if _, lives := Keeper(s.ctl); lives || waited >= orphaned || waited >= looked && !isOrphaned(s.ctl) {
			return err
		}
		time.Sleep(pause)
	}
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
func (s *Service) findRules(normallyDown bool, left *saved) error {
	asked, err := s.dir.has("encore")
	if err != nil {
		return fmt.Errorf("unable to stat %s/encore: %w", s.name, errnoOf(err))
	}
	s.encore = asked || s.opt.Encore
	if s.follow, err = s.dir.has("follow"); err != nil {
		return fmt.Errorf("unable to stat %s/follow: %w", s.name, errnoOf(err))
	}
	s.main = newProcess(s, scriptRun, normallyDown)
	s.main.rules.encore = s.encore
	logs := left != nil && left.processes[1].lives()
	if !logs && (!s.encore || !s.dir.runnable("log")) {
		return nil
	}
	if left != nil && s.pipe[0] < 0 {
		s.adoptPipe(left)
	}
	if s.pipe[0] < 0 {
		if err := pipe(s.pipe[:]); err != nil {
			return fmt.Errorf("unable to create pipe for %s: %w", s.name, errnoOf(err))
		}
	}
	s.kept.pipe = idOfFD(s.pipe[0])
	log := newProcess(s, "log", normallyDown)
	s.log = &log
	s.log.files[0], s.main.files[1] = uintptr(s.pipe[0]), uintptr(s.pipe[1])
	return nil
}

// close lets go of everything. The files of the control directory stay, as
// those of 0.76 do, and a script notify that still runs is left alone.
func (s *Service) close() {
	s.dropRunning()
	s.dir.close()
	for _, fd := range []*int{&s.lock, &s.fifo, &s.keep, &s.ok, &s.pipe[0], &s.pipe[1]} {
		closeFD(fd)
	}
	for _, p := range s.processes() {
		p.child.forget()
	}
	for i := range s.told {
		s.told[i].forget()
	}
}

// closeFD closes a descriptor, if it is open, and remembers that it is not.
func closeFD(fd *int) {
	if *fd >= 0 {
		_ = unix.Close(*fd) // nothing was written that could still fail
	}
	*fd = -1
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
