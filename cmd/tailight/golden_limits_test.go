//go:build linux

package main

import "fmt"

// softlimitCases: limits as the child has them. Hard limits are set first, so
// that they are the same on every machine.
func softlimitCases() *group {
	g := &group{name: "chain-softlimit", built: true}
	scripts := together("put the scripts limited and show",
		put("limited", 0o755, "#!/bin/sh\nulimit -v 4000000; ulimit -d 3000000; ulimit -s 7000\n"+
			"ulimit -n 200; ulimit -f 5000; ulimit -c 0; ulimit -t 900; ulimit -l 60\nexec \"$@\"\n"),
		put("show", 0o755, `#!/bin/sh
exec sed -n '/^Max \(cpu\|file s\|data\|stack\|core\|open\|locked m\|address\)/s/^Max \([a-z ]*[a-z]\)  *\([^ ]*\)  *\([^ ]*\).*/\1 \2 \3/p' /proc/self/limits
`))
	show := func(options string) {
		g.add("softlimit "+options, scripts, shell(`exec ./limited "$0"/softlimit `+options+` ./show`)).quiet = true
	}
	for _, letter := range "acdflmorst" {
		for _, value := range []string{"100000000", "=", "18446744073709551615", "18446744073809551616"} {
			show(fmt.Sprintf("-%c %s", letter, value))
		}
	}
	show("")
	show("-o 50")
	show("-o50")
	show("-o 199")
	show("-o 200")
	show("-o 201")
	show("-o 50 -o 60")
	show("-o 60 -o 50")
	show("-o 50 -o =")
	show("-c 5 -t 100 -f 70000")
	show("-m 90000000 -a =")
	show("-a = -m 90000000")
	show("-m 90000000 -s 5000000")
	show("-r 5 -p 5000 --")
	show("-l 18446744073709551617")
	show("-f 0001234")
	for _, letter := range []string{"p", "r"} { // the hard limit is not set above
		for _, value := range []string{"777", "0"} {
			g.add("softlimit -"+letter+" "+value, shell(`exec "$0"/softlimit -`+letter+` `+value+` sed -n 's/^\(Max [pr][re][os][ic].*[a-z]\) *\([0-9]*\) .*/\1 \2/p' /proc/self/limits`))
		}
	}
	for _, letter := range "acdlmoprs" { // without CPU time it may die before it says so
		g.add(fmt.Sprintf("-%c 0, no such program", letter), run("softlimit", fmt.Sprintf("-%c", letter), "0", "no-such-program"))
		g.add(fmt.Sprintf("-%c 0, no such path", letter), run("softlimit", fmt.Sprintf("-%c0", letter), "/no/such/program", "x"))
	}
	g.add("all 0, no such program", run("softlimit", "-a0", "-c0", "-d0", "-l0", "-m0", "-o0", "-p0", "-r0", "-s0", "no-such-program"))
	g.add("-f 0 and a word to say", run("softlimit", "-f", "0", "no-such-program"))
	for _, value := range []string{"-5", "12x", "x", "unlimited", " 5", "5 ", "+5", "0x10", "1.5", "==", "=5"} {
		g.add("a wrong value "+quote(value), run("softlimit", "-o", value, "true"))
	}
	g.add("an empty value", run("softlimit", "-c", "", "true"))
	g.add("no value", run("softlimit", "-o"))
	g.add("unknown option", run("softlimit", "-z", "true"))
	g.add("unknown option behind a wrong value", run("softlimit", "-o", "x", "-z", "true"))
	g.add("wrong value behind an unknown option", run("softlimit", "-z", "-o", "x", "true"))
	g.add("no arguments", run("softlimit"))
	g.add("no program", run("softlimit", "-o", "5"))
	g.add("options of the program", run("softlimit", "-c", "0", "printf", "%s", "-z"))
	g.add("-", run("softlimit", "-", "x"))
	renamed := g.add("called by another name", shell(`ln -s "$0"/softlimit myname; exec ./myname -z`)).
		differ("a link of another name is the toolkit", func(r *record) {
			r.stderr = "tailight: usage: unknown command -z; tailight alone lists the commands\n"
		})
	renamed.quiet = true
	return g
}

// setlockCases: the lock, its file and its descriptor.
func setlockCases() *group {
	g := &group{name: "chain-setlock", built: true}
	const flags = ` sh -c 'for i in 0 3 4 5; do sed -n "s/^flags:/$i/p; s/^lock:.*FLOCK *ADVISORY *\([A-Z]*\).*/\1/p" /proc/$$/fdinfo/$i; done 2>/dev/null'`
	g.add("a new file", run("setlock", "f", "true"))
	g.add("a new file, umask", shell(`umask 0277; exec "$0"/setlock f true`))
	g.add("a file that is there", put("f", 0o644, "content\n"), run("setlock", "f", "true"))
	g.add("what is written goes to the end", put("f", 0o644, "content\n"), run("setlock", "f", "sh", "-c", "echo more >&3"))
	g.add("the descriptor", put("f", 0o644, ""), shell(`exec "$0"/setlock f`+flags))
	g.add("the descriptor, input closed", put("f", 0o644, ""), shell(`exec <&-; exec "$0"/setlock f`+flags))
	g.add("the descriptor, others open", put("f", 0o644, ""), shell(`exec 3</dev/null 5</dev/null; exec "$0"/setlock f`+flags))
	for _, options := range []string{"", "-n", "-x", "-nx", "-xX", "-nN", "-X", "-Nn", "-nxX", "-xXx"} {
		name := options
		if name == "" {
			name = "no option"
		}
		for _, what := range []struct{ name, script string }{
			{"free", `exec "$0"/setlock %s f echo ran`},
			{"no such directory", `exec "$0"/setlock %s no/f echo ran`},
			{"a directory", `exec "$0"/setlock %s . echo ran`},
			{"a FIFO", `mkfifo p; exec "$0"/setlock %s p echo ran`},
			{"an empty name", `exec "$0"/setlock %s '' echo ran`},
			{"no such program", `exec "$0"/setlock %s f ./no-such-program`},
		} {
			g.add(name+", "+what.name, shell(fmt.Sprintf(what.script, options)))
		}
	}
	const busy = `"$0"/setlock f sh -c '"$0"/setlock %s f echo ran; echo code $?' "$0"`
	for _, options := range []string{"-n", "-nx", "-xn", "-nX", "-nxX", "-Nn"} {
		g.add(options+", locked", shell(fmt.Sprintf(busy, options)))
	}
	g.add("the lock is waited for", shell(`mkfifo p held; "$0"/setlock f sh -c 'echo >held; read x <p; echo first' & read x <held; "$0"/setlock f echo second &
until grep -q -- "-> FLOCK.*:$(stat -c %i f) " /proc/locks; do :; done; echo go >p; wait`))
	g.add("the lock ends with the program", shell(`"$0"/setlock f true; exec "$0"/setlock -n f echo ran`))
	g.add("the lock is held by what is left behind", shell(`mkfifo p; "$0"/setlock f sh -c 'read x <p &'; "$0"/setlock -n f echo ran; echo $?; echo go >p`))
	g.add("unknown option", run("setlock", "-z", "f", "true"))
	g.add("no arguments", run("setlock"))
	g.add("no program", run("setlock", "f"))
	g.add("no program after options", run("setlock", "-nx", "f"))
	g.add("options of the program", run("setlock", "-n", "--", "f", "printf", "%s", "-n"))
	return g
}

// fghackCases: what it waits for and what becomes of exit codes.
func fghackCases() *group {
	g := &group{name: "chain-fghack", built: true}
	for _, code := range []int{0, 1, 5, 100, 111, 126, 255} {
		g.add(fmt.Sprintf("exit %d", code), run("fghack", "sh", "-c", fmt.Sprintf("exit %d", code)))
	}
	for _, s := range []string{"TERM", "KILL", "HUP", "USR1"} {
		g.add("killed by "+s, run("fghack", "sh", "-c", "kill -"+s+" $$"))
	}
	g.add("the background is waited for", shell(`mkfifo p; (echo go >p) & "$0"/fghack sh -c '(read x <p; echo background) & exit 3'; echo code $?`))
	g.add("a background that closes all is not", shell(`mkfifo p; "$0"/fghack sh -c '
for i in 3 4 5 6 7 8 9; do eval "exec $i>&-"; done
exec /bin/sh -c "exit 4"' ; echo code $?`))
	g.add("what is written into the pipe", run("fghack", "sh", "-c", "echo lost >&3; echo lost >&9; echo kept"))
	g.add("how many descriptors", run("fghack", "sh", "-c", `p=$(readlink /proc/$$/fd/3); n=0; for i in /proc/$$/fd/*; do test "$(readlink $i)" = $p && n=$((n+1)); done; echo $n`))
	g.add("which descriptors", shell(`exec 4</dev/null 8</dev/null; exec "$0"/fghack sh -c 'for i in 3 4 5 8 9 34 35 36; do test -p /proc/$$/fd/$i && echo $i; done'`))
	g.add("which descriptors, input closed", shell(`exec <&-; exec "$0"/fghack sh -c 'for i in 0 3 31 32 33 34; do test -p /proc/$$/fd/$i && echo $i; done'`))
	g.add("how they are open", run("fghack", "sh", "-c", `for i in 3 20 33; do sed -n 's/^flags://p' /proc/$$/fdinfo/$i; done`))
	g.add("no arguments", run("fghack"))
	return g
}

// pgrphackCases: the session.
func pgrphackCases() *group {
	g := &group{name: "chain-pgrphack", built: true}
	const ids = ` sh -c 'set -- $(cat /proc/$$/stat); test $5 = $$ && echo a group of its own; test $6 = $$ && echo a session of its own; true'`
	g.add("a group and a session", shell(`"$0"/pgrphack`+ids))
	g.add("none without it", shell(`: ; `+ids))
	g.add("the leader of a session", shell(`"$0"/pgrphack "$0"/pgrphack`+ids))
	g.add("no arguments", run("pgrphack"))
	return g
}
