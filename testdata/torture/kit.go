//go:build linux

package main

import (
	"os/exec"
	"path/filepath"
)

// kit is the commands of one toolkit. All of them take a directory of services,
// with a run and a log/run in each.
type kit struct {
	name    string
	scanner string // of the directory; empty if it is not installed
	keeper  string // of a service
	logger  string
	log     string // what log/run executes
	config  string // of svlogd, in log/main
}

func kits(bin string) []kit {
	return []kit{
		{ours, filepath.Join(bin, "svscan"), "supervise", "multilog", "multilog t s500000 n100000 ./main", ""},
		{"daemontools", installed("svscan"), "supervise", "multilog", "multilog t s500000 n100000 ./main", ""},
		{"s6", installed("s6-svscan"), "s6-supervise", "s6-log", "s6-log t s500000 n100000 ./main", ""},
		{"runit", installed("runsvdir"), "runsv", "svlogd", "svlogd -t ./main", "s500000\nn100000\n"},
	}
}

// installed is the path of a program of others. What leads to our own binary is
// none of theirs.
func installed(name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(path); err != nil || filepath.Base(real) == ours {
		return ""
	}
	return path
}
