package supervise

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// instants are all that a supervise comes through, in no order.
var instants = []string{"asking", "asked", "forked", "made", "reaped", "read", "recording", "recorded", "closing", "removed"}

// shortcomings are the calls that a kernel or a sandbox may not have.
var shortcomings = []string{"", "pidfd_open", "PIDFD_GET_INFO", "pidfd_getfd /proc/PID/fd", "pidfd_open PIDFD_GET_INFO pidfd_getfd"}

func TestAKillAtAnyInstantMakesNoSecondCopyAndLosesNoEnd(t *testing.T) {
	t.Parallel()
	for _, lacking := range shortcomings {
		for _, instant := range instants {
			t.Run(instant+" without "+lacking, func(t *testing.T) {
				t.Parallel()
				if lacking != "" && testing.Short() {
					t.Skip("long")
				}
				for nth := 1; nth <= 6; nth++ {
					s := newSite(t, map[string]string{"run": playing("service", "LIFE=10ms"), "finish": accountant}, "START_GAP=20ms", "MISSING="+lacking)
					cmd := s.start(fmt.Sprintf("KILL_AT=%s %d", instant, nth))
					if instant == "closing" || instant == "removed" {
						s.tell("dx")
					} else if instant == "read" {
						s.tell("u")
						go func() {
							for range 20 {
								time.Sleep(20 * time.Millisecond)
								_ = Send(filepath.Join(s.dir, "supervise"), []byte("u"))
							}
						}()
					}
					if end := s.finished(cmd); end == "exit 0" && nth > 1 {
						break // there was no such time
					} else if end != "signal: killed" {
						t.Fatalf("time %d: %s", nth, end)
					}
					cmd = s.start()
					runs := strings.Count(s.file("account"), "run")
					s.until("run again", func() bool { return strings.Count(s.file("account"), "run") >= runs+2 })
					s.leave(cmd)
					s.audit()
					if t.Failed() {
						t.Fatalf("time %d; account:\n%s\nsaid:\n%s", nth, s.file("account"), s.file("said"))
					}
				}
			})
		}
	}
}

// storm kills supervises at random times.
func (s *site) storm(kills int, seed uint64) {
	s.t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	for range kills {
		cmd := s.start()
		time.Sleep(time.Duration(r.IntN(60)) * time.Millisecond)
		s.kill(cmd)
	}
}

func TestAStormOfKillsMakesNoSecondCopyAndLosesNoEnd(t *testing.T) {
	t.Parallel()
	kills := 60
	if os.Getenv("TAILIGHT_STORM") != "" {
		kills, _ = strconv.Atoi(os.Getenv("TAILIGHT_STORM"))
	}
	for _, lacking := range []string{"", "pidfd_open"} {
		t.Run("without "+lacking, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, map[string]string{"run": playing("service", "LIFE=15ms"), "finish": accountant}, "START_GAP=20ms", "MISSING="+lacking)
			s.storm(kills, uint64(len(lacking)))
			cmd := s.start()
			runs := strings.Count(s.file("account"), "run")
			s.until("run again", func() bool { return strings.Count(s.file("account"), "run") > runs })
			s.leave(cmd)
			runs, unknown := s.audit()
			t.Logf("%d kills, %d runs, %d ends of which nobody knows how", kills, runs, unknown)
		})
	}
}

func TestAServiceGoesOnAsIfNothingHadHappened(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"run": playing("service"), "finish": accountant})
	cmd := s.start()
	s.until("up", func() bool { return strings.Contains(s.file("account"), "run") && s.parsed().PID != 0 })
	for i, letters := range []string{"", "p", "o", "c"} {
		before := s.status()
		if letters != "" {
			s.tell(letters)
			s.until("recorded", func() bool { return s.status() != before })
			before = s.status()
		}
		s.kill(cmd)
		cmd = s.start()
		s.until("listening", func() bool { return Probe(filepath.Join(s.dir, "supervise")) == nil })
		if after := s.status(); after != before {
			t.Errorf("%d: status before\n%x, after\n%x", i, before, after)
		}
	}
	if s.parsed().Want != Once {
		t.Errorf("the wish was forgotten: %+v", s.parsed())
	}
	s.leave(cmd)
	if runs, unknown := s.audit(); runs != 1 || unknown != 0 {
		t.Errorf("%d runs, of %d nobody knows the end", runs, unknown)
	}
	if said := s.file("said"); said != "" {
		t.Errorf("said %q", said)
	}
}

func TestADownServiceStaysDown(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"run": playing("service"), "finish": accountant})
	cmd := s.start()
	s.until("up", func() bool { return strings.Contains(s.file("account"), "run") })
	s.tell("d")
	s.until("down", func() bool {
		return strings.Contains(s.file("account"), "finish") && s.parsed().Want == Down && s.parsed().PID == 0
	})
	s.kill(cmd)
	cmd = s.start()
	s.tell("x")
	if end := s.finished(cmd); end != "exit 0" {
		t.Errorf("it ends with %s", end)
	}
	s.audit()
	// After a clean end nothing is remembered.
	cmd = s.start()
	s.until("up", func() bool { return strings.Count(s.file("account"), "run") == 2 })
	s.leave(cmd)
}

func TestAnEndWithoutASuperviseIsSaidAndFollowed(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"run": playing("service"), "finish": accountant})
	cmd := s.start()
	s.until("up", func() bool { return strings.Contains(s.file("account"), "run") && s.parsed().PID != 0 })
	s.kill(cmd)
	pid := s.parsed().PID
	id := identity{pid, bornOf(pid)}
	s.signal(pid, syscall.SIGKILL)
	s.until("dead", func() bool { return !id.lives() })
	cmd = s.start()
	s.until("up again", func() bool { return strings.Count(s.file("account"), "run") == 2 })
	s.leave(cmd)
	// As long as nobody has waited for it, /proc knows.
	account, said := s.file("account"), s.file("said")
	unknown := strings.Contains(account, "finish -1 0\n") && said == "sv/run: exit status unknown\n"
	if known := strings.Contains(account, "finish 256 9\n") && said == ""; !known && !unknown {
		t.Errorf("said %q; account:\n%s", said, account)
	}
}

// Another supervise that knows nothing of the file has run in between.
func TestWhatAnotherSuperviseHasLeftCountsMore(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"run": playing("service"), "finish": accountant})
	cmd := s.start()
	s.until("up", func() bool { return strings.Contains(s.file("account"), "run") && s.parsed().PID != 0 })
	s.tell("d")
	s.until("down", func() bool { return strings.Contains(s.file("account"), "finish") && s.parsed().PID == 0 })
	s.kill(cmd)
	if err := os.WriteFile(filepath.Join(s.dir, "supervise/status"), []byte(strings.Repeat("x", recordSize)), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd = s.start()
	s.until("up again", func() bool { return strings.Count(s.file("account"), "run") == 2 })
	s.leave(cmd)
	if said := s.file("said"); said != "" {
		t.Errorf("said %q", said)
	}
}

func TestWithoutProcItIsSaidOnceThatNothingIsKept(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"run": playing("service", "LIFE=1ms")})
	cmd := s.start("KILL_AT=recorded 3")
	s.finished(cmd)
	cmd = s.start("MISSING=/proc/PID/stat")
	s.leave(cmd)
	if said := s.file("said"); said != "unable to tell whether sv still runs: no /proc\n" {
		t.Errorf("said %q", said)
	}
}

func TestALoggerAndItsServiceKeepTheirPipe(t *testing.T) {
	t.Parallel()
	for _, lacking := range []string{"", "/proc/PID/fd", "pidfd_open pidfd_getfd"} {
		t.Run("without "+lacking, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, map[string]string{"run": playing("writer"), "log": playing("logger"), "encore": ""}, "START_GAP=10ms", "MISSING="+lacking)
			lines := func() int { return strings.Count(s.file("log.out"), "\n") }
			cmd := s.start()
			for i := range 12 {
				n := lines()
				var st Status
				s.until("logging", func() bool {
					st = s.parsed()
					return lines() > n+5 && st.PID != 0 && st.Log != nil && st.Log.PID != 0
				})
				s.kill(cmd)
				if i%3 == 1 { // the logger dies while nobody looks, and what it has not read stays in the pipe
					s.signal(st.PID, syscall.SIGSTOP) // or it would find that nobody reads
					s.signal(st.Log.PID, syscall.SIGKILL)
				}
				cmd = s.start()
				if i%3 == 1 {
					s.until("listening", func() bool { return Probe(filepath.Join(s.dir, "supervise")) == nil })
					s.signal(st.PID, syscall.SIGCONT)
				}
				if i%3 == 2 { // or the next supervise has to start it again
					s.until("logged", func() bool {
						st = s.parsed()
						return Probe(filepath.Join(s.dir, "supervise")) == nil && st.Log != nil && st.Log.PID != 0
					})
					s.signal(st.Log.PID, syscall.SIGKILL)
				}
			}
			n := lines()
			s.until("logging", func() bool { return lines() > n+5 })
			s.tell("dx")
			if end := s.finished(cmd); end != "exit 0" {
				t.Errorf("it ends with %s", end)
			}
			if account := s.file("account"); account != "" {
				t.Errorf("account: %s", account)
			}
			next := 0
			in := bufio.NewScanner(strings.NewReader(s.file("log.out")))
			for ; in.Scan(); next++ {
				if in.Text() != strconv.Itoa(next) {
					t.Fatalf("line %d is %q", next, in.Text())
				}
			}
			if _, err := os.Lstat(filepath.Join(s.dir, "supervise/running")); err == nil {
				t.Error("running is left")
			}
			for line := range strings.Lines(s.file("said")) {
				if line != "sv/log: exit status unknown\n" {
					t.Errorf("said %q", line)
				}
			}
		})
	}
}

// The fork of a supervise does what syscall.StartProcess does, and the kernel
// writes the pid before the child can do anything.
func TestTheCellHasThePidBeforeTheChildRuns(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "running")
	r, _, err := openRunning(path, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	var out [2]int
	if err := pipe(out[:]); err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(out[0]), "")
	defer f.Close()
	// The child reads the file as its first act: what the kernel has written is
	// its pid.
	c := shell("echo $$; od -An -tu4 -j " + strconv.Itoa(cellsAt) + " -N 4 " + path)
	c.files[1] = uintptr(out[1])
	c.cell = r.cell(0)
	ch, err := start(c)
	_ = unix.Close(out[1])
	if err != nil {
		t.Fatal(err)
	}
	var pid, cell int
	if _, err := fmt.Fscan(bufio.NewReader(f), &pid, &cell); err != nil || pid != ch.pid || cell != pid {
		t.Errorf("pid %d, of which the child says %d and the cell %d (%v)", ch.pid, pid, cell, err)
	}
	if e := awaited(t, &ch); !e.ok() {
		t.Errorf("it ends with %v", e)
	}
}
