// Tested elsewhere: an installation as root into a root directory of its own
// (root tests of cmd/tailight). Untested: a disk that lies about sync, and
// access lists and other attributes of a boot file, which are not kept.

package setup

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// TestMain lets the test binary be the toolkit.
func TestMain(m *testing.M) {
	if os.Getenv("PLAYED_TOOLKIT") != "" {
		cli.Multi("tailight", table, Commands(table))
	}
	syscall.Umask(0o022) // as the commands do it
	os.Exit(m.Run())
}

var table = []cli.Command{
	{Name: "svc", Run: func(e *cli.Env) int { // waits for the end of its input
		_, _ = e.Out.WriteString("ready")
		_, _ = e.In.Read(make([]byte, 1))
		return cli.OK
	}},
	{Name: "svscanboot", Run: func(*cli.Env) int { return cli.OK }},
}

const hintText = `To start svscan when the machine boots, say --boot=rc.local, --boot=inittab or
--boot=systemd, or add one of these lines yourself:
	/etc/rc.local	/command/svscanboot &
	/etc/inittab	SV:123456:respawn:/command/svscanboot
	svscanboot.service	ExecStart=/command/svscanboot
To start it now:
	nohup /command/svscanboot &
`

func TestInstallMakesCommandsAndAServiceDirectory(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	before := s.tree()
	code, said := s.install("binary")
	want(t, "install", code, said, 0, "made /command\nmade /command/tailight\nmade /command/svc\nmade /command/svscanboot\nmade /service\n"+hintText)
	made := strings.TrimPrefix(s.tree(), " drwxr-xr-x\n")
	for _, line := range []string{
		"/command drwxr-xr-x\n", "/command/svc Lrwxrwxrwx -> tailight\n", "/command/svscanboot Lrwxrwxrwx -> tailight\n",
		"/command/tailight -rwxr-xr-x \"binary\"\n", "/service drwxr-xr-x\n", "/command/.tailight-installed -rw-r--r-- ",
	} {
		if strings.Count(made, line) != 1 {
			t.Errorf("no %q in\n%s", line, made)
		}
	}
	code, said = s.uninstall()
	want(t, "uninstall", code, said, 0, "removed /service\nremoved /command/svscanboot\nremoved /command/svc\nremoved /command/tailight\nremoved /command\n")
	if after := s.tree(); after != before {
		t.Errorf("left\n%s, want\n%s", after, before)
	}
	code, said = s.uninstall()
	want(t, "uninstall again", code, said, 111, "tailight: fatal: unable to read /command/.tailight-installed: file does not exist\n")
}

// TestTheSecondBinaryComesAndGoesWithTheFirst also upgrades it.
func TestTheSecondBinaryComesAndGoesWithTheFirst(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	before := s.tree()
	for _, version := range []string{"one", "two"} {
		s.packer = []byte(version)
		if code, said := s.install("binary"); code != 0 || !strings.Contains(said, " /command/tailight-zstd\n") {
			t.Fatalf("exit %d, said %q", code, said)
		}
		if got := s.read("/command/tailight-zstd"); got != version {
			t.Errorf("it is %q, want %q", got, version)
		}
	}
	if code, said := s.uninstall(); code != 0 || !strings.Contains(said, "removed /command/tailight-zstd\n") {
		t.Errorf("exit %d, said %q", code, said)
	}
	wantTree(t, "uninstalled", s.tree(), before)
}

func TestInstalledTwiceIsInstalledOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, "/etc/inittab", "a\n")
	s.install("binary", "boot=inittab")
	before := s.tree()
	s.before = func(change, path string) error {
		if change != "sync" {
			t.Errorf("%s %s", change, path)
		}
		return nil
	}
	code, said := s.install("binary", "boot=inittab")
	want(t, "again", code, said, 0, "kept /command\nkept /command/tailight\nkept /command/svc\nkept /command/svscanboot\nkept /service\nkept /etc/inittab\n"+
		"To start it now:\n\tkill -HUP 1\n")
	if after := s.tree(); after != before {
		t.Errorf("became\n%s, want\n%s", after, before)
	}
}

// What was there is neither changed by install nor removed by uninstall.
func TestInstallTouchesNothingThatExists(t *testing.T) {
	t.Parallel()
	s := newSite(t, "/command/svc", "the user's own", "/command/other", "another", "/service/x/run", "#!/bin/sh\n")
	must(t, os.Symlink("tailight", s.at("/command/svscanboot"))) // right by chance
	before := s.tree()
	code, said := s.install("binary")
	want(t, "install", code, said, 111, "kept /command\nmade /command/tailight\n"+
		"tailight: fatal: unable to create /command/svc: file already exists\nkept /command/svscanboot\nkept /service\n"+hintText)
	code, said = s.uninstall()
	want(t, "uninstall", code, said, 0, "removed /command/tailight\n")
	if after := s.tree(); after != before {
		t.Errorf("left\n%s, want\n%s", after, before)
	}
}

func TestWhatStandsInTheWayStopsTheInstallationBeforeAnyChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, option, said string }{
		{"/command/tailight", "", "unable to create /command/tailight: file already exists"},
		{"/command", "", "unable to read /command/.tailight-installed: not a directory"},
		{"/service", "", "unable to create /service: file already exists"},
		{"/service", "force", "unable to create /service: file already exists"}, // never a directory's place
		{"/etc/systemd/system/svscanboot.service", "boot=systemd", "unable to create /etc/systemd/system/svscanboot.service: file already exists"},
		{"/etc/x", "boot=inittab", "unable to open /etc/inittab: file does not exist"},
		{"/command/.tailight-installed", "", "unable to read /command/.tailight-installed: line 1 is not of a record"},
	} {
		s := newSite(t, c.path, "somebody's")
		before := s.tree()
		code, said := s.install("binary", c.option)
		want(t, c.path, code, said, 111, "tailight: fatal: "+c.said+"\n")
		if after := s.tree(); after != before {
			t.Errorf("%s: became\n%s, want\n%s", c.path, after, before)
		}
	}
}

func TestForceReplacesFilesAndLinksOfOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t, "/command/tailight", "theirs", "/command/original", "original")
	must(t, os.Symlink("original", s.at("/command/svc")))
	must(t, os.Mkdir(s.at("/command/svscanboot"), 0o755))
	code, said := s.install("binary", "force")
	want(t, "install", code, said, 111, "kept /command\nreplaced /command/tailight\nreplaced /command/svc\n"+
		"tailight: fatal: unable to rename /command/svscanboot.tailight-new: file already exists\n")
	must(t, os.Remove(s.at("/command/svscanboot")))
	if code, said := s.install("binary"); code != 0 {
		t.Errorf("code %d, %s", code, said)
	}
	if got := s.read("/command/original"); got != "original" {
		t.Errorf("what the link led to is %q", got)
	}
	if got := s.read("/command/svc"); got != "binary" {
		t.Errorf("svc is %q", got)
	}
}

func TestAnUpgradeReplacesOurBinaryAndNobodyElses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	before := s.tree()
	s.install("one")
	code, said := s.install("two")
	want(t, "upgrade", code, said, 0, "kept /command\nreplaced /command/tailight\nkept /command/svc\nkept /command/svscanboot\nkept /service\n"+hintText)
	s.write("/command/tailight", "changed by the user")
	code, said = s.install("three")
	want(t, "second upgrade", code, said, 111, "tailight: fatal: unable to create /command/tailight: file already exists\n")
	s.write("/command/tailight", "one") // back to an earlier one of ours
	if code, said = s.install("three"); code != 0 {
		t.Errorf("third upgrade: code %d, %s", code, said)
	}
	s.uninstall()
	if after := s.tree(); after != before {
		t.Errorf("left\n%s, want\n%s", after, before)
	}
}

// A program that runs cannot be written to; a rename over it is possible.
func TestARunningBinaryIsReplaced(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	toolkit := func(args ...string) *exec.Cmd {
		self, err := os.Executable()
		must(t, err)
		cmd := exec.Command(self, args...)
		cmd.Env = append(os.Environ(), "PLAYED_TOOLKIT=1")
		return cmd
	}
	if out, err := toolkit("install", "--root="+s.root).CombinedOutput(); err != nil {
		t.Fatalf("%v, %s", err, out)
	}
	cmd := toolkit()
	cmd.Path = s.at("/command/svc")
	cmd.Args[0] = "svc"
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	_, err = out.Read(make([]byte, 5))
	must(t, err)
	if err := os.WriteFile(s.at("/command/tailight"), nil, 0); !errors.Is(err, syscall.ETXTBSY) {
		t.Fatalf("writing to a running binary: %v, want %v", err, syscall.ETXTBSY)
	}
	if code, said := s.install("new"); code != 0 {
		t.Errorf("code %d, %s", code, said)
	}
	if got := s.read("/command/svc"); got != "new" {
		t.Error("the binary is not replaced")
	}
	must(t, in.Close())
	must(t, cmd.Wait())
}

func TestOthersCanUseWhatWasInstalledUnderAnyUmask(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command("/bin/sh", "-c", `umask 077; exec "$0" install --boot=rc.local --root "$1"`, self, s.root)
	cmd.Env = append(os.Environ(), "PLAYED_TOOLKIT=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v, %s", err, out)
	}
	for path, mode := range map[string]fs.FileMode{
		"/command": 0o755, "/service": 0o755, "/command/tailight": 0o755, "/etc/rc.local": 0o755, "/command/.tailight-installed": 0o644,
	} {
		info, err := os.Stat(s.at(path))
		must(t, err)
		if info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), mode)
		}
	}
}

func TestAWrongCallTouchesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	root := "--root=" + s.root
	before := s.tree()
	for _, args := range []string{
		"install -x", "install R a", "install R --boot=bsd", "install R --command=command", "install R --service=", "install R --service=/",
		"install R --service=/command", "install R --command=/a;b", "install R --service=/a%b", "install R --force=maybe", "install a b",
		"install --service=/x a", "install --help", "uninstall R x", "uninstall R --service=/x", "uninstall R -f", "uninstall R --command=x",
	} {
		words := strings.Fields(strings.ReplaceAll(args, "R", root))
		e, said := s.env(words[1:]...)
		usage := map[string]string{"install": installUsage, "uninstall": uninstallUsage}[words[0]]
		want(t, args, cli.Find(Commands(table), words[0]).Run(e), said(), 100, "tailight: usage: "+usage+"\n")
	}
	if after := s.tree(); after != before {
		t.Errorf("became\n%s, want\n%s", after, before)
	}
}

func TestTwoInstallationsDoNotMix(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	unlock, err := lock(s.disk(), "/command")
	must(t, err)
	code, said := s.install("binary")
	want(t, "locked", code, said, 111, "tailight: fatal: unable to lock /: temporary failure\n")
	code, said = s.uninstall()
	want(t, "locked", code, said, 111, "tailight: fatal: unable to lock /: temporary failure\n")
	unlock()
	if code, said := s.install("binary"); code != 0 {
		t.Errorf("code %d, %s", code, said)
	}
}

func TestOtherDirectoriesStandInTheBootLine(t *testing.T) {
	t.Parallel()
	s := newSite(t, "/opt/keep", "")
	if code, said := s.install("binary", "command=/opt/command", "service=/opt/service", "boot=rc.local"); code != 0 {
		t.Fatalf("code %d, %s", code, said)
	}
	want(t, "rc.local", 0, s.read("/etc/rc.local"), 0, "#!/bin/sh\n/opt/command/svscanboot --command=/opt/command --service=/opt/service &\n")
	code, said := s.install("binary", "command=/no/where")
	want(t, "no parent", code, said, 111, "tailight: fatal: unable to open /no: file does not exist\n")
}

// A link that leads out of the root would change the machine that a package
// is made on.
func TestNothingOutsideTheRootIsChanged(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/command", "/service", "/etc/rc.local"} {
		s := newSite(t)
		outside := t.TempDir()
		if path == "/etc/rc.local" {
			outside = filepath.Join(outside, "rc.local")
			must(t, os.WriteFile(outside, []byte("#!/bin/sh\n"), 0o755))
		}
		must(t, os.Symlink(outside, s.at(path)))
		code, said := s.install("binary", "boot=rc.local")
		want(t, path, code, said, 111, "tailight: fatal: unable to use "+path+": it leads to "+outside+", out of \n")
		if names, err := os.ReadDir(outside); path != "/etc/rc.local" && (err != nil || len(names) > 0) {
			t.Errorf("%s: %v, %v in the directory outside", path, names, err)
		}
	}
}
