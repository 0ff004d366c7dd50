//go:build root && linux

package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A machine of its own: a root directory with a boot file that belongs to
// somebody, the binary, and /proc, through which a program finds itself.
func newRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"etc", "proc", "home"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mount("proc", filepath.Join(root, "proc"), "proc", 0, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(filepath.Join(root, "proc"), unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	rc := filepath.Join(root, "etc", "rc.local")
	if err := os.WriteFile(rc, []byte("#!/bin/sh\nexit 0\n"), 0o744); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(rc, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", filepath.Join(root, "home", "tailight"), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return root
}

// inRoot runs a program with root as its root directory.
func inRoot(t *testing.T, root string, argv ...string) string {
	t.Helper()
	cmd := exec.Command("/" + argv[0])
	cmd.Args, cmd.Dir, cmd.Env = argv, "/", []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", argv, err, out)
	}
	return string(out)
}

// owned lists names, modes and owners, without /proc.
func owned(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %v %d\n", strings.TrimPrefix(path, root), info.Mode(), info.Sys().(*syscall.Stat_t).Uid)
		if path == filepath.Join(root, "proc") {
			return fs.SkipDir
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The paths are the real ones here, /command and /service.
func TestRootInstallOntoAMachine(t *testing.T) {
	t.Parallel()
	root := newRoot(t)
	before := owned(t, root)
	said := inRoot(t, root, "home/tailight", "install", "--boot=rc.local")
	for _, line := range []string{"made /command\n", "made /command/multilog\n", "made /service\n", "added to /etc/rc.local: /command/svscanboot &\n"} {
		if !strings.Contains(said, line) {
			t.Errorf("no %q in\n%s", line, said)
		}
	}
	installed := owned(t, root)
	for _, line := range []string{"/command/tailight -rwxr-xr-x 0\n", "/service drwxr-xr-x 0\n", fmt.Sprintf("/etc/rc.local -rwxr--r-- %d\n", nobody)} {
		if !strings.Contains(installed, line) {
			t.Errorf("no %q in\n%s", line, installed)
		}
	}
	if again := inRoot(t, root, "command/tailight", "install", "--boot=rc.local"); strings.Count(again, "made ")+strings.Count(again, "added ")+strings.Count(again, "replaced ") > 0 {
		t.Errorf("again:\n%s", again)
	}
	if got, want := inRoot(t, root, "command/tailight"), "  svscanboot "; !strings.Contains(got, want) {
		t.Errorf("the installed binary lists\n%s", got)
	}
	inRoot(t, root, "command/tailight", "uninstall")
	if after := owned(t, root); after != before {
		t.Errorf("uninstall leaves\n%s, want\n%s", after, before)
	}
	if got := readAll(filepath.Join(root, "etc", "rc.local")); got != "#!/bin/sh\nexit 0\n" {
		t.Errorf("rc.local is %q", got)
	}
}
