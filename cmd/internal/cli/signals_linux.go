package cli

import (
	"os/signal"
	"slices"
	"syscall"
	"unsafe"
)

// caught are the signals that Go's runtime catches for itself though their
// default action is what ends the originals: SIGQUIT with a core and no
// goroutine dump, SIGPIPE at the write, SIGUSR1 and the rest at all. HUP, INT
// and TERM end a Go program as they should.
var caught = []syscall.Signal{
	syscall.SIGQUIT, syscall.SIGTRAP, syscall.SIGABRT, syscall.SIGUSR1, syscall.SIGUSR2,
	syscall.SIGPIPE, syscall.SIGALRM, syscall.SIGSTKFLT, syscall.SIGXCPU, syscall.SIGXFSZ,
	syscall.SIGVTALRM, syscall.SIGPROF, syscall.SIGIO, syscall.SIGPWR, syscall.SIGSYS,
}

// needed are the signals that the runtime cannot do without in a process that
// goes on: faults become panics, CHLD ignored would lose the exit codes of
// children, URG and 33 are its own.
var needed = []syscall.Signal{
	syscall.SIGILL, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGSEGV, syscall.SIGCHLD, syscall.SIGURG, 33,
}

const (
	sigDefault = 0
	sigIgnore  = 1
	lastSignal = 64
)

// initSignals gives the signals the action that they have in a program that
// does not care for them: those that were ignored at the start stay ignored,
// here and in every child, and the caught ones get their default action.
// Those of job control the runtime leaves alone.
//
// What was ignored is known by entry. Without it, HUP and INT that were
// ignored stay so, because the runtime leaves these two as they are.
func initSignals() {
	for sig := syscall.Signal(1); sig <= lastSignal; sig++ {
		switch {
		case wasIgnored(int(sig)) && !slices.Contains(needed, sig):
			signal.Ignore(sig)
			setAction(sig, sigIgnore) // also where Notify knows no such signal
		case isGap(sig):
		case slices.Contains(caught, sig):
			// The runtime has to be told that its handler is gone, or a later
			// Notify would believe it still in place. Ignore does that.
			signal.Ignore(sig)
			setAction(sig, sigDefault)
		}
	}
}

// inheritIgnored makes the signals that were ignored at the start so again
// that initSignals had to leave to the runtime, which is crippled from here on.
// All others that it handles become default by exec.
func inheritIgnored() {
	// A goroutine that runs long is interrupted by URG, which must not happen
	// to the calls before exec.
	setAction(syscall.SIGURG, sigDefault)
	for _, sig := range needed {
		if wasIgnored(int(sig)) {
			setAction(sig, sigIgnore)
		}
	}
}

// inheritMask makes the signal mask of this thread what that of the process
// was: the runtime unblocks faults, CHLD, TERM and more. It returns the mask
// for restoreMask.
func inheritMask() (before uint64) {
	if entered != 0 {
		setMask(&blocked, &before)
	}
	return before
}

func restoreMask(before uint64) {
	if entered != 0 {
		setMask(&before, nil)
	}
}

func setMask(mask, before *uint64) {
	const sigSetmask = 2
	_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, sigSetmask,
		uintptr(unsafe.Pointer(mask)), uintptr(unsafe.Pointer(before)), 8, 0, 0)
}

// setAction makes a signal ignored, or gives it its default action. A
// sigaction that is zero is the default on every architecture. The handler is
// in front on those that have an entry, and only these know what to ignore.
func setAction(sig syscall.Signal, handler uint64) {
	act := [8]uint64{handler}
	_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&act)), 0, 8, 0, 0)
}
