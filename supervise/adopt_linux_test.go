package supervise

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func init() {
	players["supervise"] = superviseInRole
	players["service"] = playService
	players["writer"] = playWriter
	players["logger"] = playLogger
}

// superviseInRole is a supervise of the working directory that kills itself at an
// instant, such as the second time of "asked 2", and does without some calls.
func superviseInRole() {
	what, nth, _ := strings.Cut(os.Getenv("KILL_AT"), " ")
	left, _ := strconv.Atoi(nth)
	at = func(instant string) {
		if instant == what {
			if left--; left == 0 {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				time.Sleep(limit)
			}
		}
	}
	if gap, err := time.ParseDuration(os.Getenv("START_GAP")); err == nil {
		startGap = gap
	}
	for word := range strings.FieldsSeq(os.Getenv("MISSING")) {
		*map[string]*bool{"pidfd_open": &missing.pidfdOpen, "pidfd_getfd": &missing.pidfdGetfd, "PIDFD_GET_INFO": &missing.pidfdInfo,
			"/proc/PID/fd": &missing.procFD, "/proc/PID/stat": &missing.procStat}[word] = true
	}
	say := func(err error) { fmt.Fprintln(os.Stderr, err) }
	s, err := Open(".", Options{Name: "sv", Warn: say, Unable: say})
	if err != nil {
		say(err)
		os.Exit(111)
	}
	l, err := NewLoop(s)
	if err == nil {
		err = l.Run()
	}
	if err != nil {
		say(err)
		os.Exit(111)
	}
}

// note adds a line to the account of the service directory.
func note(words ...any) {
	f, err := os.OpenFile("account", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		panic(err)
	}
	_, _ = fmt.Fprintln(f, words...)
	_ = f.Close()
}

// alone notes a second copy.
func alone(name string) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
	if err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err != nil {
		note("TWICE", err, os.Getpid())
	}
}

// playService lives for a moment, or until it gets a signal.
func playService() {
	alone("only")
	note("run", os.Getpid())
	if d, err := time.ParseDuration(os.Getenv("LIFE")); err == nil {
		time.Sleep(d)
		os.Exit(3)
	}
	time.Sleep(10 * limit)
}

// playWriter writes numbered lines where another has stopped.
func playWriter() {
	alone("only")
	next := 0
	if b, err := os.ReadFile("written"); err == nil {
		next, _ = strconv.Atoi(string(b))
	}
	for ; ; next++ {
		fmt.Println(next)
		_ = os.WriteFile("written", []byte(strconv.Itoa(next+1)), 0o644)
		time.Sleep(time.Millisecond)
	}
}

// playLogger takes and notes single bytes in one step of the kernel, so that what
// it has not noted is in the pipe.
func playLogger() {
	alone("onlylog")
	fd, err := unix.Open("log.out", unix.O_WRONLY|unix.O_CREAT, 0o644)
	if err != nil {
		panic(err)
	}
	for off, _ := unix.Seek(fd, 0, unix.SEEK_END); ; {
		n, err := unix.Splice(0, nil, fd, &off, 1, 0)
		if err != unix.EINTR && (err != nil || n == 0) {
			return
		}
	}
}

// A site is a service directory whose supervise is killed.
type site struct {
	t    *testing.T
	dir  string
	env  []string
	cmds []*exec.Cmd
}

// playing is a script that becomes the test binary in a role.
func playing(role string, env ...string) string {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return "#!/bin/sh\nTAILIGHT_PLAY=" + role + " " + strings.Join(env, " ") + " exec " + self + "\n"
}

func newSite(t *testing.T, files map[string]string, env ...string) *site {
	t.Helper()
	s := &site{t: t, dir: serviceDir(t, files), env: env}
	t.Cleanup(s.clear)
	return s
}

// clear ends what a test that failed has left.
func (s *site) clear() {
	for _, cmd := range s.cmds {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	main, log, _, _ := kept(filepath.Join(s.dir, "supervise"))
	for _, id := range []identity{main, log} {
		if id.pid != 0 {
			_ = syscall.Kill(id.pid, syscall.SIGKILL)
		}
	}
}

// start starts a supervise.
func (s *site) start(env ...string) *exec.Cmd {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Dir = s.dir
	cmd.Env = append(append(append(os.Environ(), "TAILIGHT_PLAY=supervise"), s.env...), env...)
	file, err := os.OpenFile(filepath.Join(s.dir, "said"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		s.t.Fatal(err)
	}
	cmd.Stderr = file // and not a pipe, which the service would keep open
	defer file.Close()
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.cmds = append(s.cmds, cmd)
	return cmd
}

// finished waits for a supervise, and reports how it has ended.
func (s *site) finished(cmd *exec.Cmd) string {
	s.t.Helper()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		if err == nil {
			return "exit 0"
		}
		return err.Error()
	case <-time.After(limit):
		_ = cmd.Process.Kill()
		<-done
		s.t.Fatalf("it does not end; account:\n%s\nsaid:\n%s", s.file("account"), s.file("said"))
	}
	return ""
}

// kill kills a supervise.
func (s *site) kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

func (s *site) file(name string) string {
	b, _ := os.ReadFile(filepath.Join(s.dir, name))
	return string(b)
}

// until waits for a condition.
func (s *site) until(what string, is func() bool) {
	s.t.Helper()
	for end := time.Now().Add(limit); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("not %s within %v; account:\n%s\nsaid:\n%s", what, limit, s.file("account"), s.file("said"))
		}
	}
}

// tell gives letters as soon as a supervise listens.
func (s *site) tell(letters string) {
	s.t.Helper()
	s.until("told "+letters, func() bool { return Send(filepath.Join(s.dir, "supervise"), []byte(letters)) == nil })
}

func (s *site) status() string { return s.file("supervise/status") }

// signal sends a signal to a process that there has to be: 0 would be our group.
func (s *site) signal(pid int, sig syscall.Signal) {
	s.t.Helper()
	if pid <= 0 {
		s.t.Fatalf("no process to get %v; account:\n%s\nsaid:\n%s", sig, s.file("account"), s.file("said"))
	}
	_ = syscall.Kill(pid, sig)
}

func (s *site) parsed() Status {
	st, _ := ParseStatus([]byte(s.status()))
	return st
}

// leave ends the service and a supervise, and looks that nothing is left.
func (s *site) leave(cmd *exec.Cmd) {
	s.t.Helper()
	s.tell("dx")
	if end := s.finished(cmd); end != "exit 0" {
		s.t.Errorf("it ends with %s", end)
	}
	if _, err := os.Lstat(filepath.Join(s.dir, "supervise/running")); err == nil {
		s.t.Error("running is left")
	}
}

// audit checks that run and finish take turns, so that there were no two copies
// and no end without a finish, and counts the runs.
func (s *site) audit() (runs, unknown int) {
	s.t.Helper()
	last := ""
	for line := range strings.Lines(s.file("account")) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case word == "finish" && word == last && rest == "256 15": // told to end before it has noted its run
			runs++
		case word == last || word != "run" && word != "finish":
			s.t.Fatalf("%s after %s:\n%s", word, last, s.file("account"))
		case word == "run":
			runs++
		case rest == "-1 0":
			unknown++
		case rest != "3 0" && rest != "256 15" && rest != "256 9":
			s.t.Errorf("finish was called with %s", rest)
		}
		last = word
	}
	if last != "finish" {
		s.t.Errorf("the last is %s", last)
	}
	return runs, unknown
}

const accountant = "#!/bin/sh\necho finish $1 $2 >>account\n"

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
	defer unix.Close(out[0])
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
	f := os.NewFile(uintptr(out[0]), "")
	var pid, cell int
	if _, err := fmt.Fscan(bufio.NewReader(f), &pid, &cell); err != nil || pid != ch.pid || cell != pid {
		t.Errorf("pid %d, of which the child says %d and the cell %d (%v)", ch.pid, pid, cell, err)
	}
	if e := awaited(t, &ch); !e.ok() {
		t.Errorf("it ends with %v", e)
	}
}
