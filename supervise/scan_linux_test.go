package supervise

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	ossignal "os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A Scanner owns its process, so each of these tests has one in a process of
// its own: this test binary again, which TestPlayScanner is there for. Its
// program supervise is a shell script that writes down for what it was started
// and ends. The real one is in the tests of cmd/tailight.

const scanLimit = 30 * time.Second // for an event; it is not waited for

// TestPlayScanner is no test but the scanner of the others.
func TestPlayScanner(t *testing.T) {
	sweep := os.Getenv("TEST_SWEEP")
	if sweep == "" {
		return // run as a test
	}
	gap, err := time.ParseDuration(sweep)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewScanner(ScanOptions{
		Supervise: []string{os.Getenv("TEST_SUPERVISE")},
		Warn:      func(err error) { fmt.Fprintln(os.Stderr, err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	s.gap = gap
	if os.Getenv("TEST_BLIND") != "" { // as where inotify is refused
		closeEnd(&s.changes)
	}
	signals := make(chan os.Signal, 16)
	ossignal.Notify(signals, syscall.SIGCHLD, syscall.SIGTERM)
	go func() {
		for sig := range signals {
			s.Ask(map[os.Signal]Request{syscall.SIGCHLD: Reap, syscall.SIGTERM: Stop}[sig])
		}
	}()
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
}

// scanned is a scan directory with a scanner.
type scanned struct {
	t    *testing.T
	dir  string // the scan directory
	home string // beside it
	said bytes.Buffer
}

func startScanner(t *testing.T, sweep time.Duration, blind string) *scanned {
	t.Helper()
	s := &scanned{t: t, dir: t.TempDir(), home: t.TempDir()}
	s.script(filepath.Join(s.home, "supervise"), `echo "$1" >>`+s.home+"/started")
	cmd := exec.Command(os.Args[0], "-test.run=^TestPlayScanner$")
	cmd.Dir, cmd.Stderr = s.dir, &s.said
	cmd.Env = append(os.Environ(), "TEST_SWEEP="+sweep.String(), "TEST_BLIND="+blind, "TEST_SUPERVISE="+filepath.Join(s.home, "supervise"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the scanner: %v, it said %q", err, s.said.String())
		}
	})
	s.service(filepath.Join(s.home, "first"))
	if err := os.Rename(filepath.Join(s.home, "first"), filepath.Join(s.dir, "first")); err != nil {
		t.Fatal(err)
	}
	s.starts("first")
	return s
}

func (s *scanned) script(path, text string) {
	s.t.Helper()
	syscall.ForkLock.RLock() // a child that is just forked would keep it busy
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scanned) service(path string) {
	s.t.Helper()
	if err := os.Mkdir(path, 0o755); err != nil {
		s.t.Fatal(err)
	}
	s.script(filepath.Join(path, "run"), "exit 0")
}

// started lists what supervise was started for.
func (s *scanned) started() []string {
	b, err := os.ReadFile(filepath.Join(s.home, "started"))
	if err != nil {
		return nil
	}
	return strings.Fields(string(b))
}

// starts waits until supervise was started for a service.
func (s *scanned) starts(name string) {
	s.t.Helper()
	for end := time.Now().Add(scanLimit); !slices.Contains(s.started(), name); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("%s was not started, but %v", name, s.started())
		}
	}
}

// The next sweep is an hour away. The times are told and not judged. Who needs longer
// than settled to make a service in place, as on a busy machine, may have to wait for
// the sweep, and does it again. (The system's time of a change is up to 10 ms early.)
func TestANewServiceIsNoticedWithoutASweep(t *testing.T) {
	t.Parallel()
	ways := []struct {
		name string
		add  func(t *testing.T, s *scanned, name string) error
	}{
		{"linked", func(_ *testing.T, s *scanned, name string) error {
			s.service(filepath.Join(s.home, name))
			return os.Symlink(filepath.Join(s.home, name), filepath.Join(s.dir, name))
		}},
		{"moved", func(_ *testing.T, s *scanned, name string) error {
			s.service(filepath.Join(s.home, name))
			return os.Rename(filepath.Join(s.home, name), filepath.Join(s.dir, name))
		}},
		{"made in place", func(_ *testing.T, s *scanned, name string) error {
			s.service(filepath.Join(s.dir, name))
			return nil
		}},
	}
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			s := startScanner(t, time.Hour, "")
			var times []time.Duration
			for i := range 10 {
				name, slow := fmt.Sprint(i), true
				for try := 0; slow; try++ {
					if name = fmt.Sprint(i, "-", try); try == 100 {
						t.Fatal("this machine is too slow")
					}
					begin := time.Now()
					if err := way.add(t, s, name); err != nil {
						t.Fatal(err)
					}
					slow = way.name == "made in place" && time.Since(begin) >= settled-10*time.Millisecond
				}
				begin := time.Now()
				s.starts(name)
				times = append(times, time.Since(begin).Round(time.Millisecond))
			}
			slices.Sort(times)
			t.Logf("noticed and started within %v, in the middle %v", times[9], times[5])
		})
	}
}

func TestTheSweepNoticesWhatTheSystemDoesNotTell(t *testing.T) {
	t.Parallel()
	s := startScanner(t, 20*time.Millisecond, "yes")
	s.service(filepath.Join(s.dir, "x"))
	s.starts("x")
}

// A directory that is not complete waits for the sweep, which is an hour away
// here; one that comes after it does not.
func TestADirectoryThatIsNotCompleteWaitsForTheSweep(t *testing.T) {
	t.Parallel()
	s := startScanner(t, time.Hour, "")
	move := func(name string, mode os.FileMode, files ...string) {
		t.Helper()
		dir := filepath.Join(s.home, name)
		if err := os.MkdirAll(filepath.Join(dir, "log"), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			s.script(filepath.Join(dir, f), "exit 0")
			if err := os.Chmod(filepath.Join(dir, f), mode); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Rename(dir, filepath.Join(s.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	move("without-run", 0o755, "log/run")
	move("without-log-run", 0o755, "run")
	move("not-executable", 0o644, "run", "log/run")
	move("complete", 0o755, "run", "log/run")
	s.starts("complete")
	s.starts("log")
	if got := s.started(); len(got) != 3 {
		t.Errorf("started %v", got)
	}
}

// Many changes at once are one look, and none is missed.
func TestManyServicesAtOnceAreAllNoticed(t *testing.T) {
	t.Parallel()
	s := startScanner(t, time.Hour, "")
	for i := range 300 {
		s.service(filepath.Join(s.home, fmt.Sprint(i)))
	}
	for i := range 300 {
		if err := os.Rename(filepath.Join(s.home, fmt.Sprint(i)), filepath.Join(s.dir, fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 300 {
		s.starts(fmt.Sprint(i))
	}
	if got := len(s.started()); got != 301 {
		t.Errorf("%d starts, want 301", got)
	}
}
