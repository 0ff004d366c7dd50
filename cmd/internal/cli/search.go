package cli

import (
	"slices"
	"strings"
	"syscall"
	_ "unsafe" // go:linkname
)

// Candidates lists where a program is looked for (section 1.5 of the
// specification): a name with a slash is where it is, any other one is in the
// directories of PATH, of which an empty one is the current directory. PATH is
// always that of this process, whatever the program is going to get.
func Candidates(program string) []string {
	if strings.Contains(program, "/") {
		return []string{program}
	}
	var paths []string
	for dir := range strings.SplitSeq(searchPath(), ":") {
		if dir == "" {
			dir = "."
		}
		paths = append(paths, dir+"/"+program)
	}
	return paths
}

func searchPath() string {
	for _, v := range Environ() {
		if value, ok := strings.CutPrefix(v, "PATH="); ok {
			return value
		}
	}
	return "/bin:/usr/bin"
}

// Search tries the candidates in their order until one works. One that is not
// there is passed over; one that may not be run is remembered as the reason
// if none works; any other error ends the search. It allocates nothing.
func Search[C any](candidates []C, try func(C) error) error {
	var why error = syscall.ENOENT
	for _, c := range candidates {
		switch err := try(c); err {
		case syscall.ENOENT:
		case syscall.EACCES, syscall.EPERM, syscall.EISDIR:
			why = err
		default:
			return err
		}
	}
	return why
}

// Environ is the environment as the process was given it. os.Environ leaves
// out the second of two variables of one name, and empty entries; a program
// that passes its environment on leaves it as it is.
// The variable by which a renewed process gets its state is not part of it.
func Environ() []string {
	env := environ()
	env = env[:len(env)-int(appended)]
	for i, v := range env {
		if strings.HasPrefix(v, renewal+"=") {
			return slices.Delete(slices.Clone(env), i, i+1)
		}
	}
	return env
}

//go:linkname environ syscall.runtime_envs
func environ() []string
