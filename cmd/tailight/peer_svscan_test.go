//go:build linux && peer

package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestPeerTree has the same scan directory kept by both svscans with both
// supervises, and compares what can be seen of it: processes, control files,
// descriptors, diagnostics.
func TestPeerTree(t *testing.T) {
	t.Parallel()
	theirs, ours := peer(t), ours(t)
	want := keptTree(t, theirs, theirs)
	for _, c := range []struct{ name, svscan, supervise string }{
		{"ours", ours, ours},
		{"our svscan, their supervise", ours, theirs},
		{"their svscan, our supervise", theirs, ours},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := keptTree(t, c.svscan, c.supervise); got != want {
				t.Errorf("(- 0.76, + %s)\n%s", c.name, diff(want, got))
			}
		})
	}
}

// keptTree returns two looks at a tree: after its start, and after a service
// was renamed, one removed and a logger killed.
func keptTree(t *testing.T, svscan, supervise string) string {
	t.Helper()
	tr := newScanTree(t, pairOf(t, svscan, supervise))
	tr.service("x", sleeper, sleeper)
	tr.service("y", sleeper, sleeper)
	tr.service("z", sleeper, "")
	tr.service(strings.Repeat("n", 255), sleeper, "")
	tr.service("down", sleeper, "")
	tr.must(os.WriteFile(filepath.Join(tr.home, "down/down"), nil, 0o644))
	tr.service("filed", sleeper, "")
	tr.script("filed/log", sleeper)
	tr.must(os.Mkdir(filepath.Join(tr.home, "empty"), 0o1755))
	tr.service("looped", sleeper, "")
	tr.must(os.Symlink("log", filepath.Join(tr.home, "looped/log")))
	tr.link("x", "y", "down", "filed", "empty", "looped", "nothing", strings.Repeat("n", 255))
	for _, name := range []string{".z", "file"} {
		tr.must(os.WriteFile(filepath.Join(tr.scan, name), nil, 0o755))
	}
	tr.must(os.Rename(filepath.Join(tr.home, "z"), filepath.Join(tr.scan, "z")))
	tr.must(os.Symlink(filepath.Join(tr.scan, "z"), filepath.Join(tr.home, "z"))) // to find it

	tr.start()
	sleepers := []string{"x", "x/log", "y", "y/log", "z", "filed", strings.Repeat("n", 255)}
	for _, name := range sleepers {
		tr.sleeping(name)
	}
	tr.says("supervise: fatal: unable to chdir to log: not a directory\n")
	tr.says("supervise: fatal: unable to start empty/run: file does not exist\n")
	tr.says("svscan: warning: unable to stat looped/log: symbolic link loop\n")
	tr.says("svscan: warning: unable to stat nothing: file does not exist\n")
	tr.called("supervise down")
	first := tr.seen(sleepers)

	tr.must(os.Rename(filepath.Join(tr.scan, "z"), filepath.Join(tr.scan, "zz")))
	tr.must(os.Remove(filepath.Join(tr.home, "z")))
	tr.must(os.Symlink(filepath.Join(tr.scan, "zz"), filepath.Join(tr.home, "z")))
	tr.svc("dx", "z")
	tr.called("supervise zz")
	tr.unlink("y")
	tr.svc("dx", "y")
	tr.svc("dx", "y/log")
	tr.killLog("x")
	tr.sleeping("x/log")
	tr.sleeping("z")
	tr.wait("the end of y", func() bool { return tr.status("y").PID == 0 && tr.status("y/log").PID == 0 })
	tr.wait("seven children", func() bool { return len(tr.children()) == 7 })
	return first + tr.seen([]string{"x", "x/log", "z", "filed"})
}

// pairOf returns a directory with the two programs.
func pairOf(t *testing.T, svscan, supervise string) string {
	t.Helper()
	dir := t.TempDir()
	for name, from := range map[string]string{"svscan": svscan, "supervise": supervise} {
		if err := os.Symlink(filepath.Join(from, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// killLog kills the supervise of a log and the logger, and waits for others.
func (tr *scanTree) killLog(name string) {
	tr.t.Helper()
	logger := tr.isUp(name + "/log")
	for _, p := range tr.children() {
		if dir, _ := os.Readlink(fmt.Sprintf("/proc/%d/cwd", p.pid)); strings.HasSuffix(dir, "/"+name+"/log") {
			tr.must(syscall.Kill(p.pid, syscall.SIGKILL))
		}
	}
	tr.must(syscall.Kill(logger, syscall.SIGKILL))
	tr.wait("another logger", func() bool { pid := tr.status(name + "/log").PID; return pid != 0 && pid != logger })
}

// seen tells what can be seen of a tree. Pipes are numbered as they come.
func (tr *scanTree) seen(sleepers []string) string {
	tr.t.Helper()
	var b strings.Builder
	names := []string{}
	for _, p := range tr.children() {
		// That of filed/log comes and goes.
		if dir, _ := os.Readlink(fmt.Sprintf("/proc/%d/cwd", p.pid)); !strings.Contains(dir, "/filed") || p.args != "supervise log" {
			names = append(names, p.args)
		}
	}
	slices.Sort(names)
	fmt.Fprintf(&b, "children %q\n", names)
	pipes := map[string]string{}
	for _, name := range sleepers {
		fds := openFiles(tr.t, tr.sleeping(name))
		fmt.Fprintf(&b, "%s has %d descriptors:", name, len(fds))
		for _, fd := range []string{"0", "1", "2"} {
			to := fds[fd]
			if strings.HasPrefix(to, "pipe:") {
				if pipes[to] == "" {
					pipes[to] = fmt.Sprintf("pipe %d", len(pipes)+1)
				}
				to = pipes[to]
			}
			fmt.Fprintf(&b, " %s", filepath.Base(to))
		}
		fmt.Fprintln(&b)
	}
	tr.must(filepath.WalkDir(tr.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.Contains(path, "/supervise") || d.Name() == "status.new" || d.Name() == "running" {
			return err
		}
		info, err := d.Info()
		if err == nil {
			name, _ := filepath.Rel(tr.home, path)
			fmt.Fprintf(&b, "%s %v\n", name, info.Mode())
		}
		return err
	}))
	// Of a logger that was killed with its supervise nobody knows how it ended.
	said := strings.ReplaceAll(readAll(tr.said), "supervise: warning: log/run: exit status unknown\n", "")
	lines := slices.Sorted(strings.Lines(said))
	b.WriteString(strings.Join(slices.Compact(lines), ""))
	return b.String()
}

// What svscan of 0.76 says, it says again at every scan.
func TestPeerDiagnosticsAreRepeated(t *testing.T) {
	t.Parallel()
	theirs, ours := peer(t), ours(t)
	for name, bin := range map[string]string{"0.76": theirs, "ours": ours} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newScanTree(t, bin)
			tr.service("looped", sleeper, "")
			tr.must(os.Symlink("log", filepath.Join(tr.home, "looped/log")))
			tr.service("filed", sleeper, "")
			tr.script("filed/log", sleeper)
			tr.link("looped", "nothing", "filed")
			tr.start()
			for _, text := range []string{
				"svscan: warning: unable to stat looped/log: symbolic link loop\n",
				"svscan: warning: unable to stat nothing: file does not exist\n",
				"supervise: fatal: unable to chdir to log: not a directory\n",
			} {
				tr.wait("twice "+text, func() bool { return strings.Count(readAll(tr.said), text) == 2 })
			}
		})
	}
}

// The supervise of 0.76 listens only a second after each start, and obeys all
// the same.
func TestPeerTermEndsTheirSupervises(t *testing.T) {
	t.Parallel()
	tr := newScanTree(t, pairOf(t, ours(t), peer(t)))
	tr.service("x", "trap 'seq 1 100; exit 0' TERM; : >../ready; while :; do sleep 0.05; done\n", "while read l; do echo $l >>read; done\n")
	tr.service("y", sleeper, sleeper)
	tr.link("x", "y")
	tr.start()
	tr.wait("the trap", func() bool { return fileExists(filepath.Join(tr.home, "ready")) })
	tr.signal(syscall.SIGTERM)
	tr.ends()
	if got := tr.read("x"); got != count(1, 100) {
		t.Errorf("the log has read %q", got)
	}
}
