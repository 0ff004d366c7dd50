package setup

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailight/tailight/cmd/internal/cli"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// site is a root directory to install into.
type site struct {
	t      testing.TB
	root   string
	packer []byte // the second binary, nil if there is none
	before func(change, path string) error
}

// newSite has /etc, the directory of units, and these files.
func newSite(t testing.TB, files ...string) *site {
	t.Helper()
	s := &site{t: t, root: filepath.Join(t.TempDir(), "root")}
	must(t, os.MkdirAll(s.at("/etc/systemd/system"), 0o755))
	for i := 0; i < len(files); i += 2 {
		s.write(files[i], files[i+1])
	}
	return s
}

// disk is that of the site, without the wait for sync.
func (s *site) disk() *disk {
	return &disk{root: s.root, fsync: func(*os.File) error { return nil }, before: s.before}
}

func (s *site) at(path string) string { return s.root + path }

func (s *site) write(path, content string) {
	s.t.Helper()
	must(s.t, os.MkdirAll(filepath.Dir(s.at(path)), 0o755))
	must(s.t, os.WriteFile(s.at(path), []byte(content), 0o644))
}

func (s *site) read(path string) string {
	s.t.Helper()
	b, err := os.ReadFile(s.at(path))
	must(s.t, err)
	return string(b)
}

// env is an Env, and a function that returns what was said there, without
// the root.
func (s *site) env(args ...string) (*cli.Env, func() string) {
	s.t.Helper()
	said, err := os.Create(filepath.Join(filepath.Dir(s.root), "said"))
	must(s.t, err)
	s.t.Cleanup(func() { _ = said.Close() })
	return &cli.Env{Name: "tailight", Args: args, Out: said, Err: said}, func() string {
		b, err := os.ReadFile(said.Name())
		must(s.t, err)
		return strings.ReplaceAll(string(b), s.root, "")
	}
}

// install installs a small binary with the layout of these options.
func (s *site) install(binary string, options ...string) (code int, said string) {
	s.t.Helper()
	l := layout{root: s.root, command: "/command", service: "/service"}
	force := false
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		switch name {
		case "boot":
			l.boot = value
		case "command":
			l.command = value
		case "service":
			l.service = value
		case "force":
			force = true
		}
	}
	e, text := s.env()
	i := &installer{env: e, disk: s.disk(), layout: l, binary: []byte(binary), packer: s.packer, table: table, force: force}
	return i.run(), text()
}

func (s *site) uninstall() (code int, said string) {
	s.t.Helper()
	e, text := s.env()
	return (&uninstaller{env: e, disk: s.disk(), command: "/command"}).run(), text()
}

// tree lists everything below the root: names, modes, contents.
func (s *site) tree() string {
	s.t.Helper()
	var b strings.Builder
	must(s.t, filepath.WalkDir(s.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		must(s.t, err)
		fmt.Fprintf(&b, "%s %v", strings.TrimPrefix(path, s.root), info.Mode())
		switch {
		case d.Type() == fs.ModeSymlink:
			to, err := os.Readlink(path)
			must(s.t, err)
			fmt.Fprintf(&b, " -> %s", to)
		case d.Type().IsRegular():
			content, err := os.ReadFile(path)
			must(s.t, err)
			fmt.Fprintf(&b, " %q", content)
		}
		b.WriteByte('\n')
		return nil
	}))
	return b.String()
}

// want compares code and text.
func want(t testing.TB, what string, code int, said string, wantCode int, wantSaid string) {
	t.Helper()
	if code != wantCode || said != wantSaid {
		t.Errorf("%s: code %d,\n%s\nwant %d,\n%s", what, code, said, wantCode, wantSaid)
	}
}
