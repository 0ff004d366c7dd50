//go:build !linux || !(amd64 || arm64 || riscv64)

package rotate

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// osFile is an open file of the real file system.
type osFile struct{ f *os.File }

func newOSFile(f *os.File) *osFile { return &osFile{f} }

func (o *osFile) write(p []byte) (int, error) { return o.f.Write(p) }

func (o *osFile) readAt(p []byte, off int64) error {
	_, err := o.f.ReadAt(p, off)
	return err
}

func (o *osFile) gone() bool {
	fi, err := o.f.Stat()
	if err != nil {
		return false
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	return ok && st.Nlink == 0
}

func (o *osFile) stat() (info, error) {
	fi, err := o.f.Stat()
	if err != nil {
		return info{}, err
	}
	return infoOf(fi), nil
}

func (o *osFile) chmod(mode fs.FileMode) error { return o.f.Chmod(mode) }
func (o *osFile) sync() error                  { return o.f.Sync() }
func (o *osFile) datasync() error              { return o.f.Sync() }
func (o *osFile) close() error                 { return o.f.Close() }
func (o *osFile) fd() uintptr                  { return o.f.Fd() }

func flock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }

func unlock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_UN) }
