package cli

import (
	"runtime"
	"runtime/debug"
	"syscall"
)

// A Last is what a command does when everything is ready for exec and only
// the exec is left. It may do system calls, and nothing that allocates, maps
// memory, starts a goroutine or opens a file. If errno is not 0 the command
// gives up, and failed says what it could not do.
type Last func() (failed string, errno syscall.Errno)

// Exec makes this process the program argv[0], found as Search does, with
// these arguments and this environment. The process stays the same, with the
// descriptors, the signal mask, the ignored signals and the limits that it was
// started with. Exec returns when it fails, and then has said why.
func (e *Env) Exec(argv, envv []string) int { return e.ExecAfter(nil, argv, envv) }

// ExecAfter is Exec, with something done last. The limits may by then be such
// that the process cannot allocate a byte or start a thread. So the program's
// names, its arguments, and what is said if it fails are in memory before.
func (e *Env) ExecAfter(last Last, argv, envv []string) int {
	p := e.prepare(argv, envv)
	inherit()
	return p.exec(last)
}

// A prepared program needs no memory any more to be run, and none to say that
// it cannot be.
type prepared struct {
	img    *image
	unable string
	words  lastWords
}

// prepare also turns the garbage collector off, and keeps other goroutines
// from running, for which the runtime might start a thread.
func (e *Env) prepare(argv, envv []string) prepared {
	unable := "unable to run " + argv[0]
	p := prepared{load(Candidates(argv[0]), argv, envv), unable, e.lastWords(unable)}
	debug.SetGCPercent(-1)
	runtime.GOMAXPROCS(1)
	deepen()
	InheritOpenFiles()
	return p
}

// InheritOpenFiles makes the soft limit of open files what it was at the start
// of the process. Go's runtime raises it, and only syscall.Exec can take that
// back. It does so before it finds that there is no such program.
func InheritOpenFiles() { _ = syscall.Exec("", nil, nil) }

// exec returns if it fails, and has said why.
func (p *prepared) exec(last Last) int {
	if last != nil {
		if failed, errno := last(); errno != 0 {
			return p.words.fatal(failed, errno)
		}
	}
	return p.words.fatal(p.unable, p.img.exec())
}

// deepen makes the stack large enough for what follows.
//
//go:noinline
func deepen() {
	var room [16 << 10]byte
	touch(room[:])
}

//go:noinline
func touch(b []byte) { b[0] = 1 }

// lastWords is a diagnostic whose memory is there before it is known whether
// it is needed, and with which reason.
type lastWords struct {
	fd   int
	line []byte // the prefix, with room for the rest
}

func (e *Env) lastWords(longest string) lastWords {
	prefix := e.Name + ": fatal: "
	line := make([]byte, 0, len(prefix)+len(longest)+100) // the longest reason has 36 bytes
	return lastWords{fd: descriptor(e.Err), line: append(line, prefix...)}
}

// fatal is Env.Fatal without an allocation.
func (w lastWords) fatal(failed string, errno syscall.Errno) int {
	line := append(w.line, failed...)
	line = append(line, ": "...)
	line = append(line, reason(errno)...)
	write(w.fd, append(line, '\n'))
	return Failed
}
