package cli

import (
	"slices"
	"syscall"
)

const rlimitNproc = 6 // syscall lacks it

// raisable are the limits that entry raises. It reads them before anything is
// initialised, so these are constants.
var raisable = [len(lowered)]uint64{syscall.RLIMIT_AS, syscall.RLIMIT_DATA, rlimitNproc}

// residents are the commands that start children again and again. Those are to
// have the limits that the command was given, so it lives with these itself. All
// others work under the raised ones to their end, because a process of Go that
// cannot have more memory dies.
var residents = []string{"supervise", "svscan", "svscanboot"}

func initLimits(command string) {
	if slices.Contains(residents, command) {
		inheritLimits()
		raised = 0
	}
}

// inheritLimits makes the soft limits that entry has raised what they were.
func inheritLimits() { setSoft(func(i int) uint64 { return lowered[i] }) }

// raiseLimits does again what entry did.
func raiseLimits() { setSoft(func(int) uint64 { return rlimit.Max }) }

var rlimit syscall.Rlimit // for setSoft, which must not allocate it

func setSoft(limit func(i int) uint64) {
	for i, resource := range raisable {
		if raised>>i&1 != 0 && syscall.Getrlimit(int(resource), &rlimit) == nil {
			rlimit.Cur = limit(i)
			_ = syscall.Setrlimit(int(resource), &rlimit)
		}
	}
}
