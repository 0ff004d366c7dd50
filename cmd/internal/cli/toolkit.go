package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"
)

// toolkit is the multi-call binary called by its own name: it lists its
// commands, or installs itself.
func toolkit(e *Env, table []Command) int {
	switch {
	case len(e.Args) == 0, e.Args[0] == "-h", e.Args[0] == "--help", e.Args[0] == "help":
		return list(e, table)
	case e.Args[0] == "install":
		return install(e, table)
	}
	return e.Usage(fmt.Sprintf("unknown command %s; %s alone lists the commands", e.Args[0], e.Name))
}

func list(e *Env, table []Command) int {
	var text strings.Builder
	text.WriteString("usage: " + e.Name + " COMMAND [ARG ...], or call a link to this binary by the command's name\n\n")
	for _, c := range table {
		text.WriteString(fmt.Sprintf("  %-14s %s\n", c.Name, c.Summary))
	}
	text.WriteString(fmt.Sprintf("  %-14s %s\n", "install", "put this binary, and a link for every command, into a directory"))
	if _, err := io.WriteString(e.Out, text.String()); err != nil {
		return e.Fatal(fmt.Errorf("unable to write output: %w", Errno(err)))
	}
	return OK
}

const installUsage = "tailight install [-f] DIR"

// install puts the running binary into a directory and makes a symbolic link
// beside it for every command. It replaces nothing that is there unless
// asked to.
func install(e *Env, table []Command) int {
	flags := pflag.NewFlagSet("install", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	force := flags.BoolP("force", "f", false, "replace what is there")
	if err := flags.Parse(e.Args[1:]); err != nil || flags.NArg() != 1 {
		return e.Usage(installUsage)
	}
	dir := flags.Arg(0)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return e.Fatal(fmt.Errorf("unable to create %s: %w", dir, Errno(err)))
	}
	if err := placeBinary(filepath.Join(dir, e.Name), *force); err != nil {
		return e.Fatal(err)
	}
	code := OK
	for _, c := range table {
		if err := placeLink(e.Name, filepath.Join(dir, c.Name), *force); err != nil {
			code = e.Fatal(err)
		}
	}
	return code
}

// placeBinary copies the running binary to path through a temporary name, so
// that a crash leaves the old file or the new one.
func placeBinary(path string, force bool) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("unable to find the running binary: %w", Errno(err))
	}
	if same(self, path) {
		return nil
	}
	if _, err := os.Lstat(path); err == nil && !force {
		return fmt.Errorf("unable to create %s: %w", path, os.ErrExist)
	}
	if err := copyFile(path+".new", self); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("unable to rename %s.new: %w", path, Errno(err))
	}
	return nil
}

func copyFile(to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("unable to read %s: %w", from, Errno(err))
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return fmt.Errorf("unable to create %s: %w", to, Errno(err))
	}
	defer func() {
		if cerr := out.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("unable to write %s: %w", to, Errno(cerr))
		}
	}()
	if _, err := io.Copy(out, in); err != nil {
		return fmt.Errorf("unable to write %s: %w", to, Errno(err))
	}
	if err := out.Sync(); err != nil {
		return fmt.Errorf("unable to write %s to disk: %w", to, Errno(err))
	}
	return nil
}

// placeLink makes path a symbolic link to target. A link that is already
// there and right is left alone.
func placeLink(target, path string, force bool) error {
	if old, err := os.Readlink(path); err == nil && old == target {
		return nil
	}
	if force {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("unable to remove %s: %w", path, Errno(err))
		}
	}
	if err := os.Symlink(target, path); err != nil {
		return fmt.Errorf("unable to create %s: %w", path, Errno(err))
	}
	return nil
}

func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}
