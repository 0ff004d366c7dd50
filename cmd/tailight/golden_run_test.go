//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
)

// rotationCases: where files end. Pieces of input are such that both programs
// write the same chunks.
func rotationCases() *group {
	g := &group{name: "rotation"}
	for _, size := range []string{"s4096", "s6001"} {
		for _, n := range []int{2, 10, 61, 99, 100, 101, 256, 399, 400, 401, 511, 512, 600, 999, 1000, 1001, 1500, 2000, 2001, 3000, 4095, 4096, 4097, 5000} {
			count := max(4, min(14000/n, 400))
			g.add(fmt.Sprintf("%s, %d lines of %d bytes", size, count, n), multilog(size, "n100", "./d"), input(manyLines(count, n), 0), eof())
		}
	}
	for _, n := range []int{1, 40, 61, 200, 300, 600, 1000, 1500} {
		g.add(fmt.Sprintf("stamped lines of %d bytes", n), multilog("t", "s4096", "n100", "./d"), input(manyLines(max(4, min(9000/(n+26), 200)), n), 26), eof())
	}
	g.add("20000 bytes without line end", multilog("s4096", "./d"), input(filler(20000), 0), eof())
	g.add("20000 bytes stamped", multilog("t", "s4096", "./d"), input(filler(20000), 26), eof())
	g.add("lines of rising length", multilog("s4096", "n100", "./d"), input(rising(120), 0), eof())
	g.add("many lines at once", multilog("s4096", "n1000", "./d"), pour(lines(3000, 61)), eof()).joined = true
	g.add("many stamped lines at once", multilog("t", "s4096", "n1000", "./d"), pour(lines(2000, 61)), eof()).joined = true
	g.add("long lines at once", multilog("s4096", "n1000", "./d"), pour(manyLines(20, 3333)), eof()).joined = true
	g.add("pruned while rotating", multilog("s4096", "n3", "./d"), input(lines(300, 61), 0), eof())
	g.add("two directories, two sizes", multilog("s4096", "./a", "s6000", "n3", "./b", "-*", "+*1*", "n2", "./c"), input(lines(300, 61), 0), eof())
	g.add("one directory gets every tenth line", multilog("s4096", "-*", "+??????", "+*0a*", "./d"), input(lines(1000, 61), 0), eof())
	g.add("goes on behind a clean current", put("d/current", 0o744, lines(20, 61)), multilog("s4096", "./d"), input(lines(100, 61), 0), eof())
	g.add("default size", multilog("./d"), input(lines(1000, 100), 0), eof())
	g.add("e and = beside a rotation", multilog("s4096", "=f", "./d", "-*", "+*00009a*", "e"), input(lines(100, 61), 0), eof())
	return g
}

func manyLines(count, n int) string {
	if n < 8 {
		return strings.Repeat(line(n-1), count)
	}
	return lines(count, n)
}

func rising(count int) string {
	var b strings.Builder
	for i := range count {
		b.WriteString(line(i * 7 % 390))
	}
	return b.String()
}

// processorCases: !PROCESSOR. ALRM starts the rotation.
func processorCases() *group {
	g := &group{name: "processor"}
	rotated := func(name, processor string, more ...step) *golden {
		steps := []step{multilog("!"+processor, "./d"), feed(shortText), sig(syscall.SIGALRM)}
		return g.add(name, append(append(steps, more...), eof())...)
	}
	rotated("cat", "cat")
	rotated("tr", "tr a-z A-Z")
	rotated("sed", "sed 's/o/0/g'")
	rotated("nothing", "")
	rotated("a comment", "#")
	rotated("reads nothing", "exec true")
	rotated("reads one line", "read x; echo first $x")
	rotated("writes to 2", "echo processing >&2; cat")
	rotated("its arguments and directory", "echo $0 $#; pwd -P; umask")
	rotated("its environment", "echo $PATH $TZ $LC_ALL")
	rotated("its descriptors", `for f in 0 1 2 3 4 5 6 7 8 9 10 11 12; do test -e /proc/$$/fd/$f && echo $f; done; cat >/dev/null`)
	rotated("how descriptors are open", `for f in 0 1 4 5; do readlink /proc/$$/fd/$f | sed 's,.*/,,'; sed -n 's/^flags:.*\(.\)$/\1/p' /proc/$$/fdinfo/$f; done; stat -c '%n %a %s' processed newstate state previous current`)
	rotated("signals have their default action", `sed -n 's/^Sig\(Blk\|Ign\):.*\(.......\)$/\1 \2/p' /proc/self/status; cat`) // 1 to 28: the C library of a parent may ignore 32
	rotated("removes a foreign file", "cat; rm -f x")
	rotated("long output", "cat; yes | head -c 100000")
	rotated("state", "cat; echo state; cat <&4; echo next >&5")
	rotated("state twice", "cat; sed 's/^/from 4: /' <&4; echo next >&5", feed("more\n"), sig(syscall.SIGALRM))
	rotated("state counts", `n=$(cat <&4); n=$((n+1)); echo $n >&5; echo run $n; cat`,
		feed("2\n"), sig(syscall.SIGALRM), feed("3\n"), sig(syscall.SIGALRM), feed("4\n"), sig(syscall.SIGALRM))
	counting := multilog(`!n=$(cat <&4); n=$((n+1)); echo $n >&5; echo run $n; cat`, "./d")
	g.add("state after a clean restart", counting, feed("1\n"), sig(syscall.SIGALRM), feed("2\n"), eof(),
		again(), counting, feed("3\n"), sig(syscall.SIGALRM), eof())
	g.add("state after a kill", counting, feed("1\n"), sig(syscall.SIGALRM), feed("2\n"), sig(syscall.SIGKILL),
		counting, feed("3\n"), sig(syscall.SIGALRM), eof()).differ(goesOn, func(r *record) {
		r.dropArchives("d/")
		r.insert("d/current", entry{path: "d/@LABEL.s", mode: "0744", data: "run 1\n1\n"}, entry{path: "d/@LABEL.s", mode: "0744", data: "run 2\n2\n3\n"})
		r.change("d/state", func(e *entry) { e.data = "2\n" })
	})
	g.add("state prepared", put("d/current", 0o744, "1\n"), put("d/state", 0o644, "41\n"), counting, sig(syscall.SIGALRM), eof())
	g.add("old processed and newstate are overwritten", put("d/current", 0o744, "1\n"), put("d/state", 0o644, "s\n"),
		put("d/newstate", 0o644, "a long old newstate\n"), multilog("!cat; echo n >&5", "./d"), sig(syscall.SIGALRM), eof())
	g.add("by size", multilog("s4096", "!sed -n '$p'", "./d"), input(lines(150, 61), 0), eof())
	g.add("by size, stamped", multilog("t", "s4096", "!cat", "./d"), input(lines(150, 61), 26), eof())
	g.add("by size, pruned", multilog("s4096", "n3", "!cut -c1-10", "./d"), input(lines(200, 61), 0), eof())
	g.add("only for later directories", multilog("./a", "!tr a-z A-Z", "./b", "!cat", "./c"), feed(shortText), sig(syscall.SIGALRM), eof())
	g.add("the last one wins", multilog("!false", "!cat", "./a"), feed(shortText), sig(syscall.SIGALRM), eof())
	g.add("not run without rotation", multilog("!echo never", "./a"), feed(shortText), eof())
	g.add("not run for an outage", put("d/current", 0o644, "cut\n"), multilog("!echo never", "./d"), eof())
	g.add("not run for an empty current", multilog("!echo never", "./d"), sig(syscall.SIGALRM), eof())
	g.add("fails once", multilog("!cat; echo n >&5; test -e ../again || { touch ../again; exit 1; }", "./d"),
		feed(shortText), sig(syscall.SIGALRM), eof())
	g.add("crashes once", multilog("!test -e ../again || { touch ../again; kill -9 $$; }; cat", "./d"),
		feed(shortText), send(syscall.SIGALRM), said("processor crashed"), appears("again", ""), eof()).
		differ("one pause for a crashed processor, and no errno that has nothing to do with it", func(r *record) {
			r.stderr = "multilog: warning: processor crashed in ./d, pausing\n"
		})
	for _, c := range []struct{ processor, says string }{
		{"exit 1", "processor failed in ./d, pausing"},
		{"exit 111", "processor failed in ./d, pausing"},
		{"no-such-command 2>/dev/null", "processor failed in ./d, pausing"},
		{"cat; false", "processor failed in ./d, pausing"},
	} {
		g.add("fails: "+c.processor, multilog("!"+c.processor, "./d"), feed(shortText), send(syscall.SIGALRM), said(c.says), kill(), over())
	}
	g.add("fails, killed, started again with another", multilog("!cat; false", "./d"), feed(shortText), send(syscall.SIGALRM),
		said("pausing"), kill(), over(), multilog("!tr a-z A-Z", "./d"), feed("next\n"), eof()).
		differ("a complete, synced previous found at recovery becomes .s, through its processor", func(r *record) {
			r.tree[1].path, r.tree[1].data = "d/@LABEL.s", strings.ToUpper(shortText)
			r.drop(2)
		})
	return g
}

// send sends a signal and does not wait for what comes of it.
func send(s syscall.Signal) step {
	c := sig(s)
	return step{c.text, func(w *world) error {
		if err := w.pipe.settle(w.job); err != nil {
			return err
		}
		return w.job.signal(s)
	}}
}

// drop removes an entry.
func (r *record) drop(i int) { r.tree = append(r.tree[:i], r.tree[i+1:]...) }

// signalCases: TERM, ALRM, KILL and the rest, but for those that report a
// fault of the program itself.
func signalCases() *group {
	g := &group{name: "signals"}
	const term, alrm = syscall.SIGTERM, syscall.SIGALRM
	for _, words := range [][]string{{"./d"}, {"t", "./d"}, {"e", "=f"}, {"./a", "-*", "./b"}} {
		name := strings.Join(words, " ") + ": "
		run := multilog(words...)
		g.add(name+"TERM at once", run, sig(term), over())
		g.add(name+"TERM after a line", run, feed("one\n"), sig(term), over())
		g.add(name+"TERM in a line", run, feed("par"), sig(term), pour("tial\nnext line\n"), over())
		g.add(name+"TERM in a line, then end of input", run, feed("par"), sig(term), eof())
		g.add(name+"TERM in a line, its end later", run, feed("par"), sig(term), feed("ti"), feed("al"), pour("\nnext\n"), over())
		g.add(name+"TERM twice in a line", run, feed("par"), sig(term), sig(term), pour("tial\nnext line\n"), over())
		g.add(name+"TERM in an empty rest", run, feed("par"), sig(term), pour("\n\n\n"), over())
		g.add(name+"ALRM with data", run, feed("one\n"), sig(alrm), eof())
		g.add(name+"ALRM at once", run, sig(alrm), eof())
		g.add(name+"ALRM twice", run, feed("one\n"), sig(alrm), sig(alrm), eof())
		g.add(name+"ALRM, then more", run, feed("one\n"), sig(alrm), feed("two\n"), sig(alrm), feed("three"), eof())
		g.add(name+"ALRM in a line", run, feed("one\npart"), sig(alrm), feed("ial\n"), eof())
		g.add(name+"ALRM in the first line", run, feed("part"), sig(alrm), feed("ial\n"), eof())
		g.add(name+"ALRM and TERM in a line", run, feed("one\npart"), sig(alrm), sig(term), pour("ial\nnext\n"), over())
		g.add(name+"KILL after a line", run, feed("one\n"), sig(syscall.SIGKILL))
		restarted := g.add(name+"KILL in a line, then a restart", run, feed("one\npart"), sig(syscall.SIGKILL), run, feed("tail\n"), eof())
		if words[0] != "e" { // which has no directory
			restarted.differ(goesOn, func(r *record) { killedInLine(r, words) })
		}
	}
	streamed := []step{feed(filler(400)), feed(filler(400)), feed(filler(400)), feed(filler(300))}
	story := func(name string, more ...step) *golden {
		return g.add(name, append(append([]step{multilog("./d")}, streamed...), more...)...)
	}
	story("ALRM in 1500 streamed bytes", sig(alrm), feed("rest\nnext\n"), eof())
	story("TERM in 1500 streamed bytes", sig(term), pour("rest\nnext\n"), over())
	story("TERM in 1500 streamed bytes, then end of input", sig(term), eof())
	story("KILL in 1500 streamed bytes, then a restart", sig(syscall.SIGKILL), multilog("./d"), feed("tail\n"), eof()).
		differ(goesOn, func(r *record) {
			r.dropArchives("d/")
			r.change("d/current", func(e *entry) { e.data = filler(400) + filler(400) + filler(400) + filler(300) + "tail\n" })
		})
	g.add("TERM, more than a read later", multilog("./d"), feed("a"), sig(term), pour(filler(3000)+"\n"+lines(10, 100)), over())
	g.add("TERM, the line end 1000 bytes later", multilog("./d"), feed("a"), sig(term), pour(filler(999)+"\nnext\n"), over())
	g.add("TERM in a line stamped, rest in the pipe", multilog("t", "./d", "e"), feed("a\nb"), sig(term), pour("\nc\nd\n"), over())
	g.add("TERM, then a restart on the same pipe", multilog("./d"), feed("a\nb"), sig(term), pour("c\nd\ne\n"), over(),
		multilog("./d"), idle(), eof())
	g.add("KILL at once, restart, KILL, restart", multilog("n3", "./d"), feed("1\n"), sig(syscall.SIGKILL), multilog("n3", "./d"), feed("2\n"), sig(syscall.SIGKILL),
		multilog("n3", "./d"), feed("3\n"), sig(syscall.SIGKILL), multilog("n3", "./d"), eof()).
		differ(goesOn, func(r *record) {
			r.dropArchives("d/")
			r.change("d/current", func(e *entry) { e.data = "1\n2\n3\n" })
		})
	g.add("KILL without input twice", multilog("./d"), sig(syscall.SIGKILL), multilog("./d"), sig(syscall.SIGKILL), multilog("./d"), eof()).
		differ("an empty unfinished file is removed at recovery", withoutEmpty)
	g.add("ALRM counts bytes of before the start", put("d/current", 0o744, "before\n"), multilog("./d"), sig(alrm), eof())
	g.add("ALRM for two directories, one empty", multilog("./a", "-*", "./b"), feed("x\n"), sig(alrm), feed("y\n"), eof())
	g.add("ALRM prunes", append(oldFiles("d", 4), multilog("n3", "./d"), feed("x\n"), sig(alrm), eof())...)
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGPIPE, syscall.SIGUSR1, syscall.SIGUSR2,
		syscall.SIGVTALRM, syscall.SIGPROF, syscall.SIGIO, syscall.SIGPWR, syscall.SIGXCPU, syscall.SIGXFSZ, syscall.SIGSTKFLT} {
		g.add("multilog "+unixName(s), multilog("./d"), feed("one\n"), send(s), over())
	}
	for _, s := range []syscall.Signal{syscall.SIGCHLD, syscall.SIGCONT, syscall.SIGWINCH, syscall.SIGURG} {
		g.add("multilog "+unixName(s), multilog("./d"), feed("one\n"), sig(s), feed("two\n"), eof())
	}
	for _, name := range []string{"tai64n", "tai64nlocal"} {
		for _, s := range []syscall.Signal{term, alrm, syscall.SIGHUP, syscall.SIGINT, syscall.SIGPIPE, syscall.SIGQUIT, syscall.SIGUSR1} {
			g.add(name+" "+unixName(s), zone("UTC"), run(name), feed("one\n"), send(s), over())
		}
	}
	return g
}

func unixName(s syscall.Signal) string { return strings.TrimPrefix(sig(s).text, "signal ") }

// withoutEmpty is a record without the empty unfinished archives.
// goesOn is why a kill in the same boot leaves other files than 0.76's.
const goesOn = "a killed multilog goes on where it was: nothing is lost, current stays, the processor keeps its state"

// killedInLine joins what 0.76 parts: "one", a line that was in memory only, and
// its tail.
func killedInLine(r *record, words []string) {
	dir := strings.TrimPrefix(words[0], "./") + "/"
	stamp := ""
	if words[0] == "t" {
		dir, stamp = "d/", "@LABEL "
	}
	r.dropArchives(dir)
	r.change(dir+"current", func(e *entry) { e.data = stamp + "one\n" + stamp + "parttail\n" })
	withoutEmpty(r)
}

// dropArchives leaves no old file in a directory.
func (r *record) dropArchives(dir string) {
	r.tree = slices.DeleteFunc(r.tree, func(e entry) bool { return strings.HasPrefix(e.path, dir+"@") })
}

// insert puts entries before the one of that path.
func (r *record) insert(before string, entries ...entry) {
	i := slices.IndexFunc(r.tree, func(e entry) bool { return e.path == before })
	r.tree = slices.Insert(r.tree, i, entries...)
}

func withoutEmpty(r *record) {
	for i := len(r.tree) - 1; i >= 0; i-- {
		if e := r.tree[i]; strings.HasSuffix(e.path, "@LABEL.u") && e.data == "" {
			r.drop(i)
		}
	}
}
