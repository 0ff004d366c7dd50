package setup

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// suffix is what the name of a file has that is not whole yet. A crash leaves
// such files; the next run replaces them.
const suffix = ".tailight-new"

// disk is the file system below a directory. Paths begin with a slash and
// have root put in front. Every method is one change that is there as a whole
// or not at all.
type disk struct {
	root   string                          // empty: the machine itself
	fsync  func(*os.File) error            // tests have nothing to wait for
	before func(change, path string) error // tests stop here, before each change
}

func newDisk(root string) *disk { return &disk{root: root, fsync: (*os.File).Sync} }

// at is the real name of a path.
func (d *disk) at(path string) string { return d.root + path }

// do makes one change and says in its error what could not be done.
func (d *disk) do(change, path string, f func(real string) error) error {
	if d.before != nil {
		if err := d.before(change, path); err != nil {
			return err
		}
	}
	if err := f(d.at(path)); err != nil {
		return fmt.Errorf("unable to %s %s: %w", change, d.at(path), cli.Errno(err))
	}
	return nil
}

func (d *disk) mkdir(path string) error {
	return d.do("create", path, func(real string) error { return os.Mkdir(real, 0o755) })
}

func (d *disk) symlink(target, path string) error {
	return d.do("create", path, func(real string) error { return os.Symlink(target, real) })
}

func (d *disk) unlink(path string) error {
	return d.do("remove", path, syscall.Unlink)
}

func (d *disk) rmdir(path string) error {
	return d.do("remove", path, syscall.Rmdir)
}

func (d *disk) rename(from, to string) error {
	return d.do("rename", from, func(real string) error { return os.Rename(real, d.at(to)) })
}

// sync puts a directory's names, or a file's content, on disk.
func (d *disk) sync(path string) error {
	return d.do("sync", path, func(real string) error {
		f, err := os.Open(real)
		if err != nil {
			return err
		}
		defer f.Close()
		return d.fsync(f)
	})
}

// relink makes path a symbolic link, in the place of what is there.
func (d *disk) relink(target, path string) error {
	if err := d.clear(path + suffix); err != nil {
		return err
	}
	if err := d.symlink(target, path+suffix); err != nil {
		return err
	}
	if err := d.rename(path+suffix, path); err != nil {
		_ = d.unlink(path + suffix)
		return err
	}
	return nil
}

// clear removes what a crash has left of a file under this name.
func (d *disk) clear(path string) error {
	if _, err := os.Lstat(d.at(path)); err != nil {
		return nil // if it is there nevertheless, creating it will say so
	}
	return d.unlink(path)
}

// access is mode and owner of a file; nobody's is that of the process.
type access struct {
	mode     fs.FileMode
	uid, gid int
}

const nobody = -1

func accessible(mode fs.FileMode) access { return access{mode, nobody, nobody} }

// accessOf is that of a file that exists.
func accessOf(info fs.FileInfo) access {
	a := accessible(info.Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky))
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		a.uid, a.gid = int(stat.Uid), int(stat.Gid)
	}
	return a
}

// put gives path this content, in the place of what is there. A crash leaves
// the old file or the new one, and a running program its old file.
func (d *disk) put(path string, content []byte, a access) error {
	fresh := path + suffix
	if err := d.clear(fresh); err != nil {
		return err
	}
	err := d.create(fresh, content, a)
	if err == nil {
		err = d.sync(fresh)
	}
	if err == nil {
		err = d.rename(fresh, path)
	}
	if err != nil {
		_ = d.unlink(fresh)
		return err
	}
	return d.sync(filepath.Dir(path))
}

// create writes a file that must not be there yet.
func (d *disk) create(path string, content []byte, a access) error {
	var f *os.File
	err := d.do("create", path, func(real string) (err error) {
		f, err = os.OpenFile(real, os.O_WRONLY|os.O_CREATE|os.O_EXCL, a.mode&0o700)
		return err
	})
	if err != nil {
		return err
	}
	defer f.Close()
	return d.do("write", path, func(string) error {
		if a.uid != nobody {
			if err := f.Chown(a.uid, a.gid); err != nil {
				return err
			}
		}
		if err := f.Chmod(a.mode); err != nil {
			return err
		}
		if _, err := f.Write(content); err != nil {
			return err
		}
		return f.Close()
	})
}

// edit replaces the content of a file, which keeps its mode and owner, by what
// change makes of it. It does so under a lock on the file, for others that
// lock it too, and follows symbolic links to it.
func (d *disk) edit(path string, change func(old []byte) ([]byte, error)) error {
	f, err := os.Open(d.at(path))
	if err != nil {
		return fmt.Errorf("unable to open %s: %w", d.at(path), cli.Errno(err))
	}
	defer f.Close()
	if err := d.do("lock", path, func(string) error { return flock(f) }); err != nil {
		return err
	}
	defer funlock(f)
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("unable to stat %s: %w", d.at(path), cli.Errno(err))
	}
	// The file that is read has the lock and the name.
	real, err := d.resolve(path)
	if err != nil {
		return err
	}
	if now, err := os.Stat(d.at(real)); err != nil || !os.SameFile(now, info) {
		return fmt.Errorf("unable to lock %s: %w", d.at(path), syscall.EAGAIN)
	}
	old, err := os.ReadFile(d.at(real))
	if err != nil {
		return fmt.Errorf("unable to read %s: %w", d.at(path), cli.Errno(err))
	}
	changed, err := change(old)
	if err != nil {
		return err
	}
	return d.put(real, changed, accessOf(info))
}

// flock locks a file, or a directory, or fails at once.
func flock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// funlock ends the lock even where a child that is being started still has
// the descriptor.
func funlock(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }

// resolve follows symbolic links, and refuses those that lead out of root.
func (d *disk) resolve(path string) (string, error) {
	real, err := filepath.EvalSymlinks(d.at(path))
	if err != nil {
		return "", fmt.Errorf("unable to open %s: %w", d.at(path), cli.Errno(err))
	}
	if d.root == "" {
		return real, nil
	}
	root, err := filepath.EvalSymlinks(d.root)
	if err != nil {
		return "", fmt.Errorf("unable to open %s: %w", d.root, cli.Errno(err))
	}
	inside, err := filepath.Rel(root, real)
	if err != nil || !filepath.IsLocal(inside) {
		return "", fmt.Errorf("unable to use %s: it leads to %s, out of %s", d.at(path), real, d.root)
	}
	return "/" + inside, nil
}
