package cli

import (
	"runtime/debug"
	"slices"
	"syscall"
)

const rlimitNproc = 6 // syscall lacks it

// raisable are the limits that entry raises. It reads them before anything is
// initialised, so these are constants.
var raisable = [len(lowered)]uint64{syscall.RLIMIT_AS, syscall.RLIMIT_DATA, rlimitNproc}

// residents are the commands that start children by other means than Spawn,
// which are to have the limits that the command was given. So they have to live
// with these. All others work under the raised ones to their end, because a
// process of Go that cannot have more memory dies.
var residents = []string{"supervise", "svscan", "svscanboot"}

func initLimits(command string) {
	if slices.Contains(residents, command) {
		inheritLimits()
		raised = 0
	}
}

// inheritLimits makes the soft limits that entry has raised what they were.
func inheritLimits() {
	setSoft(func(i int, r *syscall.Rlimit) { r.Cur = lowered[i] })
}

// underLimits does something under the limits that the process was given, as
// a fork is to be. Nothing may ask the system for memory meanwhile, so there is
// no garbage collection any more, and there are some free megabytes.
func underLimits(do func()) {
	if raised != 0 {
		debug.SetGCPercent(-1)
		widenHeap()
		inheritLimits()
		defer setSoft(func(_ int, r *syscall.Rlimit) { r.Cur = r.Max })
	}
	do()
}

// widenHeap leaves nearly 4 MiB of the heap free: it grows by multiples of
// these, and by two for this. The memory is never touched.
//
//go:noinline
func widenHeap() []byte { return make([]byte, 4<<20+1) }

func setSoft(choose func(i int, r *syscall.Rlimit)) {
	for i, resource := range raisable {
		var r syscall.Rlimit
		if raised>>i&1 != 0 && syscall.Getrlimit(int(resource), &r) == nil {
			choose(i, &r)
			_ = syscall.Setrlimit(int(resource), &r)
		}
	}
}
