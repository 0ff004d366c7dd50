//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
)

// Not covered here: what the letters make a supervise do, and a supervise that
// comes and goes (both in peer_control_test.go).

// svcCases: which letters arrive, and what svc says about those that do not.
func svcCases() *group {
	g := &group{name: "svc"}
	svc := func(args ...string) step { return run(append([]string{"svc"}, args...)...) }
	told := func(name string, args ...string) *golden {
		return g.add(name, supervised("sv"), svc(args...), arrived("sv"))
	}
	for c := '!'; c <= '~'; c++ {
		option := "-" + string(c)
		c := told("option "+option, option, "sv")
		switch {
		case option == "--", strings.Contains("udopchaitkx", option[1:]):
		case strings.Contains("q12w", option[1:]):
			c.differ("a letter of daemontools-encore; its batch begins with l", letters("l"+option[1:]))
		case strings.Contains("+=Ll", option[1:]):
			c.differ("a letter of daemontools-encore, taken back at the end",
				letters(map[string]string{"-+": "l+=", "-=": "l=", "-L": "lLl", "-l": "l"}[option]))
		default:
			c.differ(secondLine, usageLine)
		}
	}
	for _, words := range []string{
		"-udopchaitkx sv", "-xktiahcpodu sv", "-u -d -u -xx -tk sv", "-dx sv", "-du sv", "-ud -du sv", "-uuu sv", "-tt -t -t sv",
		"sv", "- sv", "-u - sv", "-u -- sv", "-u -- -d sv", "-u --foo sv", "--foo -u sv", "-u sv -d", "-u sv sv", "-u ./sv $WORK/sv sv/../sv",
		"-u sv/", "-u sv//", "-u .", "-u", "", "-u nosuch", "-u nosuch sv nosuch", "-u sv/supervise/control sv",
	} {
		told("svc "+words, strings.Fields(words)...)
	}
	told("an empty name", "-u", "", "sv")
	told("a name with a line end", "-u", "a\nb", "sv")
	told("a name of no encoding", "-u", "\xff\xfe", "sv")
	told("a name that is too long", "-u", filler(256), "sv")
	told("a path that is too long", "-u", strings.Repeat("sv/../", 700)+"sv", "sv")
	told("the longest path", "-u", strings.Repeat("sv/../", 682)+"sv")
	for _, args := range [][]string{{"-u-d", "sv"}, {"-uZd", "sv"}, {"-u\xffd", "sv"}, {"-u:", "sv"}, {"-u", "-?", "sv"}} {
		told(fmt.Sprintf("%q", args), args...).differ(secondLine, usageLine)
	}
	g.add("a dash in front of a name", supervised("-dash"), supervised("sv"), svc("-u", "./-dash"), arrived("-dash"), svc("-u", "--", "-dash"), arrived("-dash"))
	g.add("no control directory", put("sv/", 0o755, ""), svc("-u", "sv"), eof())
	g.add("the control directory is a file", put("sv/supervise", 0o644, ""), svc("-u", "sv"), eof())
	g.add("the control directory is a link", supervised("sv"), put("b/", 0o755, ""), symlink("../sv/supervise", "b/supervise"), svc("-u", "b"), arrived("sv"))
	g.add("no reader", controlDir("sv"), svc("-u", "sv"), eof())
	g.add("no reader and no letter", controlDir("sv"), svc("sv"), eof())
	g.add("a reader of ok only", controlDir("sv"), reader("sv/supervise/ok"), svc("-u", "sv"), eof())
	g.add("a reader of control only", controlDir("sv"), reader("sv/supervise/control"), svc("-u", "sv"), arrived("sv"))
	g.add("control is a file", put("sv/supervise/control", 0o644, "0123456789"), svc("-ud", "sv"), eof())
	g.add("control is a file that may not be written", put("sv/supervise/control", 0o444, "0123456789"), svc("-ud", "sv"), eof()).accessed(0o444)
	g.add("control is a directory", put("sv/supervise/control/", 0o755, ""), svc("-u", "sv"), eof())
	g.add("control is a dangling link", put("sv/supervise/", 0o755, ""), symlink("nosuch", "sv/supervise/control"), svc("-u", "sv"), eof())
	g.add("control is a link to itself", put("sv/supervise/", 0o755, ""), symlink("control", "sv/supervise/control"), svc("-u", "sv"), eof())
	g.add("control is a full device", put("sv/supervise/", 0o755, ""), symlink("/dev/full", "sv/supervise/control"), svc("-u", "sv"), svc("sv"), eof())
	g.add("the directory may not be entered", supervised("sv"), mode("sv", 0o600), svc("-u", "sv"), over(), mode("sv", 0o755), eof()).accessed(0)
	g.add("a full FIFO", supervised("sv"), full("sv/supervise/control"), svc("-udo", "sv"), writing("sv/supervise/control"), drained("sv"), arrived("sv"))
	g.add("a full FIFO whose reader goes away", supervised("sv"), supervised("b"), full("sv/supervise/control"), svc("-udo", "sv", "b"),
		writing("sv/supervise/control"), unread("sv/supervise/control"), arrived("b"))
	g.add("stderr has no reader", supervised("sv"), closedPipe("stderr"), svc("-u", "nosuch", "sv"), arrived("sv"))
	g.add("stderr has no reader for the usage", closedPipe("stderr"), svc("-Z"), eof())
	return g
}

const secondLine = "the usage text has a second line, with the letters of daemontools-encore"

func usageLine(r *record) {
	r.stderr += "svc options: q quit, 1 usr1, 2 usr2, w winch, + process group, = process alone, L log service, l main service, --reexec replace supervise\n"
}

// letters is a record in which these have arrived, and nothing was said.
func letters(arrived string) func(*record) {
	return func(r *record) {
		r.ends, r.stderr = []string{"exit 0"}, ""
		for i := range r.tree {
			if r.tree[i].path == "sv/arrived" {
				r.tree[i].data = arrived
			}
		}
	}
}

// mode changes the mode of a file.
func mode(path string, m uint32) step {
	return step{fmt.Sprintf("mode of %s %04o", path, m), func(w *world) error { return syscall.Chmod(w.dir+"/"+path, m) }}
}

// broken are directories in which no supervise can be asked.
func broken() []step {
	return []step{
		supervised("sv"), put("new/", 0o755, ""), put("file", 0o644, ""), controlDir("left"),
		put("nodir/supervise", 0o644, ""), put("noreader/supervise/ok", 0o644, ""), put("okdir/supervise/ok/", 0o755, ""),
		put("gone/supervise/", 0o755, ""), symlink("nosuch", "gone/supervise/ok"),
		put("loop/", 0o755, ""), symlink("supervise", "loop/supervise"),
		put("linked/", 0o755, ""), symlink("../sv/supervise", "linked/supervise"), symlink("sv", "alias"),
	}
}

var brokenNames = []string{
	"sv", "new", "file", "left", "nodir", "noreader", "okdir", "gone", "loop", "linked", "alias", "nosuch", "", "sv/", "./sv", "$WORK/sv",
	"-dash", "--", "-", "-x", "a\nb", "\xff", "sv/supervise", "sv/nosuch/sv", ".",
}

// svokCases: the exit code and the words of svok.
func svokCases() *group {
	g := &group{name: "svok"}
	for names := range slices.Chunk(brokenNames, 7) {
		steps := broken()
		for _, name := range names {
			steps = append(steps, run("svok", name))
		}
		g.add(fmt.Sprintf("of %q", names), append(steps, eof())...)
	}
	g.add("a name that is too long", run("svok", filler(256)), eof())
	g.add("no argument", run("svok"), eof())
	g.add("stderr has no reader", closedPipe("stderr"), run("svok"), run("svok", "nosuch"), eof())
	g.add("more arguments", append(broken(), run("svok", "sv", "nosuch"), run("svok", "nosuch", "sv"), eof())...)
	g.add("a dash in front of a name", supervised("-dash"), run("svok", "-dash"), eof())
	g.add("the directory may not be entered", supervised("sv"), mode("sv", 0o600), run("svok", "sv"), over(), mode("sv", 0o755), eof()).accessed(0)
	g.add("ok may not be written", supervised("sv"), mode("sv/supervise/ok", 0o400), run("svok", "sv"), over(), mode("sv/supervise/ok", 0o600), eof()).accessed(0)
	return g
}

// svstatCases: the line of svstat.
func svstatCases() *group {
	g := &group{name: "svstat"}
	svstat := func(args ...string) step { return run(append([]string{"svstat"}, args...)...) }
	one := func(name string, steps ...step) *golden {
		return g.add(name, append(append([]step{supervised("sv")}, steps...), svstat("sv"), eof())...)
	}
	svstatStates(g)
	for _, pid := range []uint32{1, 255, 256, 65536, 0x01020304, 0x7fffffff, 0x80000000, 0xffffffff} {
		one(fmt.Sprint("pid ", pid), status("sv", ago(100), pid, 0, 'u', ""))
	}
	for _, at := range []stamp{
		ago(0), ago(100), ago(1e6), ago(1e9), ago(-3600), ago(-1e9), second(0), second(1), second(1<<62 - 1), second(1 << 62), second(1<<62 + 10),
		second(1<<63 - 1), second(1 << 63), second(1<<64 - 1),
	} {
		one("since "+at.name, status("sv", at, 123, 0, 'u', ""))
	}
	for _, more := range []string{"x", "\x00", "\x03", strings.Repeat("x", 1000)} {
		c := one(fmt.Sprintf("%d more bytes, first %q", len(more), more[:1]), status("sv", ago(100), 0, 0, 'u', more))
		if len(more) > 1 {
			c.differ(encore, func(r *record) {
				r.stdout = strings.TrimSuffix(r.stdout, "\n") + ", status unknown\nsv log: up (pid 2021161080) 0 seconds, paused, status unknown\n"
			})
		}
	}
	one("an extended record", status("sv", ago(100), 123, 0, 'u', "\x03\x00")).differ(encore, func(r *record) {
		r.stdout = "sv: up (pid 123) {100 s ago}, running\n"
	})
	one("a record with a log", status("sv", ago(100), 123, 0, 'u', "\x03\x00"+string(record18(second(1<<63).second, 0, 0, 'd'))+"\x00\x00")).
		differ(encore, func(r *record) {
			r.stdout = "sv: up (pid 123) {100 s ago}, running\nsv log: down 0 seconds, normally up, stopped\n"
		})
	for _, n := range []int{0, 1, 12, 17} {
		one(fmt.Sprintf("a record of %d bytes", n), put("sv/supervise/status", 0o644, strings.Repeat("@", n)))
	}
	svstatFiles(g, one)
	svstatNames(g, svstat)
	return g
}

// svstatStates: every state of a record, up and down, with and without a file
// down.
func svstatStates(g *group) {
	for _, pid := range []uint32{0, 123} {
		for _, down := range []bool{false, true} {
			for _, paused := range []byte{0, 1, 2} {
				steps := []step{}
				names := []string{"svstat", "u", "d", "o", "x"}
				for i, want := range []byte{'u', 'd', 0, 'x'} {
					dir := names[i+1]
					steps = append(steps, supervised(dir), status(dir, ago(1000), pid, paused, want, ""))
					if down {
						steps = append(steps, put(dir+"/down", 0o644, ""))
					}
				}
				g.add(fmt.Sprintf("pid %d, paused %d, file down: %v", pid, paused, down), append(steps, run(names...), eof())...)
			}
		}
	}
}

const encore = "what a supervise of daemontools-encore adds to the record is shown"

// svstatFiles: files that are not what they should be.
func svstatFiles(g *group, one func(string, ...step) *golden) {
	up := status("sv", ago(100), 123, 0, 'u', "")
	one("no status")
	one("status is a directory", ageless(second(0)), put("sv/supervise/status/", 0o755, "")).differ(stale, func(r *record) {
		r.stdout = "sv: unable to read supervise/status: is a directory\n"
	})
	one("status is a FIFO", fifoOf("sv/supervise/status"))
	one("status is a dangling link", symlink("nosuch", "sv/supervise/status"))
	one("status is a link", put("record", 0o644, string(record18(1<<63, 7, 1, 'd'))), symlink("../../record", "sv/supervise/status"))
	one("down is a directory", up, put("sv/down/", 0o755, ""))
	one("down is a dangling link", up, symlink("nosuch", "sv/down"))
	one("down is a link", up, symlink("supervise", "sv/down"))
	one("down is a link to itself", up, symlink("down", "sv/down"))
	one("ok has no reader", up, unread("sv/supervise/ok"))
	one("control has no reader", up, unread("sv/supervise/control"))
	one("ok may not be written", up, mode("sv/supervise/ok", 0o400)).accessed(0)
	one("status may not be read", up, mode("sv/supervise/status", 0o200)).accessed(0)
	g.add("a bad status behind a good one", supervised("sv"), up, supervised("b"), put("b/supervise/status/", 0o755, ""),
		run("svstat", "sv", "b", "sv"), eof()).differ(stale, func(r *record) {
		lines := strings.SplitAfter(r.stdout, "\n")
		lines[1] = "b: unable to read supervise/status: is a directory\n"
		r.stdout = strings.Join(lines, "")
	})
}

const stale = "a status that cannot be read is said, where 0.76 shows the data of the directory before, or zeros"

// svstatNames: names, and what is said about directories.
func svstatNames(g *group, svstat func(...string) step) {
	up := func(dir string) step { return status(dir, ago(100), 123, 0, 'u', "") }
	g.add("no argument", svstat(), eof())
	for names := range slices.Chunk(brokenNames, 5) {
		g.add(fmt.Sprintf("of %q", names), append(broken(), up("sv"), svstat(names...), eof())...)
	}
	g.add("a name that is too long", svstat(filler(256)), eof())
	g.add("the longest path", supervised("sv"), up("sv"), svstat(strings.Repeat("sv/../", 682)+"sv"), eof())
	g.add("more than a buffer", append(broken(), up("sv"), svstat(strings.Fields(strings.Repeat("sv nosuch left ", 300))...), eof())...)
	for _, name := range []string{"-dash", "-l", "-L", "-lL", "-x", "--"} {
		g.add("a directory named "+name, supervised(name), up(name), svstat(name, name), eof())
		c := g.add("no directory named "+name, supervised("sv"), up("sv"), svstat(name, "sv"), eof())
		switch name {
		case "-l":
			c.differ(option, func(r *record) { r.stdout = "sv: up (pid 123) {100 s ago}\n" })
		case "-L":
			c.differ(option, func(r *record) { r.stdout = "sv: no log service\n" })
		}
	}
	g.add("a directory named --json", supervised("--json"), up("--json"), svstat("--json"), eof())
	g.add("an option behind a directory", supervised("sv"), up("sv"), svstat("sv", "-l", "--json"), eof())
	g.add("an option alone", svstat("-l"), eof()).differ(option, func(r *record) {
		r.ends, r.stdout, r.stderr = []string{"exit 100"}, "", "svstat: usage: svstat [-l] [-L] [--json] dir ...\n"
	})
	g.add("stdout has no reader", supervised("sv"), up("sv"), closedPipe("stdout"), svstat("sv"), over(), svstat(), eof())
	g.add("the directory may not be entered", supervised("sv"), mode("sv", 0o600), svstat("sv"), over(), mode("sv", 0o755), eof()).accessed(0)
}

const option = "-l, -L and --json in front are options, unless there is a file of that name"

func fifoOf(path string) step {
	return step{"fifo " + path, func(w *world) error {
		if err := syscall.Mkfifo(w.dir+"/"+path, 0o600); err != nil {
			return err
		}
		return syscall.Chmod(w.dir+"/"+path, 0o600)
	}}
}
