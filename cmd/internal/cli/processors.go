package cli

import (
	"os"
	"runtime"
	"strings"
)

// Go's runtime gives each processor of the machine memory of its own, and by
// chance uses a second one as it starts: 100 to 180 kB of a process that will
// sleep most of the time. So entry lets it begin with one processor, unless the
// environment that the process was given says something else: that comes first.

// narrowed says that the process has one processor by our doing.
var narrowed bool

// initProcessors takes what entry has appended out of the environment.
func initProcessors() {
	const name = "GOMAXPROCS"
	for _, v := range Environ() {
		if strings.HasPrefix(v, name+"=") {
			return
		}
	}
	if narrowed = appended > 0; narrowed {
		_ = os.Unsetenv(name)
	}
}

// AllProcessors lets this process run on all processors that it was given.
func AllProcessors() {
	if narrowed {
		runtime.GOMAXPROCS(runtime.NumCPU())
	}
}
