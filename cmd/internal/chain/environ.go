package chain

import (
	"slices"
	"strings"
)

// environ is an environment in the order in which the program gets it.
type environ []string

// set gives a variable a value.
func (v *environ) set(name, value string) { v.change(name + "=" + value) }

// unset removes a variable. A name with an equals sign in it sets what is in
// front of that to what is behind it, as in the original.
func (v *environ) unset(name string) { v.change(name) }

// change is the original's way to edit an environment: the first variable of
// that name goes, the last of all takes its place, and the new one comes to
// the end. So the order depends on what is changed, and of two variables of one
// name the second stays.
func (v *environ) change(entry string) {
	name, _, sets := strings.Cut(entry, "=")
	old := slices.IndexFunc(*v, func(s string) bool { return strings.HasPrefix(s, name+"=") })
	if last := len(*v) - 1; old >= 0 {
		(*v)[old] = (*v)[last]
		*v = (*v)[:last]
	}
	if sets {
		*v = append(*v, entry)
	}
}
