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

// startMain starts the supervise of a service, with the pipe to its log as its
// standard output. If no process can be made for it, none is tried for its log.
func (s *Scanner) startMain(sl *slot, now time.Time) {
	files := []uintptr{0, 1, 2}
	sl.main.has = pipeID(sl.pipe[1])
	if sl.logged {
		out, done := sl.output()
		defer done()
		files[1] = uintptr(out)
	}
	err := s.start(&sl.main, launching{what: sl.name, arg: sl.name, files: files}, now)
	if unforked(err) != 0 {
		sl.log.next = sl.main.next
	}
}

// output is what the service is to write to: a descriptor that could also read.
// As long as the service lives its pipe then has a reader: if we, the log and
// its supervise are all killed, it waits for their successors, and is not killed
// by a SIGPIPE that takes the pipe with it. Where that cannot be made it is our
// own end.
func (sl *slot) output() (fd int, done func()) {
	fd, err := open(ownFD(sl.pipe[1]), unix.O_RDWR)
	if err == nil {
		if err = unix.SetNonblock(fd, false); err == nil {
			return fd, func() { _ = unix.Close(fd) }
		}
		_ = unix.Close(fd)
	}
	return sl.pipe[1], func() {}
}

// startLog starts the supervise of a log, with the pipe as its standard input.
func (s *Scanner) startLog(sl *slot, now time.Time) {
	files := []uintptr{uintptr(sl.pipe[0]), 1, 2}
	sl.log.has = pipeID(sl.pipe[0])
	_ = s.start(&sl.log, launching{what: sl.name + "/log", dir: sl.name, arg: "log", files: files}, now)
}

// launching is what it takes to start a supervise.
type launching struct {
	what  string // it is for, in diagnostics
	dir   string // its working directory; "" means that of the scanner
	arg   string // the service directory
	files []uintptr
}

// start starts a supervise, or says why it cannot; then it is tried again later.
func (s *Scanner) start(h *half, l launching, now time.Time) error {
	h.next, h.told, h.tries = now.Add(s.gap), "", 0
	pid, err := s.launch(l)
	if err != nil {
		s.warn(l.explain(err))
		return err
	}
	h.pid = pid
	s.halves[pid] = h
	return nil
}

// launch tries the files that may be supervise, as a search through PATH does:
// one that is not there is passed over, one that may not be executed is
// remembered.
func (s *Scanner) launch(l launching) (pid int, err error) {
	argv := []string{"supervise", l.arg}
	if s.opt.Encore {
		argv = []string{"supervise", "--encore", l.arg}
	}
	attr := &syscall.ProcAttr{Dir: l.dir, Env: s.opt.Env, Files: l.files}
	var remembered error = syscall.ENOENT
	for _, path := range s.opt.Supervise {
		pid, _, err = syscall.StartProcess(path, argv, attr)
		switch {
		case err == nil:
			return pid, nil
		case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM), errors.Is(err, unix.EISDIR):
			remembered = err
		case !errors.Is(err, fs.ErrNotExist):
			return 0, err
		}
	}
	return 0, remembered
}

// explain says which step of the start has failed, in the words of the child
// of 0.76 that does it.
func (l launching) explain(err error) error {
	if errno := unforked(err); errno != 0 {
		return fmt.Errorf("unable to fork for %s: %w", l.what, errno)
	}
	if l.dir != "" {
		if _, serr := os.Stat(l.dir + "/."); serr != nil {
			return fmt.Errorf("unable to switch to %s: %w", l.dir, errnoOf(serr))
		}
	}
	return fmt.Errorf("unable to start supervise %s: %w", l.what, errnoOf(err))
}

// unforked returns the error of a process that could not be made; it is 0 if
// the program could not be executed, or nothing is wrong.
func unforked(err error) syscall.Errno {
	for _, errno := range []syscall.Errno{unix.EAGAIN, unix.ENOMEM, unix.EMFILE, unix.ENFILE} {
		if errors.Is(err, errno) {
			return errno
		}
	}
	return 0
}
