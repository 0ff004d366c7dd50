// Package chain has the commands that change one thing about their process
// and then become the program that the rest of their arguments names: envdir,
// envini, envuidgid, pgrphack, setlock, setuidgid, setuser and softlimit. The
// program has their process, and nothing of theirs but that change. Fghack,
// which has to stay, runs its program as a child.
//
// Their manuals are the package comments of their mains.
package chain

import (
	"syscall"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// Pgrphack runs a program in a session and process group of its own.
func Pgrphack(e *cli.Env) int {
	if len(e.Args) == 0 {
		return e.Usage("pgrphack child")
	}
	// The leader of a group cannot have a new one, and has what it wants.
	_, _ = syscall.Setsid()
	return e.Exec(e.Args, cli.Environ())
}
