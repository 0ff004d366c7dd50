package chain

import (
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestANumberIsDecimalDigitsAndWraps(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]uint64{
		"": 0, "0": 0, "007": 7, "18446744073709551615": 1<<64 - 1, "18446744073709551616": 0, "18446744073709551617": 1,
	} {
		if got, ok := number(s); got != want || !ok {
			t.Errorf("%q: %d, %v, want %d", s, got, ok, want)
		}
	}
	for _, s := range []string{"-1", "+1", " 1", "1 ", "1k", "0x1", "=", "-", "½"} {
		if got, ok := number(s); ok {
			t.Errorf("%q is %d, want no number", s, got)
		}
	}
}

func TestVariablesComeInTheOrderOfTheTable(t *testing.T) {
	t.Parallel()
	var s soft
	ok := s.variables([]string{"SOFTLIMIT_OPENFILES=7", "X=1", "SOFTLIMIT_COREBYTES==", "SOFTLIMIT_COREBYTES=5", "SOFTLIMIT_=9", "SOFTLIMIT_CPUSECS=-", "SOFTLIMIT_PROCS="})
	want := []limit{{unix.RLIMIT_CORE, 0, toHard}, {unix.RLIMIT_NOFILE, 7, toNumber}, {unix.RLIMIT_NPROC, 0, toNumber}, {unix.RLIMIT_CPU, 0, toNone}}
	if !ok || !slices.Equal(s.steps, want) {
		t.Errorf("%v, %v, want %v", s.steps, ok, want)
	}
	if s.variables([]string{"SOFTLIMIT_OPENFILES=many"}) {
		t.Error("a malformed value is taken")
	}
}

// Between the first limit and the exec there may be no memory to be had.
func TestSettingLimitsAllocatesNothing(t *testing.T) {
	var core syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_CORE, &core))
	defer func() { must(t, syscall.Setrlimit(syscall.RLIMIT_CORE, &core)) }()
	var s soft
	s.option('c', "=")
	s.option('c', "0")
	var errno syscall.Errno
	if n := testing.AllocsPerRun(100, func() { _, errno = s.set() }); n != 0 || errno != 0 {
		t.Errorf("%v allocations, %v", n, errno)
	}
	bad := soft{steps: []limit{{resource: 4711}}}
	var failed string
	if n := testing.AllocsPerRun(100, func() { failed, errno = bad.set() }); n != 0 || failed != "getrlimit failed" || errno != syscall.EINVAL {
		t.Errorf("%v allocations, %q, %v, want getrlimit failed and EINVAL", n, failed, errno)
	}
}
