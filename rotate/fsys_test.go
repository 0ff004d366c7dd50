package rotate

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"testing"
)

// TestBothFileSystemsKeepTheContract runs one body over the real file system
// and the fake one, so that what is proved on the fake holds on the real.
func TestBothFileSystemsKeepTheContract(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		open func(string) (fsys, error)
	}{
		{"the real one", openFS},
		{"the fake one", newDisk().openMem},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			root := must(row.open(dir))
			c := contract{t, root}
			c.files()
			c.entries()
			c.links()
			c.errors()
			c.spool()
			if _, err := row.open(dir); !errors.Is(err, syscall.EAGAIN) {
				t.Errorf("a second lock: %v", err)
			}
			c.ok(root.close())
			again, err := row.open(dir)
			c.ok(err)
			c.ok(again.close())
		})
	}
}

// contract checks what the interfaces fsys and file say.
type contract struct {
	t  *testing.T
	fs fsys
}

func (c contract) ok(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c contract) is(err, want error) {
	c.t.Helper()
	if !errors.Is(err, want) {
		c.t.Errorf("got %v, want %v", err, want)
	}
}

// info is what stat says, less the identity.
func (c contract) info(name string, size int64, links uint64, done bool) {
	c.t.Helper()
	got, err := c.fs.stat(name)
	c.ok(err)
	if got.size != size || got.links != links || got.done != done {
		c.t.Errorf("%s: %+v, want size %d, %d links, done %v", name, got, size, links, done)
	}
}

func (c contract) make(name string, flag int, data string) file {
	c.t.Helper()
	f, err := c.fs.open(name, flag, 0o600)
	c.ok(err)
	if data != "" {
		n, err := f.write([]byte(data))
		c.ok(err)
		if n != len(data) {
			c.t.Errorf("wrote %d bytes of %d", n, len(data))
		}
	}
	return f
}

func (c contract) files() {
	f := c.make("f", appending, "one")
	again := c.make("f", appending, "two")
	_, err := f.write([]byte("three"))
	c.ok(err)
	c.info("f", 11, 1, false)
	c.ok(f.chmod(0o744))
	c.info("f", 11, 1, true)
	c.ok(again.chmod(0o644))
	c.info("f", 11, 1, false)
	mine, err := f.stat()
	c.ok(err)
	named, err := c.fs.stat("f")
	c.ok(err)
	if mine != named {
		c.t.Errorf("stat by descriptor %+v, by name %+v", mine, named)
	}
	c.ok(f.sync())
	c.ok(f.close())
	c.ok(again.close())
	c.is(f.close(), os.ErrClosed)
	f = c.make("f", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, "x")
	_, err = f.write([]byte("y"))
	c.ok(err)
	c.info("f", 2, 1, false)
	c.ok(f.close())
	f = c.make("f", os.O_WRONLY, "z") // from the start
	c.info("f", 2, 1, false)
	c.ok(f.close())
}

func (c contract) entries() {
	f := c.make("a", appending, "a")
	c.ok(c.make("b", appending, "bb").close())
	c.ok(c.fs.rename("a", "b"))
	c.info("b", 1, 1, false)
	_, err := c.fs.stat("a")
	c.is(err, fs.ErrNotExist)
	if f.gone() {
		c.t.Error("renamed, and gone")
	}
	names, err := c.fs.names()
	c.ok(err)
	slices.Sort(names)
	if !slices.Equal(names, []string{"b", "f", "lock"}) {
		c.t.Errorf("names %q", names)
	}
	c.ok(c.fs.remove("b"))
	if !f.gone() {
		c.t.Error("removed, and not gone")
	}
	c.ok(f.close())
	c.ok(c.fs.sync())
}

func (c contract) links() {
	f := c.make("a", appending, "a")
	c.ok(c.fs.link("a", "b"))
	c.info("a", 1, 2, false)
	c.info("b", 1, 2, false)
	c.ok(c.fs.rename("a", "b")) // two names of one file: both stay
	c.info("a", 1, 2, false)
	a, err := c.fs.stat("a")
	c.ok(err)
	b, err := c.fs.stat("b")
	c.ok(err)
	if a.id != b.id {
		c.t.Error("two links differ in identity")
	}
	other, err := c.fs.stat("f")
	c.ok(err)
	if a.id == other.id {
		c.t.Error("two files share an identity")
	}
	c.ok(c.fs.remove("a"))
	if f.gone() {
		c.t.Error("one of two names removed, and gone")
	}
	c.info("b", 1, 1, false)
	c.ok(f.close())
}

func (c contract) errors() {
	_, err := c.fs.open("missing", os.O_RDONLY, 0)
	c.is(err, fs.ErrNotExist)
	_, err = c.fs.stat("missing")
	c.is(err, fs.ErrNotExist)
	c.is(c.fs.rename("missing", "b"), fs.ErrNotExist)
	c.is(c.fs.link("missing", "x"), fs.ErrNotExist)
	c.is(c.fs.link("f", "b"), fs.ErrExist)
	c.is(c.fs.remove("missing"), fs.ErrNotExist)
	c.info("b", 1, 1, false)
}

// must is for set-up that cannot fail.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
