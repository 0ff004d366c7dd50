package setup

import (
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestTheBootLineIsWrittenOnceAndTakenOutExactly(t *testing.T) {
	t.Parallel()
	const call = "/command/svscanboot"
	for _, c := range []struct{ name, boot, file, before, after string }{
		{"rc.local", "rc.local", "/etc/rc.local", "#!/bin/sh\necho\n", "#!/bin/sh\necho\n" + call + " &\n"},
		{"rc.local that exits", "rc.local", "/etc/rc.local", "#!/bin/sh\n\nexit 0\n", "#!/bin/sh\n\n" + call + " &\nexit 0\n"},
		{"rc.local without a last line end", "rc.local", "/etc/rc.local", "#!/bin/sh\necho", "#!/bin/sh\necho\n" + call + " &"},
		{"rc.local with the line in a comment", "rc.local", "/etc/rc.local", "# " + call + " &\n", "# " + call + " &\n" + call + " &\n"},
		{"inittab", "inittab", "/etc/inittab", "id:3:initdefault:\n", "id:3:initdefault:\nSV:123456:respawn:" + call + "\n"},
		{"empty inittab", "inittab", "/etc/inittab", "", "SV:123456:respawn:" + call + "\n"},
	} {
		s := newSite(t, c.file, c.before)
		must(t, os.Chmod(s.at(c.file), 0o754))
		for range 2 {
			if code, said := s.install("binary", "boot="+c.boot); code != 0 {
				t.Errorf("%s: code %d, %s", c.name, code, said)
			}
			if got := s.read(c.file); got != c.after {
				t.Errorf("%s: %q, want %q", c.name, got, c.after)
			}
		}
		if info, err := os.Stat(s.at(c.file)); err != nil || info.Mode().Perm() != 0o754 {
			t.Errorf("%s: %v, %v, want the mode of before", c.name, info.Mode(), err)
		}
		code, said := s.uninstall()
		if got := s.read(c.file); got != c.before || code != 0 || !strings.HasPrefix(said, "took out of "+c.file+": ") {
			t.Errorf("%s: uninstall leaves %q, want %q; code %d, %s", c.name, got, c.before, code, said)
		}
	}
}

// A line of the user's own is not ours to take out.
func TestALineThatWasThereStays(t *testing.T) {
	t.Parallel()
	const before = "SV:123456:respawn:/command/svscanboot\n"
	s := newSite(t, "/etc/inittab", before)
	code, said := s.install("binary", "boot=inittab")
	if code != 0 || !strings.Contains(said, "kept /etc/inittab\n") {
		t.Errorf("code %d, %s", code, said)
	}
	s.uninstall()
	if got := s.read("/etc/inittab"); got != before {
		t.Errorf("inittab is %q, want %q", got, before)
	}
}

func TestAnotherEntrySVIsNotDoubled(t *testing.T) {
	t.Parallel()
	s := newSite(t, "/etc/inittab", "a\nSV:123456:respawn:/usr/bin/svscanboot\n")
	code, said := s.install("binary", "boot=inittab")
	want(t, "install", code, said, 111, "tailight: fatal: unable to add to /etc/inittab: it has another entry SV\n")
}

func TestAMachineWithoutThatInitIsLeftAlone(t *testing.T) {
	t.Parallel()
	for boot, missing := range map[string]string{"inittab": "/etc/inittab", "systemd": "/etc/systemd/system", "rc.local": "/etc"} {
		s := newSite(t)
		must(t, os.RemoveAll(s.at("/etc")))
		code, said := s.install("binary", "boot="+boot)
		want(t, boot, code, said, 111, "tailight: fatal: unable to open "+missing+": file does not exist\n")
		if _, err := os.Stat(s.at("/command")); err == nil {
			t.Errorf("%s: something was installed", boot)
		}
	}
}

func TestRcLocalIsMadeAndRemovedWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	before := s.tree()
	code, said := s.install("binary", "boot=rc.local")
	if code != 0 || !strings.HasSuffix(said, "made /etc/rc.local\nadded to /etc/rc.local: /command/svscanboot &\n"+
		"To start it now:\n\tnohup /command/svscanboot &\n") {
		t.Errorf("code %d, %s", code, said)
	}
	info, err := os.Stat(s.at("/etc/rc.local"))
	must(t, err)
	if got := s.read("/etc/rc.local"); got != "#!/bin/sh\n/command/svscanboot &\n" || info.Mode().Perm() != 0o755 {
		t.Errorf("%q with %v", got, info.Mode())
	}
	s.uninstall()
	wantTree(t, "uninstalled", s.tree(), before)

	s.install("binary", "boot=rc.local")
	s.write("/etc/rc.local", s.read("/etc/rc.local")+"echo mine\n")
	code, said = s.uninstall()
	if got := s.read("/etc/rc.local"); got != "#!/bin/sh\necho mine\n" || code != 0 {
		t.Errorf("left %q, want the user's line; code %d, %s", got, code, said)
	}
}

func TestTheUnitIsThatOfSvscanboot(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	code, said := s.install("binary", "boot=systemd")
	const dir = "/etc/systemd/system/"
	if code != 0 || !strings.HasSuffix(said, "made "+dir+"svscanboot.service\nmade "+dir+"multi-user.target.wants\n"+
		"made "+dir+"multi-user.target.wants/svscanboot.service\n"+
		"To start it now:\n\tsystemctl daemon-reload && systemctl start svscanboot\n") {
		t.Errorf("code %d, %s", code, said)
	}
	const unit = `[Unit]
Description=svscan on /service

[Service]
ExecStart=/command/svscanboot
Restart=always
KillMode=mixed
TasksMax=infinity
OOMPolicy=continue

[Install]
WantedBy=multi-user.target
`
	if got := s.read(dir + "multi-user.target.wants/svscanboot.service"); got != unit {
		t.Errorf("the enabled unit is\n%s, want\n%s", got, unit)
	}
}

func TestABootFileIsEditedThroughItsLink(t *testing.T) {
	t.Parallel()
	s := newSite(t, "/etc/rc.d/rc.local", "#!/bin/sh\n")
	must(t, os.Symlink("rc.d/rc.local", s.at("/etc/rc.local")))
	before := s.tree()
	if code, said := s.install("binary", "boot=rc.local"); code != 0 {
		t.Errorf("code %d, %s", code, said)
	}
	if got := s.read("/etc/rc.d/rc.local"); got != "#!/bin/sh\n/command/svscanboot &\n" {
		t.Errorf("rc.local is %q", got)
	}
	s.uninstall()
	wantTree(t, "uninstalled", s.tree(), before)
}

func TestABootFileThatSomebodyLocksIsNotEdited(t *testing.T) {
	t.Parallel()
	s := newSite(t, "/etc/inittab", "a\n")
	f, err := os.Open(s.at("/etc/inittab"))
	must(t, err)
	defer f.Close()
	must(t, syscall.Flock(int(f.Fd()), syscall.LOCK_EX))
	code, said := s.install("binary", "boot=inittab")
	if code != 111 || !strings.HasSuffix(said, "tailight: fatal: unable to lock /etc/inittab: temporary failure\n") {
		t.Errorf("code %d, %s", code, said)
	}
	if got := s.read("/etc/inittab"); got != "a\n" {
		t.Errorf("inittab is %q", got)
	}
}

// An editor that saves between the look and the edit must not lose its text.
func TestABootFileThatChangesMeanwhileIsNotEdited(t *testing.T) {
	t.Parallel()
	s := newSite(t, "/etc/inittab", "a\n")
	s.before = func(change, path string) error {
		if path == "/service" { // the last before it
			s.write("/etc/inittab", "a\nb") // without a line end
		}
		return nil
	}
	code, said := s.install("binary", "boot=inittab")
	if code != 111 || !strings.HasSuffix(said, "tailight: fatal: unable to add to /etc/inittab: it is being changed\n") {
		t.Errorf("code %d, %s", code, said)
	}
	if got := s.read("/etc/inittab"); got != "a\nb" {
		t.Errorf("inittab is %q", got)
	}
}

// The lock would be on a file that has no name any more.
func TestABootFileThatIsReplacedBeforeTheLockIsNotEdited(t *testing.T) {
	t.Parallel()
	s := newSite(t, "/etc/inittab", "a\n")
	s.before = func(change, path string) error {
		if change == "lock" {
			s.write("/etc/fresh", "a\n")
			must(t, os.Rename(s.at("/etc/fresh"), s.at("/etc/inittab")))
		}
		return nil
	}
	code, said := s.install("binary", "boot=inittab")
	if code != 111 || !strings.HasSuffix(said, "tailight: fatal: unable to lock /etc/inittab: temporary failure\n") {
		t.Errorf("code %d, %s", code, said)
	}
	if got := s.read("/etc/inittab"); got != "a\n" {
		t.Errorf("inittab is %q", got)
	}
}

func TestAFileKeepsItsModeFromTheFirstByte(t *testing.T) {
	t.Parallel()
	s := newSite(t, "/secret", "old")
	must(t, os.Chmod(s.at("/secret"), 0o600))
	d := s.disk()
	d.before = func(change, path string) error {
		if change == "write" || change == "sync" {
			if info, err := os.Stat(s.at(path)); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&^fs.FileMode(0o600) != 0 {
				t.Errorf("%s %s: mode %v", change, path, info.Mode())
			}
		}
		return nil
	}
	must(t, d.edit("/secret", func([]byte) ([]byte, error) { return []byte("new"), nil }))
	if got := s.read("/secret"); got != "new" {
		t.Errorf("%q", got)
	}
}
