package cli

// What the process was given by whoever started it, as far as Go's runtime
// changes it before any code of ours runs: it takes nearly all signals for
// itself, unblocks some, and opens /dev/null on those of descriptors 0 to 2
// that are closed. A command that passes these on has to look earlier than
// that, so the linker's flag -E makes entry the first instruction of the
// process; entry looks, writes these, and goes on to the runtime's own start.
//
// Entry also raises the soft limits under which the runtime could not start: a
// few megabytes are enough for a program in C, and `softlimit -m 3000000` may
// well stand in front of a setuidgid.
//
// And it appends GOMAXPROCS=1 to the environment, see processors.go.
//
// A process whose name ends in "multilog" gets a timer slack of half a millisecond, as
// have all its threads then. The runtime's monitor sleeps for 20 microseconds at a time as
// soon as anything happens, and each time costs as much CPU as a hundred lines. What
// multilog itself waits for is a millisecond and more. A processor has the same slack.
//
// A binary linked without the flag knows nothing of this. It works, but of the
// signals that are ignored it only passes on HUP and INT, and the closed
// descriptors are /dev/null.
var (
	entered uint64 // 1 if entry has run and the rest is known
	ignored uint64 // bit N-1: signal N is ignored
	blocked uint64 // bit N-1: signal N is blocked
	closed  uint64 // bit N: descriptor N, of 0 to 2, is closed

	raised  uint64    // bit N: the soft limit of raisable[N] is raised to the hard one
	lowered [3]uint64 // what it was before

	appended uint64 // entries of the environment that are entry's own, its last ones
)

// processors is what entry appends to the environment, and ends in a zero.
//
//lint:ignore U1000 the assembly of entry reads it
var processors = [...]byte{'G', 'O', 'M', 'A', 'X', 'P', 'R', 'O', 'C', 'S', '=', '1', 0}

// wasIgnored reports whether a signal is known to have been ignored at the
// start of the process.
func wasIgnored(sig int) bool { return ignored>>(sig-1)&1 != 0 }

// Closed reports whether a descriptor is known to have been closed at the
// start of the process, and is only open because Go's runtime opened it.
func Closed(fd int) bool { return closed>>fd&1 != 0 }
