package cli

import (
	"os"
	"runtime"
)

// Go's runtime gives each processor of the machine memory of its own, and by
// chance uses a second one as it starts: 100 to 180 kB of a process that will
// sleep most of the time. So entry lets it begin with one processor.

// initProcessors takes what entry has appended out of the environment.
func initProcessors() {
	if appended > 0 {
		_ = os.Unsetenv("GOMAXPROCS")
	}
}

// AllProcessors lets this process run on all processors that it was given.
func AllProcessors() {
	if appended > 0 {
		runtime.GOMAXPROCS(runtime.NumCPU())
	}
}
