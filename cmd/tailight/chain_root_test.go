//go:build root && linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A place is a namespace with accounts of its own, so that no account of the
// machine is needed or changed. The real setuidgid sees the same ones.
type place struct{ dir, home string }

func newPlace(t *testing.T) place {
	t.Helper()
	dir, err := os.MkdirTemp("", "tailight-root-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := place{dir: dir, home: filepath.Join(dir, "home")}
	for _, d := range []string{dir, p.home} {
		_ = os.Mkdir(d, 0o755)
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{
		"passwd": "root:x:0:0:root:/root:/bin/sh\nsvc:x:4321:4322:a service:" + p.home + ":/bin/false\n" +
			"lost:x:4321:4322::/no/such/home:/bin/sh\nbig:x:4294967294:4294967293::/:/bin/sh\n",
		"group":         "root:x:0:\nsvc:x:4322:\nextra:x:4330:svc\nmore:x:4331:other,svc\nnone:x:4332:other\nlost:x:4333:lost\n",
		"nsswitch.conf": "passwd: files\ngroup: files\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// run runs a script in the place, as this user, where $0 is a directory of
// programs. It returns the output, diagnostics included, and the code.
func (p place) run(t *testing.T, bin string, uid uint32, script string) string {
	t.Helper()
	mounts := fmt.Sprintf(`for f in passwd group nsswitch.conf; do mount --bind %s/$f /etc/$f || exit 99; done; `, p.dir)
	if uid != 0 { // root mounts, and the script is run by someone else
		script = fmt.Sprintf(`exec setpriv --reuid %d --regid %d --clear-groups sh -c %s "$0"`, uid, uid, "'"+script+"'")
	}
	cmd := exec.Command("unshare", "-m", "--propagation", "private", "sh", "-c", mounts+script, bin)
	cmd.Dir, cmd.Env = p.dir, append(testEnv(""), "HOME=/old", "USER=old", "UID=old")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if cmd.ProcessState.ExitCode() == 99 {
		t.Fatalf("no place: %s", out)
	}
	return fmt.Sprintf("%scode %d", out, cmd.ProcessState.ExitCode())
}

// who shows everything that an account changes, and what it must not.
const who = ` sh -c "grep -E \"^(Uid|Gid|Groups):\" /proc/self/status; env | grep -E \"^(HOME|SHELL|USER|UID|GID)=\" | sort; pwd"`

func TestRootSetuidgidIsThatOf076(t *testing.T) {
	t.Parallel()
	p, theirs, ours := newPlace(t), peer(t), built(t)
	for _, c := range []struct {
		script string
		uid    uint32
	}{
		{`exec "$0"/setuidgid svc` + who, 0},
		{`exec "$0"/setuidgid root` + who, 0},
		{`exec "$0"/setuidgid lost` + who, 0},
		{`exec "$0"/setuidgid big` + who, 0},
		{`exec "$0"/setuidgid nobody` + who, 0}, // is not in this passwd
		{`exec "$0"/setuidgid 4321` + who, 0},
		{`exec "$0"/setuidgid svc /no/such/program`, 0},
		{`exec "$0"/setuidgid svc "$0"/setuidgid root true`, 0},
		{`exec "$0"/setuidgid svc cat /proc/1/environ`, 0},
		{`exec "$0"/setuidgid root true`, nobody},
		{`exec "$0"/setuidgid svc true`, nobody},
		{`exec "$0"/setuidgid svc true`, 4321}, // itself
		{`exec "$0"/envuidgid svc` + who, 0},
		{`exec "$0"/envuidgid svc` + who, nobody},
		{`exec "$0"/envuidgid big` + who, nobody},
		{`exec "$0"/softlimit -p 0 "$0"/setuidgid svc "$0"/envuidgid root` + strings.ReplaceAll(who, "env | grep", "exec cat"), 0},
	} {
		script := strings.ReplaceAll(c.script, "'", `"`)
		if want, got := p.run(t, theirs, c.uid, script), p.run(t, ours, c.uid, script); got != want {
			t.Errorf("%s as %d: %s\nwant %s", c.script, c.uid, got, want)
		}
	}
}

func TestRootAllGroupsOfAnAccount(t *testing.T) {
	t.Parallel()
	p, bin := newPlace(t), built(t)
	ids := "Uid:\t4321\t4321\t4321\t4321\nGid:\t4322\t4322\t4322\t4322\nGroups:\t4322 4330 4331 \n"
	for _, c := range []struct {
		script string
		uid    uint32
		want   string
	}{
		{`exec "$0"/setuidgid -s svc` + who, 0, ids + "HOME=/old\nUID=old\nUSER=old\n" + p.dir + "\ncode 0"},
		{`exec "$0"/setuser svc` + who, 0, ids + "GID=4322\nHOME=" + p.home + "\nSHELL=/bin/false\nUID=4321\nUSER=svc\n" + p.home + "\ncode 0"},
		{`exec env -i A=1 USER=old B=2 "$0"/setuser svc /usr/bin/env`, 0, "A=1\nSHELL=/bin/false\nB=2\nHOME=" + p.home + "\nUSER=svc\nGID=4322\nUID=4321\ncode 0"},
		{`exec "$0"/setuser lost true`, 0, "setuser: fatal: unable to chdir to /no/such/home: file does not exist\ncode 111"},
		{`exec "$0"/setuser nobody true`, 0, "setuser: fatal: unknown account nobody\ncode 111"},
		{`exec "$0"/setuser svc /no/such/program`, 0, "setuser: fatal: unable to run /no/such/program: file does not exist\ncode 111"},
		{`exec "$0"/setuser svc true`, nobody, "setuser: fatal: unable to setgid: permission denied\ncode 111"},
		{`exec "$0"/setuidgid -s svc true`, nobody, "setuidgid: fatal: unable to setgid: permission denied\ncode 111"},
	} {
		if got := p.run(t, bin, c.uid, c.script); got != c.want {
			t.Errorf("%s as %d: %s\nwant %s", c.script, c.uid, got, c.want)
		}
	}
}

// A user may be at the limit of its processes, and then no thread can be
// started. Root is not limited.
func TestRootNoProcessIsLeftForTheUser(t *testing.T) {
	t.Parallel()
	p, theirs, ours := newPlace(t), peer(t), built(t)
	for _, script := range []string{
		`exec "$0"/setuidgid svc "$0"/softlimit -p 0 "$0"/pgrphack "$0"/envuidgid root "$0"/softlimit -c 0 grep processes /proc/self/limits`,
		`exec "$0"/setuidgid svc "$0"/softlimit -p 0 "$0"/fghack true`,
		`exec "$0"/setuidgid svc "$0"/softlimit -p 0 no-such-program`,
	} {
		if want, got := p.run(t, theirs, 0, script), p.run(t, ours, 0, script); got != want {
			t.Errorf("%s: %s\nwant %s", script, got, want)
		}
	}
}
