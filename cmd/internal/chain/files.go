package chain

import (
	"errors"
	"strings"
	"syscall"
)

// contentOf is the content of a file, and nothing if there is none. A FIFO
// without a writer is empty too: nothing here waits for anyone.
func contentOf(name string) (string, error) {
	fd, err := open(name, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC)
	if err == syscall.ENOENT {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer syscall.Close(fd)
	var content strings.Builder
	buf := make([]byte, 4096)
	for {
		switch n, err := syscall.Read(fd, buf); {
		case err == syscall.EINTR:
		case err != nil:
			return "", err
		case n == 0:
			return content.String(), nil
		default:
			content.Write(buf[:n])
		}
	}
}

// open is open(2) without the runtime's poller behind it, which would wait
// where the original does not.
func open(name string, flags int) (fd int, err error) {
	for {
		fd, err = syscall.Open(name, flags, 0o600)
		if err != syscall.EINTR {
			return fd, err
		}
	}
}

// errno is the reason behind an error, bare: the diagnostic already names
// the operation and the file.
func errno(err error) error {
	if bare, ok := errors.AsType[syscall.Errno](err); ok {
		return bare
	}
	return err
}
