package chain

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/tailight/tailight/cmd/internal/cli"
)

const softlimitUsage = "softlimit [-a allbytes] [-c corebytes] [-d databytes] [-f filebytes] [-l lockbytes]" +
	" [-m membytes] [-o openfiles] [-p processes] [-r residentbytes] [-s stackbytes] [-t cpusecs] child"

// limits are the options of softlimit, and the variables that stand for them,
// in the order in which these are obeyed.
var limits = []struct {
	letter    byte
	variable  string
	resources []int
}{
	{'a', "ALLBYTES", []int{unix.RLIMIT_AS}},
	{'c', "COREBYTES", []int{unix.RLIMIT_CORE}},
	{'d', "DATABYTES", []int{unix.RLIMIT_DATA}},
	{'f', "FILEBYTES", []int{unix.RLIMIT_FSIZE}},
	{'l', "LOCKEDBYTES", []int{unix.RLIMIT_MEMLOCK}},
	{'m', "MEMBYTES", []int{unix.RLIMIT_DATA, unix.RLIMIT_STACK, unix.RLIMIT_MEMLOCK, unix.RLIMIT_AS}},
	{'o', "OPENFILES", []int{unix.RLIMIT_NOFILE}},
	{'p', "PROCS", []int{unix.RLIMIT_NPROC}},
	{'r', "RSSBYTES", []int{unix.RLIMIT_RSS}},
	{'s', "STACKBYTES", []int{unix.RLIMIT_STACK}},
	{'t', "CPUSECS", []int{unix.RLIMIT_CPU}},
}

// Softlimit runs a program with new soft limits.
func Softlimit(e *cli.Env) int {
	var s soft
	if !s.variables(cli.Environ()) {
		return e.Usage(softlimitUsage)
	}
	operands, ok := e.OptionsUntil("a:c:d:f:l:m:o:p:r:s:t:", s.option)
	if !ok || len(operands) == 0 {
		return e.Usage(softlimitUsage)
	}
	return e.ExecAfter(s.set, operands, cli.Environ())
}

// soft is what softlimit has to set, in order. Nothing is set before all of it
// is understood, and the program is ready to be run: with a limit reached it
// could not be made ready any more.
type soft struct {
	steps  []limit
	rlimit syscall.Rlimit // for set, which must not allocate it
}

// limit is one resource and its new limit.
type limit struct {
	resource int
	value    uint64
	how      how
}

type how int

const (
	toNumber how = iota // but never above the hard limit
	toHard              // "="
	toNone              // "-": no limit, neither soft nor hard
)

// variables takes limits from the environment, each like its option, and
// reports whether all are well-formed.
func (s *soft) variables(environ []string) (ok bool) {
	for _, l := range limits {
		for _, v := range environ {
			arg, found := strings.CutPrefix(v, "SOFTLIMIT_"+l.variable+"=")
			if found && !s.option(l.letter, arg) {
				return false
			}
			if found {
				break
			}
		}
	}
	return true
}

// option takes one limit, and reports whether it is well-formed.
func (s *soft) option(letter byte, arg string) (ok bool) {
	var next limit
	switch arg {
	case "=":
		next.how = toHard
	case "-":
		next.how = toNone
	default:
		if next.value, ok = number(arg); !ok {
			return false
		}
	}
	for _, l := range limits {
		if l.letter != letter {
			continue
		}
		for _, next.resource = range l.resources {
			s.steps = append(s.steps, next)
		}
	}
	return true
}

// number reads decimal digits, and nothing else. No digit is 0, and what is
// too large wraps around, as in the original.
func number(s string) (n uint64, ok bool) {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

// set sets the limits. It is a cli.Last: the system calls are raw, and every
// byte it needs is there.
func (s *soft) set() (failed string, errno syscall.Errno) {
	for i := range s.steps {
		if failed, errno = s.step(&s.steps[i]); errno != 0 {
			return failed, errno
		}
	}
	return "", 0
}

func (s *soft) step(l *limit) (failed string, errno syscall.Errno) {
	r := &s.rlimit
	if err := syscall.Getrlimit(l.resource, r); err != nil {
		return "getrlimit failed", err.(syscall.Errno)
	}
	switch l.how {
	case toNumber:
		assign(&r.Cur, min(l.value, uint64(r.Max)))
	case toHard:
		r.Cur = r.Max
	case toNone:
		r.Cur, r.Max = unix.RLIM_INFINITY, unix.RLIM_INFINITY
	}
	if err := syscall.Setrlimit(l.resource, r); err != nil {
		return "setrlimit failed", err.(syscall.Errno)
	}
	return "", 0
}

// assign sets a limit, whose type is not the same on every system.
func assign[T int64 | uint64](to *T, value uint64) { *to = T(value) }
