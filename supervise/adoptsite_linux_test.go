package supervise

import (
	"fmt"
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
