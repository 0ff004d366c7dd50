package cli

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// What is left to do when a limit may be reached allocates nothing.
func TestAFailingExecAllocatesNothing(t *testing.T) {
	e := newEnv(t, "softlimit")
	null, err := os.OpenFile("/dev/null", os.O_WRONLY, 0)
	must(t, err)
	defer null.Close()
	e.Err = null
	words := e.lastWords("unable to run x")
	img := load([]string{"/no/x", "/", "/no/y"}, []string{"x", "y"}, []string{"A=1"})
	var errno syscall.Errno
	if n := testing.AllocsPerRun(100, func() { errno = img.exec() }); n != 0 || errno != syscall.EACCES {
		t.Errorf("%v allocations in an exec that fails with %v, want none and EACCES", n, errno)
	}
	if n := testing.AllocsPerRun(100, func() { words.fatal("unable to run x", errno) }); n != 0 {
		t.Errorf("%v allocations in a diagnostic", n)
	}
}

func TestLastWordsAreADiagnosticAsAnyOther(t *testing.T) {
	t.Parallel()
	for _, failed := range []string{"setrlimit failed", "unable to run " + strings.Repeat("x", 1000)} {
		for _, errno := range []syscall.Errno{syscall.ENOENT, syscall.EPROTONOSUPPORT, 4711} {
			one, two := newEnv(t, "softlimit"), newEnv(t, "softlimit")
			words := one.lastWords(failed)
			if code := words.fatal(failed, errno); code != Failed {
				t.Errorf("code %d", code)
			}
			two.Fatal(&os.SyscallError{Syscall: failed, Err: errno})
			got, want := text(t, one.Err), text(t, two.Err)
			if got != want || cap(words.line) < len(got) {
				t.Errorf("%q in %d bytes, want %q", got, cap(words.line), want)
			}
		}
	}
}
