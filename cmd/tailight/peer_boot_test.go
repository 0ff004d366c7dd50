//go:build linux && peer

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestPeerSvscanboot starts the same tree with both, the script of the
// original with its directory replaced, and compares what a service sees, what
// ps shows, and the rest after svscan was killed.
func TestPeerSvscanboot(t *testing.T) {
	t.Parallel()
	theirs, ours := peer(t), ours(t)
	script, err := os.ReadFile(filepath.Join(theirs, "svscanboot"))
	if err != nil {
		t.Fatal(err)
	}
	want := bootedTree(t, theirs, func(dir string) []string {
		path := filepath.Join(t.TempDir(), "svscanboot")
		text := strings.ReplaceAll(string(script), "/etc/service", dir)
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		return []string{path}
	})
	got := bootedTree(t, theirs, func(dir string) []string {
		return []string{filepath.Join(ours, "svscanboot"), "--service=" + dir}
	})
	if got != want {
		t.Errorf("(- 0.76, + ours)\n%s", diff(want, got))
	}
	mixed := bootedTree(t, theirs, func(dir string) []string { // with all commands that are ours
		return []string{filepath.Join(ours, "svscanboot"), "--command=" + ours, "--service=" + dir}
	})
	if mixed = strings.ReplaceAll(mixed, "PATH="+ours+":", "PATH=/command:"); mixed != want {
		t.Errorf("with our commands (- 0.76, + ours)\n%s", diff(want, mixed))
	}
	if !strings.HasPrefix(want, "0027\nPATH=/command:") || !strings.Contains(want, "unable to start a/run: access denied") {
		t.Errorf("the tree of the original is odd:\n%s", want)
	}
}

// bootedTree starts svscanboot and tells what has become of it.
func bootedTree(t *testing.T, bin string, command func(dir string) []string) string {
	t.Helper()
	top := t.TempDir()
	dir := filepath.Join(top, "service")
	for name, run := range map[string]string{
		"a": "", // cannot be run
		"b": "#!/bin/sh\n{ umask; env; ls -l /proc/self/fd | sed -n 's/.* \\([012]\\) -> \\([^:]*\\).*/\\1 \\2/p'; } >told.new\nmv told.new told\nexec sleep 1000\n",
	} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := map[bool]os.FileMode{true: 0o644, false: 0o755}[run == ""]
		if err := os.WriteFile(filepath.Join(dir, name, "run"), []byte(run), mode); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", `umask 027; exec "$0" "$@"`}, command(dir)...)...)
	cmd.Dir, cmd.Env = top, append(os.Environ(), "SECRET=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	j, err := startJob(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = j.wait()
	})
	var b strings.Builder
	if err := until("what the service says, and an error in ps", j, func() bool {
		_, err := os.Stat(filepath.Join(dir, "b", "told"))
		return err == nil && strings.Contains(strings.Join(commandLines(cmd.Process.Pid), "\n"), "unable to start a/run")
	}); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(&b, readAll(filepath.Join(dir, "b", "told")))
	lines := commandLines(cmd.Process.Pid)
	for i, line := range lines { // as ps shows it; the dots and how often it has failed vary
		if head, text, ok := strings.Cut(line, "supervise: fatal: "); ok {
			text, _, _ = strings.Cut(text, "\n")
			lines[i] = strings.TrimRight(head, ".") + " " + text + " of " + strconv.Itoa(len(line))
		}
	}
	fmt.Fprintln(&b, strings.Join(lines, "\n"))

	svscan := 0
	for _, pid := range childrenOf(cmd.Process.Pid) {
		if strings.HasPrefix(commandLine(pid), "svscan ") {
			svscan = pid
		}
	}
	if err := syscall.Kill(svscan, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := until("the end of svscan", nil, func() bool { return !slices.Contains(childrenOf(cmd.Process.Pid), svscan) }); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(&b, "ended with svscan:", j.gone())
	svc := exec.Command(filepath.Join(bin, "svc"), "-dx", filepath.Join(dir, "a"), filepath.Join(dir, "b"))
	if out, err := svc.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("svc: %s, %v", out, err)
	}
	if err := j.wait(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(&b, j.end())
	return strings.ReplaceAll(b.String(), top, "TOP")
}

// commandLines are those of the children of a process, sorted.
func commandLines(pid int) (lines []string) {
	for _, c := range childrenOf(pid) {
		lines = append(lines, commandLine(c))
	}
	slices.Sort(lines)
	return lines
}

func commandLine(pid int) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.TrimSuffix(strings.ReplaceAll(string(b), "\x00", " "), " ")
}

// childrenOf lists the children of all threads of a process.
func childrenOf(pid int) (all []int) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, f := range files {
		for _, c := range strings.Fields(readAll(f)) {
			n, _ := strconv.Atoi(c)
			all = append(all, n)
		}
	}
	return all
}
