package cli

import (
	"os/signal"
	"syscall"
	"unsafe"
)

// defaultSignals gives signals that Go's runtime catches for itself back
// their default action, so that they end our commands as they end the
// originals: SIGQUIT with a core and no goroutine dump, SIGPIPE at the write,
// SIGUSR1 and the rest at all. HUP, INT and TERM end a Go program as they
// should; SEGV and its like, and the signals of job control, stay the
// runtime's.
//
// A signal that the parent ignores stays ignored if it is HUP or INT only:
// the runtime takes the others before any code of ours runs.
func defaultSignals() {
	for _, sig := range []syscall.Signal{
		syscall.SIGQUIT, syscall.SIGTRAP, syscall.SIGABRT, syscall.SIGUSR1, syscall.SIGUSR2,
		syscall.SIGPIPE, syscall.SIGALRM, syscall.SIGSTKFLT, syscall.SIGXCPU, syscall.SIGXFSZ,
		syscall.SIGVTALRM, syscall.SIGPROF, syscall.SIGIO, syscall.SIGPWR, syscall.SIGSYS,
	} {
		// The runtime has to be told that its handler is gone, or a later
		// Notify would believe it still in place. Ignore does that.
		signal.Ignore(sig)
		setDefault(sig)
	}
}

// setDefault sets SIG_DFL. An all-zero sigaction is that, with no flags, on
// every architecture.
func setDefault(sig syscall.Signal) {
	var act [8]uint64
	_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&act)), 0, 8, 0, 0)
}
