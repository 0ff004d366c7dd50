// Package setup puts the toolkit on a machine and takes it away again:
// tailight install and tailight uninstall. Their manual is the package comment
// of cmd/tailight.
//
// An installation is a list of things: directories, links, files, and lines
// in files of others. Before the first is made, all are in a record beside the
// commands; whatever is there already is left alone and not in the record.
// Every change is atomic, so that a crash between any two leaves things that
// are whole or absent, a record that knows them, and perhaps a file with the
// suffix of disk.go; the same install then finishes the work, and uninstall
// takes it back.
package setup

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/tailight/tailight/cmd/internal/cli"
)

const (
	installUsage   = "tailight install [-f] DIR | tailight install [-f] [--root=DIR] [--command=DIR] [--service=DIR] [--boot=rc.local|inittab|systemd]"
	uninstallUsage = "tailight uninstall [--root=DIR] [--command=DIR]"
)

// Commands are those of the multi-call binary itself; table has those that
// get a link.
func Commands(table []cli.Command) []cli.Command {
	return []cli.Command{
		{Name: "install", Summary: "put this binary, and a link for every command, where they belong",
			Run: func(e *cli.Env) int { return install(e, table) }},
		{Name: "uninstall", Summary: "take back what install has made", Run: uninstall},
	}
}

// layout says where things go.
type layout struct {
	root, command, service string
	boot                   string // how svscanboot is started; empty: not by us
}

func (l *layout) common(f *cli.Flags) {
	f.StringVar(&l.root, "root", "", "put everything below this directory, as for a package")
	f.StringVar(&l.command, "command", "/command", "the directory of the commands")
}

// check makes the paths absolute and clean. They go into boot lines, so there
// is nothing in them that a shell, init or systemd would take apart.
func (l *layout) check() bool {
	if l.root != "" {
		root, err := filepath.Abs(l.root)
		if err != nil {
			return false
		}
		l.root = strings.TrimSuffix(root, "/")
	}
	for _, p := range []*string{&l.command, &l.service} {
		*p = filepath.Clean(*p)
		if !filepath.IsAbs(*p) || *p == "/" || strings.ContainsFunc(*p, odd) {
			return false
		}
	}
	_, known := hooks[l.boot]
	return known && l.command != l.service
}

func odd(r rune) bool {
	return !strings.ContainsRune("/._-+@", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// install is the command: into a directory, or onto the machine.
func install(e *cli.Env, table []cli.Command) int {
	var l layout
	var force bool
	operands, ok := e.Long(func(f *cli.Flags) {
		l.common(f)
		f.StringVar(&l.service, "service", "/service", "the directory of the services")
		f.StringVar(&l.boot, "boot", "", "how svscanboot is started when the machine boots")
		f.BoolVarP(&force, "force", "f", false, "replace what is there")
	})
	into := len(operands) == 1 && l == layout{command: "/command", service: "/service"}
	if !ok || !l.check() || len(operands) > 0 && !into {
		return e.Usage(installUsage)
	}
	syscall.Umask(0o022)
	binary, err := running()
	if err != nil {
		return e.Fatal(err)
	}
	i := &installer{env: e, disk: newDisk(l.root), layout: l, binary: binary, table: table, force: force}
	if i.packer, err = beside(); err != nil {
		e.Warn(err)
	}
	if into {
		return i.into(operands[0])
	}
	return i.run()
}

// running is the content of the running binary.
func running() ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("unable to find the running binary: %w", cli.Errno(err))
	}
	content, err := os.ReadFile(self)
	if err != nil {
		return nil, fmt.Errorf("unable to read %s: %w", self, cli.Errno(err))
	}
	return content, nil
}

// packerName is the second binary, which is installed if it lies beside the first. For
// what it is one of its own, see ARCHITECTURE.md.
const packerName = "tailight-zstd"

// beside is the content of that.
func beside() ([]byte, error) {
	self, err := os.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err != nil {
		return nil, fmt.Errorf("unable to find the running binary: %w", cli.Errno(err))
	}
	path := filepath.Join(filepath.Dir(self), packerName)
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("unable to read %s, leaving out what compress=zstd needs: %w", path, cli.Errno(err))
	}
	return content, nil
}

func uninstall(e *cli.Env) int {
	l := layout{service: "/service"}
	operands, ok := e.Long(l.common)
	if !ok || len(operands) > 0 || !l.check() {
		return e.Usage(uninstallUsage)
	}
	return (&uninstaller{env: e, disk: newDisk(l.root), command: l.command}).run()
}
