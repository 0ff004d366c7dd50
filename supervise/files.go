package supervise

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// folder is a service directory that stays the same one when somebody gives it
// another name.
type folder struct {
	fd   int
	path string // by which it is reached as long as fd is open
}

func openFolder(name string) (folder, error) {
	fd, err := open(name, dirFlags|unix.O_DIRECTORY)
	if err != nil {
		return folder{}, err
	}
	path := "/proc/self/fd/" + strconv.Itoa(fd)
	if fi, err := os.Stat(path); err != nil || !fi.IsDir() {
		if path, err = filepath.Abs(name); err != nil {
			_ = unix.Close(fd)
			return folder{}, err
		}
	}
	return folder{fd, path}, nil
}

func (f folder) close() { _ = unix.Close(f.fd) }

func (f folder) of(name string) string { return f.path + "/" + name }

// has reports whether there is an entry of that name; a link to nothing is
// none.
func (f folder) has(name string) (bool, error) {
	_, err := os.Stat(f.of(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// runnable reports whether a script is a file that its owner may execute.
func (f folder) runnable(name string) bool {
	fi, err := os.Stat(f.of(name))
	return err == nil && fi.Mode().IsRegular() && fi.Mode()&0o100 != 0
}

// line is the first line of a small file, without blanks around it. A file that
// is missing has an empty one.
func (f folder) line(name string) (string, error) {
	const most = 4096
	fd, err := open(f.of(name), unix.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	b := make([]byte, most)
	n, err := again(func() (int, error) { return unix.Read(fd, b) })
	if err != nil {
		return "", &fs.PathError{Op: "read", Path: name, Err: err}
	}
	first, _, _ := strings.Cut(string(b[:n]), "\n")
	return strings.TrimSpace(first), nil
}

// timeout reads a file that holds a time: a number of milliseconds, as in s6, or
// one with a unit, such as 10s. An empty one is 0.
func (f folder) timeout(name string) (time.Duration, error) {
	text, err := f.line(name)
	if err != nil || text == "" {
		return 0, err
	}
	if ms, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(ms) * time.Millisecond, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("not a time such as 5000 (milliseconds) or 5s: %q", text)
	}
	return d, nil
}

// signal reads a file that holds a signal: a name, with SIG or without, or a
// number. An empty one is no signal.
func (f folder) signal(name string) (syscall.Signal, error) {
	text, err := f.line(name)
	if err != nil || text == "" {
		return 0, err
	}
	if n, err := strconv.ParseUint(text, 10, 8); err == nil && n > 0 && n <= 64 {
		return syscall.Signal(n), nil
	}
	upper := strings.ToUpper(text)
	if s := unix.SignalNum("SIG" + strings.TrimPrefix(upper, "SIG")); s != 0 {
		return s, nil
	}
	return 0, fmt.Errorf("not a signal such as HUP or 1: %q", text)
}
