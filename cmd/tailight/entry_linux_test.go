//go:build amd64 || arm64

package main

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// What commands and their children have of the signals, the descriptors and
// the limits of whoever started them. The golden group chain-pass has what a
// shell can do to these; here is the rest of it.

// disposed is a command of the test binary: disposed IGNORED BLOCKED PROGRAM ARG...
// makes exactly these signals, sets in hexadecimal, ignored and blocked, and
// becomes the program.
func disposed() {
	runtime.LockOSThread()
	for sig := uintptr(1); sig <= 64; sig++ {
		act := [8]uint64{set(os.Args[1]) >> (sig - 1) & 1} // SIG_DFL or SIG_IGN
		_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, sig, uintptr(unsafe.Pointer(&act)), 0, 8, 0, 0)
	}
	blocked := set(os.Args[2])
	const setMask = 2
	_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, setMask, uintptr(unsafe.Pointer(&blocked)), 0, 8, 0, 0)
	panic(syscall.Exec(os.Args[3], os.Args[3:], os.Environ()))
}

func set(hex string) uint64 {
	n, err := strconv.ParseUint(hex, 16, 64)
	if err != nil {
		panic(err)
	}
	return n
}

// underDisposed is a command that is started with these signals ignored and
// blocked.
func underDisposed(t *testing.T, ignored, blocked uint64, program ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, append([]string{fmt.Sprintf("%x", ignored), fmt.Sprintf("%x", blocked)}, program...)...)
	cmd.Args[0] = "disposed"
	cmd.Dir, cmd.Env = t.TempDir(), testEnv("")
	if err := os.Mkdir(cmd.Dir+"/e", 0o755); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func sigset(sigs ...syscall.Signal) (all uint64) {
	for _, s := range sigs {
		all |= 1 << (s - 1)
	}
	return all
}

// every signal that can be ignored or blocked.
var every = ^sigset(syscall.SIGKILL, syscall.SIGSTOP)

// chained are the commands that become another program, and fghack.
var chained = [][]string{{"fghack"}, {"envdir", "e"}, {"envini", "none"}, {"envuidgid", "root"}, {"pgrphack"}, {"setlock", "f"}, {"softlimit", "-c", "="}}

// signalsOf returns SigBlk and SigIgn of what a command becomes.
func signalsOf(t *testing.T, cmd *exec.Cmd) (blocked, ignored uint64) {
	t.Helper()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(out))
	if len(lines) != 4 || lines[0] != "SigBlk:" || lines[2] != "SigIgn:" {
		t.Fatalf("it said %q", out)
	}
	return set(lines[1]), set(lines[3])
}

func TestIgnoredAndBlockedSignalsAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	bin := built(t)
	for _, c := range []struct {
		name             string
		ignored, blocked uint64
	}{
		{"none", 0, 0},
		{"every signal ignored", every, 0},
		{"every signal blocked", 0, every},
		{"both", every, every},
		{"CHLD ignored", sigset(syscall.SIGCHLD), 0},
		{"CHLD and PROF blocked", 0, sigset(syscall.SIGCHLD, syscall.SIGPROF)},
		{"PIPE and TERM ignored, USR2 blocked", sigset(syscall.SIGPIPE, syscall.SIGTERM), sigset(syscall.SIGUSR2)},
	} {
		for _, command := range chained {
			t.Run(c.name+" "+command[0], func(t *testing.T) {
				t.Parallel()
				program := slices.Concat([]string{filepath.Join(bin, command[0])}, command[1:], []string{"sed", "-n", "/^Sig[BI]/p", "/proc/self/status"})
				blocked, ignored := signalsOf(t, underDisposed(t, c.ignored, c.blocked, program...))
				if blocked != c.blocked || ignored != c.ignored {
					t.Errorf("blocked %#x, ignored %#x, want %#x and %#x", blocked, ignored, c.blocked, c.ignored)
				}
			})
		}
	}
}

// A signal that a command asks for is not ignored, whatever its parent did.
func TestIgnoredSignalsStillReachMultilog(t *testing.T) {
	t.Parallel()
	cmd := underDisposed(t, every, 0, filepath.Join(built(t), "multilog"), "./d")
	pipe, err := newConduit()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.close()
	cmd.Stdin = pipe.r
	j, err := startJob(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = j.wait()
	}()
	if err := pipe.feed(j, []byte("one\n")); err != nil {
		t.Fatal(err)
	}
	for _, ignored := range []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGQUIT, syscall.SIGPIPE} {
		if err := j.signal(ignored); err != nil {
			t.Fatal(err)
		}
	}
	if err := pipe.feed(j, []byte("two\n")); err != nil {
		t.Fatal(err)
	}
	if err := j.signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := j.wait(); err != nil {
		t.Fatal(err)
	}
	if got, want := readAll(cmd.Dir+"/d/current"), "one\ntwo\n"; j.end() != "exit 0" || got != want {
		t.Errorf("%s with %q, want exit 0 and %q", j.end(), got, want)
	}
}

// Without the flag, a binary passes on what the runtime lets it know.
func TestABinaryWithoutTheEntryWorks(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	if err := build(bin, ""); err != nil {
		t.Fatal(err)
	}
	if plain, ours := entryOf(t, bin), entryOf(t, built(t)); plain == ours {
		t.Errorf("both binaries start at %#x", ours)
	}
	hupInt, usr2 := sigset(syscall.SIGHUP, syscall.SIGINT), sigset(syscall.SIGUSR2)
	for _, command := range []string{"pgrphack", "fghack"} {
		cmd := underDisposed(t, hupInt|sigset(syscall.SIGTERM), usr2, filepath.Join(bin, command), "sed", "-n", "/^Sig[BI]/p", "/proc/self/status")
		if blocked, ignored := signalsOf(t, cmd); ignored != hupInt || blocked != usr2 {
			t.Errorf("%s: ignored %#x, blocked %#x, want HUP, INT and USR2", command, ignored, blocked)
		}
	}
}

func entryOf(t *testing.T, bin string) uint64 {
	t.Helper()
	f, err := elf.Open(filepath.Join(bin, "tailight"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return f.Entry
}

// With any limit at nothing the program is still executed, or it is said why
// not. What then becomes of the program is its own affair.
func TestEveryLimitMayBeZero(t *testing.T) {
	t.Parallel()
	bin := built(t)
	for _, letter := range "acdlmoprst" {
		t.Run(string(letter), func(t *testing.T) {
			t.Parallel()
			for range 20 {
				var said strings.Builder
				cmd := exec.Command(filepath.Join(bin, "softlimit"), "-"+string(letter), "0", "/bin/sh", "-c", "exit 7")
				cmd.Stderr, cmd.Env = &said, testEnv("")
				err := cmd.Run()
				if cmd.ProcessState == nil {
					t.Fatal(err)
				}
				code := cmd.ProcessState.ExitCode() // -1 of one that was killed
				if !slices.Contains([]int{-1, 7, 127}, code) || strings.Contains(said.String(), "softlimit") || strings.Contains(said.String(), "runtime") {
					t.Fatalf("%v, said %q", cmd.ProcessState, said.String())
				}
			}
		})
	}
}

// Whether the runtime has to ask for memory at a moment is a matter of chance:
// its heap begins anywhere in its first megabytes.
func TestTightLimitsAreNoMatterOfChance(t *testing.T) {
	t.Parallel()
	bin := built(t)
	for _, command := range chained {
		t.Run(command[0], func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.Mkdir(dir+"/e", 0o755); err != nil {
				t.Fatal(err)
			}
			for range 50 {
				cmd := exec.Command("/bin/sh", "-c", `ulimit -S -v 20000; exec "$0"/`+strings.Join(command, " ")+` sh -c 'ulimit -S -v'`, bin)
				cmd.Dir, cmd.Env = dir, testEnv("")
				if out, err := cmd.CombinedOutput(); string(out) != "20000\n" || err != nil {
					t.Fatalf("%v, said %s", err, out)
				}
			}
		})
	}
}

// The pipe takes what there is, and leaves the program three.
func TestFghackLeavesAFewDescriptors(t *testing.T) {
	t.Parallel()
	for limit := 12; limit <= 40; limit += 4 {
		for _, kind := range []string{"-S", "-H -S"} {
			script := fmt.Sprintf(`ulimit %s -n %d; exec "$0"/fghack sh -c 'for i in %d %d %d; do test -e /proc/$$/fd/$i && exit 1; done; exit 7'`,
				kind, limit, limit-3, limit-2, limit-1)
			cmd := exec.Command("/bin/sh", "-c", script, built(t))
			cmd.Env = testEnv("")
			if out, _ := cmd.CombinedOutput(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 7 || len(out) != 0 {
				t.Errorf("ulimit %s -n %d: %v, said %q, want exit 7", kind, limit, cmd.ProcessState, out)
			}
		}
	}
}
