//go:build linux

package main

import (
	"fmt"
	"slices"
	"syscall"
)

const added = "a word of daemontools-encore, which 0.76 ignores"

// addedCases: the words that 0.76 ignores and we obey, beside their like that
// both ignore. What the stamps of T look like is in a script, for they are no
// labels that could be masked.
func addedCases() *group {
	g := &group{name: "added"}
	const text = "ab\nxab\nxaab\n*?[ab]\nx/.b\nx]\n\n"
	says := func(lines string) func(*record) {
		return func(r *record) { r.stderr = lines }
	}
	g.add("F", multilog("-*", "F", "+*?[ab]", "e"), input(text, 0), eof()).
		differ(added, says("ab\nxab\nxaab\nx/.b\n"))
	g.add("F for a word to deselect", multilog("F", "-*?[!ab]", "e"), input(text, 0), eof()).
		differ(added, says("ab\nxab\nxaab\nx/.b\n\n"))
	g.add("S after F", multilog("-*", "F", "+?b", "S", "+*ab", "e"), input(text, 0), eof()).
		differ(added, says("ab\nxab\n"))
	g.add("F behind the patterns", multilog("-*", "+*?[ab]", "e", "F"), input(text, 0), eof())
	g.add("words like F and S", multilog("-*", "Fx", "FS", "f", "+*?[ab]", "S", "s", "+*ab", "e"), input(text, 0), eof())
	g.add("words like T", multilog("Tx", "./d", "T"), input(text, 0), eof())

	for _, s := range []string{"gz", "", "tar.gz", "u"} {
		g.add("w"+s, multilog("w"+s, "./d"), feed("one\n"), sig(syscall.SIGALRM), feed("two\n"), eof()).differ(added, resuffixed(s))
	}
	g.add("w behind the directory", multilog("./d", "wgz"), feed("one\n"), sig(syscall.SIGALRM), eof())
	g.add("w and pruning", append(oldFiles("d", 4), multilog("n3", "wx", "./d"), feed("one\n"), sig(syscall.SIGALRM), eof())...).
		differ(added, resuffixed("x"))
	g.add("w and a file cut short", put("d/current", 0o644, "cut\n"), multilog("wgz", "./d"), eof())
	g.add("w and a processor", multilog("wup", "!tr a-z A-Z", "./d"), feed("one\n"), sig(syscall.SIGALRM), eof()).
		differ(added, resuffixed("up"))

	size := func(word string, bytes int) *golden {
		return g.add(fmt.Sprintf("%s with %d bytes", word, bytes), put("d/current", 0o744, filler(bytes-1)+"\n"),
			multilog(word, "./d"), input("ten bytes\n", 0), eof())
	}
	for _, r := range []struct {
		word string
		size int
	}{{"s6k", 6 << 10}, {"s100k", 100 << 10}, {"s1m", 1 << 20}} {
		size(r.word, r.size-2000-11).differ("a size with a unit, k, m or g", unrotated)
	}
	for _, word := range []string{"s8kb", "s8 k", "s8K", "s8t", "sk", "s0x8k"} {
		size(word, 4096-2000-11)
		size(word, 4096-2000-10)
	}
	return g
}

// resuffixed gives the archive that was made the suffix s.
func resuffixed(s string) func(*record) {
	return func(r *record) {
		for i, e := range r.tree {
			if e.path == "d/@LABEL.s" {
				r.tree[i].path = "d/@LABEL." + s
			}
		}
	}
}

// unrotated brings back what a rotation took from current.
func unrotated(r *record) {
	old := slices.IndexFunc(r.tree, func(e entry) bool { return e.path == "d/@LABEL.s" })
	current := old + 1
	r.tree[current].data = r.tree[old].data + r.tree[current].data
	r.drop(old)
}
