//go:build root && linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestRootStrangersCannotControl asks as somebody else about a service of
// root's: the modes of the FIFOs are all the access control there is, and what
// each tool says of it is what 0.76 says.
func TestRootStrangersCannotControl(t *testing.T) {
	t.Parallel()
	dir := filepath.Dir(publicMultilog(t))
	for _, name := range []string{"svc", "svok", "svstat", "svup"} {
		if err := os.Symlink("multilog", filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{dir: dir, readers: map[string]*os.File{}, prepared: map[string]bool{}}
	for _, s := range []step{
		supervised("sv"), put("sv/supervise/status", 0o644, string(record18(1<<63, 7, 0, 'u'))),
		put("closed/", 0o700, ""), put("unreadable/", 0o711, ""),
	} {
		if err := s.do(w); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, f := range w.readers {
			_ = f.Close()
		}
	})
	for _, c := range []struct {
		where, tool, args, want string
		code                    int
	}{
		{"", "svc", "-u sv", "svc: warning: unable to control sv: access denied\n", 0},
		{"", "svc", "-u closed", "svc: warning: unable to chdir to closed: access denied\n", 0},
		{"", "svok", "sv", "svok: fatal: unable to open sv/supervise/ok: access denied\n", 111},
		{"", "svok", "closed", "svok: fatal: unable to chdir to closed: access denied\n", 111},
		{"", "svstat", "sv", "sv: unable to open supervise/ok: access denied\n", 0},
		{"", "svstat", "closed", "closed: unable to chdir: access denied\n", 0},
		{"", "svstat", "--json sv", `{"name":"sv","error":"unable to open supervise/ok: access denied"}` + "\n", 0},
		{"", "svup", "sv", "svup: fatal: unable to open supervise/ok: access denied\n", 111},
		{"", "svup", "closed", "svup: fatal: unable to chdir to closed: access denied\n", 111},
		{"unreadable", "svc", "-u ../sv", "svc: fatal: unable to open current directory: access denied\n", 111},
		{"unreadable", "svc", "", "svc: fatal: unable to open current directory: access denied\n", 111},
		{"unreadable", "svstat", "", "svstat: fatal: unable to open current directory: access denied\n", 111},
		{"unreadable", "svok", "../sv", "svok: fatal: unable to open ../sv/supervise/ok: access denied\n", 111},
	} {
		cmd := exec.Command("/bin/sh", "-c", `exec "$0" $1`, filepath.Join(dir, c.tool), c.args)
		cmd.Dir, cmd.Env = filepath.Join(dir, c.where), testEnv("")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		out, _ := cmd.CombinedOutput() // the code is looked at below
		if string(out) != c.want || cmd.ProcessState.ExitCode() != c.code {
			t.Errorf("%s %s: %q, exit %d; want %q, %d", c.tool, c.args, out, cmd.ProcessState.ExitCode(), c.want, c.code)
		}
	}
	if arrived, err := w.taken("sv", 100); len(arrived) != 0 || err != nil {
		t.Errorf("%q, %v arrived", arrived, err)
	}
}
