package setup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A start is a machine before the installation that is interrupted.
type start struct {
	name    string
	files   []string
	earlier string // the binary that was installed before
	options []string
}

var starts = []start{
	{name: "empty"},
	{name: "a service directory in use", files: []string{"/service/x/run", "#!/bin/sh\n"}},
	{name: "commands of others", files: []string{"/command/other", "theirs"}},
	{name: "an earlier version", earlier: "earlier"},
	{name: "no rc.local", options: []string{"boot=rc.local"}},
	{name: "rc.local", files: []string{"/etc/rc.local", "#!/bin/sh\necho\nexit 0\n"}, options: []string{"boot=rc.local"}},
	{name: "inittab without a last line end", files: []string{"/etc/inittab", "id:3:initdefault:"}, options: []string{"boot=inittab"}},
	{name: "an earlier version without boot", earlier: "earlier", files: []string{"/etc/inittab", "id:3:initdefault:\n"}, options: []string{"boot=inittab"}},
	{name: "systemd", options: []string{"boot=systemd"}},
}

// site is a machine in this state, and its tree without anything of ours.
func (st start) site(t testing.TB) (s *site, bare string) {
	s = newSite(t, st.files...)
	bare = s.tree()
	if st.earlier != "" {
		if code, said := s.install(st.earlier); code != 0 {
			t.Fatalf("code %d, %s", code, said)
		}
	}
	return s, bare
}

// done is the tree after an installation that nothing interrupts, and the
// number of changes that it makes.
func (st start) done(t testing.TB) (tree string, changes int) {
	s, _ := st.site(t)
	s.before = func(string, string) error { changes++; return nil }
	if code, said := s.install("new", st.options...); code != 0 {
		t.Fatalf("code %d, %s", code, said)
	}
	return s.tree(), changes
}

var errInjected = errors.New("injected")

// from makes the n-th change fail, and every later one if it is a death.
func (s *site) from(n int, death bool) {
	s.before = func(string, string) error {
		n--
		if n == -1 || n < 0 && death {
			return errInjected
		}
		return nil
	}
}

func interruptedInstall(st start) func(*site) (int, string) {
	return func(s *site) (int, string) { return s.install("new", st.options...) }
}

func eachStart(t *testing.T, f func(t *testing.T, st start)) {
	for _, st := range starts {
		t.Run(st.name, func(t *testing.T) {
			t.Parallel()
			f(t, st)
		})
	}
}

// wantTree compares two trees.
func wantTree(t testing.TB, when, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: left\n%s\nwant\n%s", when, got, want)
	}
}

func TestAnInterruptedInstallIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	eachStart(t, func(t *testing.T, st start) {
		done, changes := st.done(t)
		for n := range changes {
			for _, death := range []bool{true, false} {
				when := fmt.Sprintf("change %d, death %v", n, death)
				s, bare := st.site(t)
				old := s.tree()
				s.from(n, death)
				if code, said := interruptedInstall(st)(s); code != 111 || !strings.Contains(said, "tailight: fatal: injected\n") {
					t.Errorf("%s: code %d, %s", when, code, said)
				}
				s.before = nil
				s.wantNothingHalf(when, old, done)
				if code, said := s.install("new", st.options...); code != 0 {
					t.Errorf("%s: code %d, %s", when, code, said)
				}
				wantTree(t, when, s.tree(), done)
				s.uninstall()
				wantTree(t, when+", uninstalled", s.tree(), bare)
			}
		}
	})
}

func TestAnInterruptedInstallIsTakenBackByUninstall(t *testing.T) {
	t.Parallel()
	eachStart(t, func(t *testing.T, st start) {
		_, changes := st.done(t)
		for n := range changes {
			s, bare := st.site(t)
			s.from(n, true)
			interruptedInstall(st)(s)
			s.before = nil
			s.uninstall()
			wantTree(t, fmt.Sprintf("change %d", n), s.tree(), bare)
		}
	})
}

func TestAnInterruptedUninstallIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	eachStart(t, func(t *testing.T, st start) {
		for n, over := 0, false; !over; n++ {
			for _, death := range []bool{true, false} {
				s, bare := st.site(t)
				interruptedInstall(st)(s)
				s.from(n, death)
				code, said := s.uninstall()
				over = code == 0
				s.before = nil
				if !over && !strings.Contains(said, "injected\n") {
					t.Errorf("change %d: code %d, %s", n, code, said)
				}
				s.uninstall()
				wantTree(t, fmt.Sprintf("change %d, death %v", n, death), s.tree(), bare)
			}
		}
	})
}

// wantNothingHalf holds that after a crash every name is what it was or what
// it shall be, and that our commands have their record.
func (s *site) wantNothingHalf(when, old, done string) {
	s.t.Helper()
	now := s.tree()
	for line := range strings.Lines(now) {
		name, _, _ := strings.Cut(line, " ")
		if strings.Contains(name, suffix) || name == "/etc/rc.local" { // made in two changes where there is none
			continue
		}
		if !strings.Contains(done, line) && !strings.Contains(old, line) {
			s.t.Errorf("%s: half done: %s", when, line)
		}
	}
	if strings.Contains(now, "\n/command/tailight ") && !strings.Contains(now, "\n/command/"+recordName+" ") {
		s.t.Errorf("%s: commands without a record", when)
	}
}

// Content is on disk before its name, the record before what it tells of, and
// the commands before the line that starts them.
func TestTheChangesOfAnInstallationHaveTheirOrder(t *testing.T) {
	t.Parallel()
	s := newSite(t, "/etc/inittab", "id:3:initdefault:\n")
	var changes []string
	s.before = func(change, path string) error {
		changes = append(changes, change+" "+path)
		return nil
	}
	s.install("binary", "boot=inittab")
	got := strings.ReplaceAll(strings.Join(changes, "\n"), suffix, "+")
	const wanted = `create /command+
create /command+/.tailight-installed
write /command+/.tailight-installed
sync /command+/.tailight-installed
sync /command+
rename /command+
sync /
create /command/tailight+
write /command/tailight+
sync /command/tailight+
rename /command/tailight+
sync /command
create /command/svc+
rename /command/svc+
create /command/svscanboot+
rename /command/svscanboot+
sync /command
create /service
sync /
lock /etc/inittab
create /etc/inittab+
write /etc/inittab+
sync /etc/inittab+
rename /etc/inittab+
sync /etc
sync /etc`
	if got != wanted {
		t.Errorf("the changes are\n%s\nwant\n%s", got, wanted)
	}
}

func TestUninstallLeavesWhatWasChangedAndNamesIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.install("binary", "boot=systemd")
	s.write("/command/mine", "a script")
	s.write("/service/x/run", "#!/bin/sh\n")
	s.write("/etc/systemd/system/svscanboot.service", "changed")
	must(t, os.Remove(s.at("/command/svc")))
	must(t, os.Symlink("mine", s.at("/command/svc")))
	must(t, os.Remove(s.at("/command/svscanboot"))) // gone is no change to keep
	s.write("/command/tailight", "another build")
	code, said := s.uninstall()
	want(t, "uninstall", code, said, 0, `removed /etc/systemd/system/multi-user.target.wants/svscanboot.service
removed /etc/systemd/system/multi-user.target.wants
kept /etc/systemd/system/svscanboot.service: it was changed
kept /service: it is not empty
kept /command/svc: it was changed
kept /command/tailight: it was changed
kept /command: it is not empty
`)
	var left []string
	for line := range strings.Lines(s.tree()) {
		name, _, _ := strings.Cut(line, " ")
		left = append(left, filepath.Base(name))
	}
	slices.Sort(left)
	const wanted = ". command etc mine run service svc svscanboot.service system systemd tailight x"
	if got := strings.Join(left, " "); got != wanted {
		t.Errorf("left %s, want %s", got, wanted)
	}
}
