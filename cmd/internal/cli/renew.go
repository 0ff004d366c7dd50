package cli

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
)

// renewal is the variable by which a process tells what it becomes where its
// state is. No child ever sees it.
const renewal = "TAILIGHT_RENEWAL"

// ErrBusy is the error of an Exec that sure has called off.
var ErrBusy = errors.New("something else is to be done")

// A Renewal lets a process become the program that is installed under its name
// by now, and keep its pid, its children and its descriptors.
type Renewal struct {
	paths []string // where the program may be
	argv  []string
	own   int // of argv, without the arguments of the command
	tried tried
}

// newRenewal remembers how the process was called. The working directory has
// to be the one that it was called in.
func newRenewal(argv []string, args int) *Renewal {
	r := &Renewal{argv: argv, own: len(argv) - args}
	for _, path := range slices.Concat(startedAs(), Candidates(argv[0]), executable()) {
		if abs, err := filepath.Abs(path); err == nil {
			r.paths = append(r.paths, abs)
		}
	}
	return r
}

// given is the value of the variable in an environment.
func given(env []string) string {
	for _, v := range env {
		if value, ok := strings.CutPrefix(v, renewal+"="); ok {
			return value
		}
	}
	return ""
}
