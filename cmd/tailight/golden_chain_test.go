//go:build linux

package main

import "fmt"

// The cases of the commands that become another program. The programs are
// found in the directory $0 of the scripts.

// chainCalls has a call of every command that becomes another program, as far
// as its arguments go.
var chainCalls = []struct{ name, call string }{
	{"envdir", `"$0"/envdir e`},
	{"envuidgid", `"$0"/envuidgid root`},
	{"pgrphack", `"$0"/pgrphack`},
	{"setlock", `"$0"/setlock f`},
	{"softlimit", `"$0"/softlimit`},
	{"fghack", `"$0"/fghack`},
}

// together makes one step of several.
func together(text string, steps ...step) step {
	return step{text, func(w *world) error {
		for _, s := range steps {
			if err := s.do(w); err != nil {
				return err
			}
		}
		return nil
	}}
}

// searchCases: how the program is found and what is said if it cannot be run.
func searchCases() *group {
	g := &group{name: "chain-search", built: true}
	files := together("put the programs of the search",
		put("a/x", 0o755, "#!/bin/sh\necho a/x\n"), put("b/x", 0o755, "#!/bin/sh\necho b/x\n"), put("x", 0o755, "#!/bin/sh\necho x\n"),
		put("a/closed", 0o644, "#!/bin/sh\necho closed\n"), put("b/closed", 0o755, "#!/bin/sh\necho b/closed\n"),
		put("a/plain", 0o755, "echo no interpreter\n"), put("b/plain", 0o755, "#!/bin/sh\necho b/plain\n"),
		put("a/lost", 0o755, "#!/no/interpreter\n"), put("b/lost", 0o755, "#!/bin/sh\necho b/lost\n"),
		put("a/dir/", 0o755, ""), symlink("loop", "a/loop"), put("e/PATH", 0o644, "b"))
	search := func(name, script string) { g.add(name, files, shell(script)).quiet = true }
	for _, c := range []struct{ path, program string }{
		{"a:b", "x"}, {"b:a", "x"}, {"no:a", "x"}, {"no:b:a", "nothing"}, {"", "x"}, {":a", "x"}, {"a:", "x"}, {"no::a", "x"},
		{"no", "x"}, {"a", "closed"}, {"a:b", "closed"}, {"a:no", "closed"}, {"a:b", "plain"}, {"a", "plain"}, {"a", "lost"}, {"a:b", "lost"},
		{"a", "dir"}, {"a:no", "dir"}, {"a", "loop"}, {"a:b", "loop"}, {"x:b", "x"}, {"no:x:b", "x"}, {"a", ""}, {"no", ""}, {"no", "a/x"}, {"a", "./x"},
		{"no", "a/none"}, {"no", "a/closed"}, {"no", "a/plain"}, {"no", "a/dir"}, {"no", "a/"}, {"no", "x/y"}, {"no", "a/x/"}, {"a", "-x"},
	} {
		search(fmt.Sprintf("PATH=%s %s", quote(c.path), quote(c.program)),
			fmt.Sprintf(`PATH=%s exec "$0"/pgrphack '%s' 1 2`, c.path, c.program))
	}
	search("no PATH", `unset PATH; exec "$0"/pgrphack true`)
	search("no PATH, not there", `unset PATH; exec "$0"/pgrphack x`)
	search("PATH twice", `exec /usr/bin/env PATH=a "$0"/pgrphack x`)
	search("PATH of the child is not that of the search", `PATH=a exec "$0"/envdir e x`)
	for _, c := range chainCalls {
		for _, program := range []string{"nothing", "a/closed", "''"} {
			search(c.name+" "+program, fmt.Sprintf(`: >f; exec %s %s`, c.call, program))
		}
		search(c.name+" with arguments", fmt.Sprintf(`: >f; exec %s printf '<%%s>' 1 '' 'a b' -x`, c.call))
		search(c.name+" exit code", fmt.Sprintf(`: >f; exec %s sh -c 'exit 77'`, c.call))
	}
	long := filler(5000)
	search("a long name", `exec "$0"/pgrphack `+long)
	search("too many arguments", `exec "$0"/envdir e "$0"/envdir h /usr/bin/true`) // h does not exist
	return g
}

// passCases: what the program gets of the process, and what it does not.
func passCases() *group {
	g := &group{name: "chain-pass", built: true}
	const (
		open    = `sh -c 'for i in 0 1 2 3 4 5 6 7 8 9 10 11 12; do test -e /proc/$$/fd/$i && echo $i; done'`
		signals = `sed -n 's/^Sig\(Blk\|Ign\):.*\(.......\)$/\1 \2/p' /proc/self/status` // 1 to 28: the C library of a parent may ignore 32
	)
	for _, c := range chainCalls {
		pass := func(name, before, child string) {
			g.add(c.name+" "+name, put("e/", 0o755, ""), put("f", 0o600, ""), shell(before+`exec `+c.call+` `+child))
		}
		if c.name != "fghack" {
			pass("the process", `pid=$$; `, `sh -c 'test $0 = $$ && echo the same' $pid`)
		}
		pass("the open files", "", open)
		pass("more open files", "exec 4</dev/null 7>more; ", open)
		pass("closed input", "exec <&-; ", open)
		pass("closed output and errors", "exec 3<f 2>&- >&-; ", `sh -c 'n=0; for i in 1 2 3 4; do test -e /proc/$$/fd/$i && n=$((n+(1<<i))); done; exit $n'`)
		pass("the directory", "", `pwd -P`)
		pass("the umask", "umask 027; ", `sh -c umask`)
		pass("the soft limit of open files", "ulimit -S -n 77; ", `sh -c 'ulimit -S -n'`)
		pass("soft limits that are tight", "ulimit -S -v 50000; ulimit -S -d 20000; ", `sh -c 'ulimit -S -v; ulimit -S -d'`)
		pass("default signals", "", signals)
		pass("ignored signals", "trap '' PIPE TERM; ", signals)
		pass("more ignored signals", "trap '' HUP INT QUIT ABRT USR1 USR2 ALRM XCPU XFSZ VTALRM WINCH IO PWR TSTP TTIN TTOU CONT; ", signals)
		pass("ignored faults, URG and PROF", "trap '' ILL TRAP BUS FPE SEGV URG PROF; ", signals)
	}
	return g
}

// envdirCases: variables out of files, and the editing of an environment. The
// order in which a directory is read is not that of another machine: where it
// matters there is a directory for each file, or the output is sorted.
func envdirCases() *group {
	g := &group{name: "chain-envdir", built: true}
	const begin = `exec env -i A=1 B=2 C=3 D=4 `
	one := func(name, file, content string) *golden {
		return g.add(name, put("e/"+file, 0o644, content), shell(begin+`"$0"/envdir e /usr/bin/env`))
	}
	one("a value", "A", "x\n")
	one("a value without a line end", "A", "x")
	one("a value instead of the last", "D", "x\n")
	one("a new value", "E", "x\n")
	one("an empty file", "A", "")
	one("an empty file for the last", "D", "")
	one("an empty file for none", "E", "")
	one("an empty line", "A", "\n")
	one("blanks alone", "A", " \t \n")
	one("a value of the first line only", "A", "x\ny\nz\n")
	one("blanks at the end go", "A", "x \t \n")
	one("blanks in front stay", "A", " \t x\n")
	one("a carriage return stays", "A", "x\r\n")
	one("NUL is a line end", "A", "a\x00b\x00\n")
	one("a blank before NUL stays", "A", "abc \x00\n")
	one("NUL alone", "A", "\x00")
	one("bytes", "A", "\x01\xff\xc3\xa4=\"\n")
	one("a name that begins with a dot", ".A", "x\n")
	one("a name with an equals sign", "A=B", "x\n")
	one("a name with an equals sign, empty", "A=B", "")
	one("a name with an equals sign in front", "=B", "x\n")
	one("a name with blanks", "A B", "x\n")
	one("a long value", "A", filler(5000)+"\n")
	one("a value too long for the system", "A", filler(200000)+"\n")
	g.add("duplicates in the environment", put("e/A", 0o644, "x\n"), put("d/B", 0o644, ""),
		shell(`exec "$0"/envdir e "$0"/envdir d "$0"/envdir e "$0"/envdir d env | grep '^[AB]='`))
	g.add("one after the other", put("1/A", 0o644, "x\n"), put("2/B", 0o644, ""), put("3/E", 0o644, "new\n"), put("4/A", 0o644, "y\n"),
		shell(begin+`"$0"/envdir 1 "$0"/envdir 2 "$0"/envdir 3 "$0"/envdir 4 /usr/bin/env`))
	g.add("section 23.3", put("e/A", 0o644, "v1  \t \nsecond\n"), put("e/B", 0o644, ""), put("e/N", 0o644, "\n"), put("e/Z", 0o644, "a\x00b\x00"),
		put("e/CR", 0o644, "cr\r\n"), put("e/E=F", 0o644, "x"), put("e/G=H", 0o644, ""), put("e/.dot", 0o644, "hid"), put("e/LEAD", 0o644, "  lead"),
		put("e/SP", 0o644, " \t "), shell(`env -i A=1 B=2 C=3 "$0"/envdir e /usr/bin/env | sort`))
	g.add("a link", put("t", 0o644, "linked\n"), put("e/", 0o755, ""), symlink("../t", "e/A"), shell(begin+`"$0"/envdir e /usr/bin/env`))
	g.add("a link that leads nowhere", put("e/", 0o755, ""), symlink("nowhere", "e/A"), shell(begin+`"$0"/envdir e /usr/bin/env`))
	g.add("a FIFO without a writer", put("e/", 0o755, ""), fifo("e/A"), shell(begin+`"$0"/envdir e /usr/bin/env`))
	g.add("a directory in it", put("e/A/", 0o755, ""), run("envdir", "e", "true"))
	g.add("a loop in it", put("e/", 0o755, ""), symlink("A", "e/A"), run("envdir", "e", "true"))
	g.add("an empty directory", put("e/", 0o755, ""), shell(begin+`"$0"/envdir e /usr/bin/env`))
	g.add("no such directory", run("envdir", "e", "true"))
	g.add("a file for a directory", put("e", 0o644, ""), run("envdir", "e", "true"))
	g.add("an empty name", run("envdir", "", "true"))
	g.add("a closed directory", put("e/A", 0o644, "x"), put("e/", 0o000, ""), run("envdir", "e", "true")).accessed(0)
	g.add("a directory that cannot be read", put("e/A", 0o644, "x"), put("e/", 0o300, ""), run("envdir", "e", "true")).accessed(0o300)
	g.add("a closed file", put("e/A", 0o000, "x"), run("envdir", "e", "true")).accessed(0)
	g.add("no arguments", run("envdir"))
	g.add("one argument", run("envdir", "e"))
	return g
}

// accountCases: those that do not need root, and depend on no account but
// that of root.
func accountCases() *group {
	g := &group{name: "chain-account", built: true}
	const begin = `exec env -i A=1 B=2 C=3 `
	for _, env := range []string{"", "UID=7 ", "GID=7 ", "GID=7 UID=8 D=4 ", "UID=8 D=4 GID=7 "} {
		g.add("envuidgid root with "+env, shell(begin+env+`"$0"/envuidgid root /usr/bin/env`))
	}
	for _, name := range []string{"envuidgid", "setuidgid"} {
		for _, account := range []string{"", "0", "no such account", "root:x", "Root", "root ", "-"} {
			g.add(name+" "+quote(account), run(name, account, "true"))
		}
		g.add(name+" without arguments", run(name))
		g.add(name+" without a program", run(name, "root"))
	}
	return g
}
