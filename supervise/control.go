package supervise

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrNotRunning is the error of a FIFO that nobody reads: supervise has run
// here, and does not now.
var ErrNotRunning = errors.New("supervise not running")

// ControlPath returns the control directory of a service directory for a value
// of SUPERVISEDIR:
//
//	empty     supervise, in the service directory
//	relative  that, in the service directory
//	absolute  that, followed by the absolute path of the service in which every
//	          slash but the first became a colon
//
// Names are joined as they are: to shorten a/../b would be wrong where a is a
// symbolic link. In the working directory, ".", the result has no "./".
func ControlPath(setting, service string) string {
	if strings.HasPrefix(setting, "/") {
		return setting + "/" + strings.ReplaceAll(strings.TrimPrefix(service, "/"), "/", ":")
	}
	if setting == "" {
		setting = "supervise"
	}
	if service == "." {
		return setting
	}
	return service + "/" + setting
}

// ControlDir returns the control directory of a service directory by the
// environment variable SUPERVISEDIR. Only if that is absolute the service is
// looked for: what counts is its path without symbolic links, for supervise
// and its callers know it by different ones.
func ControlDir(service string) (string, error) {
	setting := os.Getenv("SUPERVISEDIR")
	if strings.HasPrefix(setting, "/") {
		var err error
		if service, err = physical(service); err != nil {
			return "", err
		}
	}
	return ControlPath(setting, service), nil
}

// physical returns the absolute path without symbolic links.
func physical(path string) (string, error) {
	if !filepath.IsAbs(path) {
		dir, err := unix.Getwd()
		if err != nil {
			return "", &fs.PathError{Op: "getwd", Path: path, Err: err}
		}
		if path == "." {
			return dir, nil // whatever lies above, it was entered
		}
		path = dir + "/" + path
	}
	return filepath.EvalSymlinks(path)
}

// ReadStatus reads the status record in a control directory. Its error is an
// *fs.PathError with the Op open or read; of a record that is too short it
// wraps [ErrFormat].
func ReadStatus(control string) (Status, error) {
	path := control + "/status"
	fd, err := open(path, unix.O_RDONLY)
	if err != nil {
		return Status{}, err
	}
	// One read, for daemontools-encore writes over the record in place.
	b := make([]byte, loggedSize)
	n, err := again(func() (int, error) { return unix.Read(fd, b) })
	_ = unix.Close(fd) // nothing was written
	if err == nil {
		var s Status
		if s, err = ParseStatus(b[:n]); err == nil {
			return s, nil
		}
	}
	return Status{}, &fs.PathError{Op: "read", Path: path, Err: err}
}

// Probe looks whether a supervise runs: the error is nil if so, and wraps
// [ErrNotRunning] if the FIFO ok has no reader.
func Probe(control string) error {
	fd, err := openFIFO(control + "/ok")
	if err != nil {
		return err
	}
	_ = unix.Close(fd) // nothing was written
	return nil
}

// Running reports whether a supervise runs. One that never ran is none.
func Running(control string) (bool, error) {
	err := Probe(control)
	if errors.Is(err, ErrNotRunning) || errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Send gives command letters to a supervise, in one write, so that letters of
// two callers do not mix. It waits while the FIFO is full. Its error is an
// *fs.PathError with the Op open or write, and wraps [ErrNotRunning] if the
// FIFO has no reader; a reader that goes away while Send waits is EPIPE, and
// SIGPIPE for the whole process unless that is ignored.
func Send(control string, letters []byte) error {
	path := control + "/control"
	fd, err := openFIFO(path)
	if err != nil {
		return err
	}
	err = unix.SetNonblock(fd, false)
	for err == nil && len(letters) > 0 {
		var n int
		n, err = again(func() (int, error) { return unix.Write(fd, letters) })
		letters = letters[max(n, 0):]
	}
	if cerr := unix.Close(fd); err == nil {
		err = cerr
	}
	if err != nil {
		return &fs.PathError{Op: "write", Path: path, Err: err}
	}
	return nil
}

// open opens a file without waiting for the other end of a FIFO, and creates
// and truncates nothing. The descriptor stays out of the runtime's poller,
// which a command of a few microseconds need not set up.
func open(path string, flags int) (int, error) {
	fd, err := again(func() (int, error) {
		return unix.Open(path, flags|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return -1, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return fd, nil
}

// openFIFO opens a FIFO that supervise reads.
func openFIFO(path string) (int, error) {
	fd, err := open(path, unix.O_WRONLY)
	if errors.Is(err, unix.ENXIO) {
		return -1, &fs.PathError{Op: "open", Path: path, Err: ErrNotRunning}
	}
	return fd, err
}

// again repeats a system call that a signal interrupts.
func again(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// readWhole reads a file without setting up the runtime's poller.
func readWhole(path string) ([]byte, error) {
	fd, err := open(path, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var whole []byte
	for b := make([]byte, 1024); ; {
		n, err := again(func() (int, error) { return unix.Read(fd, b[:]) })
		if err != nil || n <= 0 {
			return whole, err
		}
		whole = append(whole, b[:n]...)
	}
}
