package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// limit is how long a test waits for an event before it gives up.
const limit = 30 * time.Second

var peerFlag = flag.String("peer", "", "`directory` of the original daemontools programs (default: that of multilog in PATH)")

// systemPath is PATH as it was before testscript put our commands in front.
var systemPath = os.Getenv("PATH")

// players are what the test binary is besides, by name.
var players = map[string]func(){}

// TestMain lets the test binary play every command of the table: a link with
// the name of a command, pointing to this binary, is that command; one with
// the name tailight is the whole.
func TestMain(m *testing.M) {
	played := map[string]func(){}
	for _, c := range commands {
		played[c.Name] = func() { cli.Main(c.Name, c.Run) }
	}
	played[self] = main
	played["disposed"] = disposed
	maps.Copy(played, players)
	if played[filepath.Base(os.Args[0])] == nil {
		moreParallel()
		noCores()
		defaultActions()
		noInheritance()
		syscall.Umask(0o022) // that of the golden data
	}
	testscript.Main(cleaned{m}, played)
}

// cleaned removes what all tests together have built.
type cleaned struct{ *testing.M }

func (m cleaned) Run() int {
	code := m.M.Run()
	if builtDir != "" {
		_ = os.RemoveAll(builtDir)
	}
	return code
}

// moreParallel raises the default of -parallel: the tests of this package
// mostly wait for other processes. A flag of the command line still wins.
func moreParallel() {
	n := strconv.Itoa(4 * runtime.GOMAXPROCS(0))
	if err := flag.Set("test.parallel", n); err != nil {
		panic(err)
	}
}

// noCores keeps programs that die by SIGQUIT or SIGSEGV from leaving a core.
func noCores() {
	var core syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_CORE, &core) == nil {
		core.Cur = 0
		_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &core)
	}
}

// defaultActions makes signals that whoever started the test ignores, as a
// shell does for what it runs in the background, default in its children: a
// signal with a handler is that after exec, and an ignored one stays so.
func defaultActions() {
	for s := syscall.Signal(1); s < 32; s++ {
		if signal.Ignored(s) || ignoredStop(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
	// Of these the runtime does not know whether they are ignored.
	for _, s := range []os.Signal{syscall.SIGCONT, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU} {
		signal.Notify(make(chan os.Signal, 1), s)
		signal.Reset(s)
	}
}

// ignoredStop reports whether a signal of job control is ignored, which
// signal.Ignored does not know.
func ignoredStop(s syscall.Signal) bool {
	switch s {
	case syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGCONT:
	default:
		return false
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false // not on this system
	}
	_, ignored, _ := strings.Cut(string(status), "\nSigIgn:\t")
	ignored, _, _ = strings.Cut(ignored, "\n")
	set, err := strconv.ParseUint(ignored, 16, 64)
	return err == nil && set>>(s-1)&1 != 0
}

// noInheritance keeps descriptors that whoever started the test left open from
// the programs under test: the golden data show which ones a processor has.
func noInheritance() {
	for fd := 3; fd < 1024; fd++ {
		syscall.CloseOnExec(fd) // of one that is not open it does nothing
	}
}

// ours returns a directory with a link to this binary for every command of
// the table.
func ours(t testing.TB) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, c := range commands {
		if err := os.Symlink(self, filepath.Join(dir, c.Name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// peer returns the directory of the original programs, after making sure
// that it is them: tai64nlocal of daemontools 0.76 dies of SIGSEGV where
// nothing else does.
func peer(t testing.TB) string {
	t.Helper()
	dir := *peerFlag
	if dir == "" {
		for _, d := range filepath.SplitList(systemPath) {
			if _, err := os.Stat(filepath.Join(d, "multilog")); err == nil {
				dir = d
				break
			}
		}
	}
	if dir == "" {
		t.Fatal("no multilog in PATH: install daemontools 0.76, or say where it is with -peer=DIR")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "tai64nlocal"))
	cmd.Stdin = strings.NewReader("@no label\n")
	err = cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGSEGV {
		t.Fatalf("%s is not daemontools 0.76: its tai64nlocal survives a line that kills the original (%v)", dir, cmd.ProcessState)
	}
	return dir
}

// TestScripts runs the scripts of testdata/script.
func TestScripts(t *testing.T) {
	const dir = "../../testdata/script"
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no scripts in " + dir)
	}
	testscript.Run(t, testscript.Params{
		Files:               files,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"built":      scriptBuilt,
			"signal":     scriptSignal,
			"eventually": scriptEventually,
		},
	})
}

// scriptBuilt is the command `built`: from here on the commands are those that make
// build makes, tailight-zstd among them. This binary cannot play that: it would bring
// 32 MiB to all others.
func scriptBuilt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: built")
	}
	dir, err := buildOnce()
	ts.Check(err)
	ts.Setenv("PATH", dir+string(os.PathListSeparator)+ts.Getenv("PATH"))
	ts.Setenv("BUILT", dir)
}

// scriptSignal is the command `signal NAME job`.
func scriptSignal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: signal NAME job")
	}
	sig, ok := scriptSignals[args[0]]
	if !ok {
		ts.Fatalf("unknown signal %s", args[0])
	}
	job := backgroundJob(ts, args[1])
	if job == nil {
		ts.Fatalf("unknown background process %q", args[1])
	}
	ts.Check(job.Process.Signal(sig))
}

var scriptSignals = map[string]syscall.Signal{
	"ALRM": syscall.SIGALRM, "CHLD": syscall.SIGCHLD, "CONT": syscall.SIGCONT,
	"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "KILL": syscall.SIGKILL,
	"PIPE": syscall.SIGPIPE, "QUIT": syscall.SIGQUIT, "STOP": syscall.SIGSTOP,
	"TERM": syscall.SIGTERM, "USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2,
}

// backgroundJob finds a background process by its name. testscript hands out
// the processes without their names, which stand in a field of its own.
func backgroundJob(ts *testscript.TestScript, name string) *exec.Cmd {
	jobs := ts.BackgroundCmds()
	list := reflect.ValueOf(ts).Elem().FieldByName("background")
	for i := range jobs {
		if list.Index(i).FieldByName("name").String() == name {
			return jobs[i]
		}
	}
	return nil
}

// scriptEventually is the command `eventually [!] COMMAND ARG ...`: it
// repeats the check until it succeeds, for ten seconds. The checks are exec,
// exists (with file name patterns), and grep PATTERN FILE.
func scriptEventually(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("say eventually ! COMMAND")
	}
	want := true
	if len(args) > 0 && args[0] == "!" {
		want, args = false, args[1:]
	}
	if len(args) < 2 {
		ts.Fatalf("usage: eventually [!] exec|exists|grep ARG ...")
	}
	var err error
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if err = scriptCheck(ts, args[0], args[1:]); (err == nil) == want {
			return
		}
	}
	ts.Fatalf("not within ten seconds: %s (%v)", strings.Join(args, " "), err)
}

func scriptCheck(ts *testscript.TestScript, name string, args []string) error {
	switch name {
	case "exec":
		return ts.Exec(args[0], args[1:]...)
	case "exists":
		for _, pattern := range args {
			if found, err := filepath.Glob(ts.MkAbs(pattern)); err != nil || len(found) == 0 {
				return fmt.Errorf("%s does not exist", pattern)
			}
		}
		return nil
	case "grep":
		return scriptGrep(ts, args)
	}
	ts.Fatalf("eventually knows exec, exists and grep, not %s", name)
	return nil
}

func scriptGrep(ts *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		ts.Fatalf("usage: eventually grep PATTERN FILE")
	}
	re, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	files, err := filepath.Glob(ts.MkAbs(args[1]))
	ts.Check(err)
	for _, name := range files {
		if data, err := os.ReadFile(name); err == nil && re.Match(data) {
			return nil
		}
	}
	return fmt.Errorf("%s does not match %s", args[1], args[0])
}
