//go:build !linux

package cli

import (
	"errors"
	"os"
	"syscall"
)

// An image is what exec takes. Here it is put into memory when it is used, and
// a program that sets tight limits before may fail.
type image struct{ paths, argv, envv []string }

func load(paths, argv, envv []string) *image { return &image{paths, argv, envv} }

func (img *image) exec() syscall.Errno {
	err := Search(img.paths, func(path string) error { return syscall.Exec(path, img.argv, img.envv) })
	errno, _ := errors.AsType[syscall.Errno](err)
	return errno
}

// inherit has nothing more to give back.
func inherit() {}

func descriptor(f *os.File) int { return int(f.Fd()) }

func write(fd int, b []byte) {
	// A diagnostic that cannot be written has nowhere else to go.
	_, _ = syscall.Write(fd, b)
}
