//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// goldenGroups is the table of all cases, by file.
func goldenGroups() []*group {
	return []*group{
		wordCases(), patternCases(), headCases(), lineCases(), statusCases(),
		sizeCases(), numCases(), dirCases(), inputCases(),
		rotationCases(), processorCases(), signalCases(),
		restartCases(), leftoverCases(),
		stampCases(), localCases(), zoneCases(),
		svcCases(), svokCases(), svstatCases(),
		titleCases(),
		addedCases(),
		searchCases(), passCases(), envdirCases(), accountCases(), softlimitCases(), setlockCases(), fghackCases(), pgrphackCases(),
		superviseCases(),
		svscanCases(),
	}
}

// line is n bytes of filler and a line end.
func line(n int) string { return filler(n) + "\n" }

func filler(n int) string {
	const text = "abcdefghijklmnopqrstuvwxyz0123456789"
	return strings.Repeat(text, n/len(text)+1)[:n]
}

// lines is count lines of n bytes each, the line end included, numbered.
func lines(count, n int) string {
	var b strings.Builder
	for i := range count {
		fmt.Fprintf(&b, "%06d%s\n", i, filler(n-7))
	}
	return b.String()
}

const shortText = "one\ntwo\n\nthree\n"

// wordCases: which words are actions, and which are ignored.
func wordCases() *group {
	g := &group{name: "words"}
	g.add("no words", multilog(), input(shortText, 0), eof())
	g.add("empty word", multilog("", "./d"), input(shortText, 0), eof())
	g.add("only an empty word", multilog(""), input(shortText, 0), eof())
	for c := ' '; c <= '~'; c++ {
		if strings.ContainsRune("./-+=!sne", c) {
			continue // the actions
		}
		letter := string(c)
		g.add("words with "+letter, multilog(letter+"word", "./d", letter+"2", letter, "e"), input(shortText, 0), eof())
	}
	for _, c := range []string{"\x01", "\t", "\n", "\x7f", "\xff", "ü"} {
		g.add(fmt.Sprintf("ignored %q", c), multilog(c, c+"word", "./d"), input(shortText, 0), eof())
	}
	for _, words := range [][]string{
		{"tfoo", "./d", "e"}, {"t", "t", "./d"}, {"", "t", "./d"}, {"e", "t"}, {"./d", "t"}, {"-t", "e"},
		{"efoo"}, {"e", "e"}, {"e", "-*", "e", "+two", "e"}, {"e ", "./d"},
		{"--", "e"}, {"-", "e"}, {"+", "e"}, {"-*", "+", "e"}, {"--help", "e"}, {"-*", "e", "+*", "e"},
		{"s", "n", "./d"}, {"n", "s", "./d"}, {"s4096", "./d", "s8192", "n3", "./e"},
		{"-*", "./a", "+o*", "./b", "e", "-*e", "./c"},
		{"-one", "./a", "-two", "+one", "./b", "+*", "./c"},
		{"multilog", "./d"}, {"tai64n"}, {"#", "./d"}, {"ts4096", "./d"},
	} {
		g.add(strings.Join(words, " "), multilog(words...), input(shortText, 0), eof())
	}
	return g
}

// patternCases: what a pattern matches. Every line of the input that the
// pattern selects is on stderr.
func patternCases() *group {
	g := &group{name: "patterns"}
	table := []struct{ pattern, lines string }{
		{"hello", "hello world\nhello\nhell\n\nHello\n"},
		{"*", "\nx\n*\n"},
		{"", "\nx\n*\n"},
		{"*ab", "xab\naab\nxaab\nab\nxabab\n"},
		{"* bad", "err: bad\nerr: a bad\n bad\n  bad\n"},
		{"*fatal: b", "fatal: a fatal: b\nfatal: b\nxfatal: b\n"},
		{"a*bc", "aXbc\naXbXbc\nabc\nabbc\na*bc\n"},
		{"*x", "xx\nx\nax\naxx\n\n"},
		{"*:", "x:y:z\nx:\n:\n::\n"},
		{"*:*", "x:y:z\nx\n:\nx:\n"},
		{"*a*", "bab\nb\na\n\n"},
		{"**", "a*b\n*\nab\n\n**\na**b\n"},
		{"***", "a*b\n*\n**\na**b\na*b*c\n"},
		{"*\\*", "a\\b\na*b\n\\\n"},
		{"[ab]", "a\n[ab]\n"},
		{"?", "a\n?\n"},
		{"+a", "+a\na\n"},
		{"-a", "-a\na\n"},
		{"*\x00*", "a\x00b\nab\n"},
		{"*\xff", "a\xff\n\xff\na\n\xff\xff\n"},
		{"*\r", "a\r\na\n\r\r\n"},
		{"*ü*", "über ü\nUber\n"},
		{"*GET *HTTP/1.?", "x GET /a HTTP/1.?\n"},
	}
	for _, r := range table {
		if strings.Contains(r.pattern, "\x00") {
			continue // no argument can hold it
		}
		g.add("select "+fmt.Sprintf("%q", r.pattern), multilog("-*", "+"+r.pattern, "e"), input(r.lines, 0), eof())
		g.add("deselect "+fmt.Sprintf("%q", r.pattern), multilog("-"+r.pattern, "e"), input(r.lines, 0), eof())
	}
	all := words("ab*", 3)
	for _, w := range words("ab", 5) {
		if len(w) > 3 {
			all = append(all, w)
		}
	}
	text := strings.Join(all, "\n") + "\n"
	for _, p := range words("ab*", 4) {
		if len(p) < 4 || strings.Count(p, "*") == 2 {
			g.add("words that match "+p, multilog("-*", "+"+p, "e"), input(text, 0), eof())
		}
	}
	return g
}

// words is every word over the letters up to a length, the empty one first.
func words(letters string, most int) []string {
	all := []string{""}
	for start := 0; most > 0; most-- {
		end := len(all)
		for _, w := range all[start:end] {
			for _, l := range letters {
				all = append(all, w+string(l))
			}
		}
		start = end
	}
	return all
}

// headCases: how far into a line patterns and e can see.
func headCases() *group {
	g := &group{name: "head"}
	for _, n := range []int{972, 973, 974, 975, 998, 999, 1000, 1001, 1500} {
		text := filler(n) + "Z\n"
		g.add(fmt.Sprintf("Z behind %d bytes", n), multilog("-*", "+*Z", "e", "./d"), input(text, 0), eof())
		g.add(fmt.Sprintf("Z behind %d stamped bytes", n), multilog("t", "-*", "+@* *Z", "./d"), input(text, 26), eof())
		g.add(fmt.Sprintf("Z behind %d bytes, deselected", n), multilog("-*Z", "./d"), input(text, 0), eof())
		g.add(fmt.Sprintf("%d bytes of pattern", n), multilog("-*", "+"+filler(n), "./d"),
			input(filler(n)+"\n"+filler(n)+"tail\n"+filler(n-1)+"\n", 0), eof())
	}
	for _, n := range []int{0, 1, 198, 199, 200, 201, 202, 999, 1000, 1001, 1200, 3000} {
		g.add(fmt.Sprintf("e with %d bytes", n), multilog("e"), input(line(n), 0), eof())
		g.add(fmt.Sprintf("e with %d bytes and no line end", n), multilog("e"), input(filler(n), 0), eof())
	}
	for _, n := range []int{0, 172, 173, 174, 175, 176, 973, 974, 975, 2000} {
		g.add(fmt.Sprintf("e with %d stamped bytes", n), multilog("t", "e"), input(line(n), 26), eof())
	}
	return g
}

var lengths = []int{0, 1, 485, 486, 487, 511, 512, 513, 973, 974, 975, 999, 1000, 1001, 1023, 1024, 1025, 2000, 2048, 4096, 20000}

// lineCases: what arrives in current for every shape of line.
func lineCases() *group {
	g := &group{name: "lines"}
	for _, n := range lengths {
		g.add(fmt.Sprintf("%d bytes", n), multilog("./d"), pour(line(n)), eof())
		g.add(fmt.Sprintf("%d bytes without line end", n), multilog("./d"), pour(filler(n)), eof())
		g.add(fmt.Sprintf("%d bytes stamped", n), multilog("t", "./d"), pour(line(n)), eof())
		g.add(fmt.Sprintf("%d bytes between others", n), multilog("./d"), pour("first\n"+line(n)+line(n)+"last"), eof())
	}
	shapes := []struct{ name, text string }{
		{"nothing", ""}, {"a line end", "\n"}, {"three line ends", "\n\n\n"}, {"NUL", "a\x00b\n\x00\n\x00"},
		{"CR LF", "a\r\nb\r\n"}, {"invalid UTF-8", "\xff\xfe\n\xc3\n\xc3\x28\n"}, {"UTF-8", "grün\nžluťoučký\n"},
		{"every byte", everyByte()}, {"controls", "\x1b[31mred\x1b[0m\n\a\b\v\f\n"}, {"a stamp", "@4000000037c219bf2ef02e94 old\n"},
		{"blanks", " \n  \n\t\n a \n"}, {"last line unfinished", "a\nb\nc"},
	}
	for _, s := range shapes {
		g.add(s.name, multilog("./d", "e"), pour(s.text), eof())
		g.add(s.name+", stamped", multilog("t", "./d", "e"), pour(s.text), eof())
	}
	g.add("a line in five reads", multilog("t", "./d"), feed("a"), feed("b"), feed("c\nd"), feed("\n"), feed("\n"), eof())
	g.add("a line of 2500 in reads of 500", multilog("./d"), feed(filler(500)), feed(filler(500)), feed(filler(500)),
		feed(filler(500)), feed(line(500)), feed("next\n"), eof())
	g.add("current at every read", multilog("./d"), feed("one\n"), appears("d/current", "one\n"), feed("two"), feed(" and\n"),
		appears("d/current", "two and\n"), eof())
	g.add("a long line is in current before its end", multilog("./d"), feed(filler(400)), feed(filler(400)), feed(filler(400)),
		appears("d/current", filler(400)+filler(400)+filler(400)), sig(syscall.SIGKILL))
	g.add("10000 lines", multilog("s16777215", "./d"), pour(lines(10000, 80)), eof())
	g.add("10000 lines stamped", multilog("t", "s16777215", "./d"), pour(lines(10000, 80)), eof())
	return g
}

func everyByte() string {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return string(b)
}

// statusCases: =FILE.
func statusCases() *group {
	g := &group{name: "status"}
	for _, n := range []int{0, 1, 5, 999, 1000, 1001, 2000} {
		g.add(fmt.Sprintf("a line of %d bytes", n), multilog("=f"), input(line(n), 0), eof())
		g.add(fmt.Sprintf("a stamped line of %d bytes", n), multilog("t", "=f"), input(line(n), 26), eof())
	}
	for _, n := range []int{0, 3, 1000, 1001, 1002, 3000} {
		g.add(fmt.Sprintf("file of %d bytes", n), put("f", 0o644, filler(n)), multilog("=f"), input("new\n", 0), eof())
		g.add(fmt.Sprintf("file of %d bytes, no input", n), put("f", 0o644, filler(n)), multilog("=f"), eof())
	}
	for _, mode := range []os.FileMode{0o400, 0o600, 0o644, 0o666, 0o744, 0o000} {
		g.add(fmt.Sprintf("file of mode %04o", mode), put("f", mode, "old\n"), multilog("=f"), input("new\n", 0), eof()).accessed(mode)
	}
	g.add("new file, no input", multilog("=f"), eof())
	g.add("several lines", multilog("=f"), input("a long first line\nsecond\n3\n", 0), eof())
	g.add("unfinished line", multilog("=f"), input("a\nb", 0), eof())
	g.add("two files", multilog("=f", "=g"), input(shortText, 0), eof())
	g.add("one file twice", multilog("=f", "-*", "+two", "=f"), input(shortText, 0), eof())
	g.add("selected lines", multilog("-*", "+o*", "=f", "-*", "+t*", "=g"), input(shortText, 0), eof())
	g.add("nothing selected", multilog("-*", "=f"), input(shortText, 0), eof())
	g.add("empty name", multilog("="), input(shortText, 0), eof())
	g.add("name with blanks", multilog("= a b "), input(shortText, 0), eof())
	g.add("name with =", multilog("=a=b"), input(shortText, 0), eof())
	g.add("absolute name", multilog("=$WORK/f"), input(shortText, 0), eof())
	g.add("missing directory", multilog("=no/f"), input(shortText, 0), eof())
	g.add("path through a file", put("x", 0o644, ""), multilog("=x/f"), input(shortText, 0), eof())
	g.add("a directory", put("f/", 0o755, ""), multilog("=f"), input(shortText, 0), eof())
	g.add("FIFO without reader", fifo("f"), multilog("=f"), input(shortText, 0), eof())
	g.add("link to a file", put("g", 0o644, "old\n"), symlink("g", "f"), multilog("=f"), input("new\n", 0), eof())
	g.add("link to nothing", symlink("g", "f"), multilog("=f"), input("new\n", 0), eof())
	g.add("link to itself", symlink("f", "f"), multilog("=f"), input("new\n", 0), eof())
	g.add("name too long", multilog("="+filler(256)), input("new\n", 0), eof())
	g.add("in the log directory, which is missing", multilog("./d", "=d/f"), input(shortText, 0), eof())
	g.add("in the log directory", put("d/", 0o755, ""), multilog("./d", "=d/f"), input(shortText, 0), eof())
	g.add("second cannot be made", multilog("=f", "=no/f", "./d"), input(shortText, 0), eof())
	g.add("/dev/null", multilog("=/dev/null", "e"), input(shortText, 0), eof())
	g.add("/dev/full", multilog("=/dev/full"), pour("a\n"), said("unable to write /dev/full, pausing"), kill(), over())
	g.add("made before the directories", multilog("./no/d", "=f"), input(shortText, 0), eof())
	return g
}

// kill is SIGKILL at once, for a program that is not idle.
func kill() step {
	return step{"signal KILL", func(w *world) error {
		if err := w.job.signal(syscall.SIGKILL); err != nil {
			return err
		}
		return w.job.wait()
	}}
}

// sizeCases: the values of s. A clean current is put there so that the next
// line shows whether the limit is near.
func sizeCases() *group {
	g := &group{name: "sizes"}
	const slack = 2000
	for _, word := range []string{"s", "s0", "s1", "s4095", "s4096", "s04096", "s4096junk", "s 4096", "s-1", "s+8192", "sjunk", "s4097x2", "s0x2000",
		"s18446744073709551616", "s18446744073709555712", "s18446744073709559808"} {
		for _, size := range []int{4096 - slack - 20, 4096 - slack - 10} {
			g.add(fmt.Sprintf("%s with %d bytes", word, size), put("d/current", 0o744, filler(size-1)+"\n"),
				multilog(word, "./d"), input("ten bytes\n", 0), eof())
		}
	}
	for _, r := range []struct {
		word string
		size int
	}{{"", 99999}, {"s4097", 4097}, {"s5000", 5000}, {"s8192", 8192}, {"s99999", 99999}, {"s100000", 100000}, {"s18446744073709559808", 8192}} {
		for d := -12; d <= -9; d++ {
			at := r.size - slack + d
			g.add(fmt.Sprintf("%q with %d bytes", r.word, at), put("d/current", 0o744, filler(at-1)+"\n"),
				multilog(r.word, "./d"), input("ten bytes\n", 0), eof())
		}
	}
	for _, word := range []string{"s16777214", "s16777216", "s18446744073709551615"} {
		for _, at := range []int{16777214 - slack - 10, 16777215 - slack - 10} {
			g.add(fmt.Sprintf("%s with %d bytes", word, at), put("d/current", 0o744, filler(at-1)+"\n"),
				multilog(word, "./d"), input("ten bytes\n", 0), eof())
		}
	}
	g.add("s behind the directory", put("d/current", 0o744, line(2100)), multilog("./d", "s4096"), input("x\n", 0), eof())
	g.add("last s wins", put("d/current", 0o744, line(2100)), multilog("s4096", "s9999", "./d"), input("x\n", 0), eof())
	for _, size := range []int{4095, 4096, 4097, 6000} {
		g.add(fmt.Sprintf("clean current of %d bytes is above s4096", size), put("d/current", 0o744, filler(size-1)+"\n"),
			multilog("s4096", "./d"), input("ten bytes\nmore\n", 0), eof())
	}
	return g
}

// oldNames is the names of count archives, oldest first.
func oldNames(count int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("@4000000037c219bf%08x.%c", i+1, "su"[i%2])
	}
	return names
}

func oldFiles(dir string, count int) []step {
	var all []step
	for _, name := range oldNames(count) {
		all = append(all, put(dir+"/"+name, 0o744, "old "+name[17:25]+"\n"))
	}
	return all
}

// numCases: the values of n, and what is pruned by them.
func numCases() *group {
	g := &group{name: "nums"}
	for _, word := range []string{"", "n", "n0", "n1", "n2", "n3", "n4", "n03", "n3junk", "n 3", "n-1", "njunk", "n10", "n11", "n12", "n13", "n14", "n100",
		"n18446744073709551616", "n18446744073709551618", "n18446744073709551619", "n18446744073709551615"} {
		steps := append(oldFiles("d", 12), put("d/current", 0o744, "now\n"), multilog(word, "./d"), sig(syscall.SIGALRM), eof())
		g.add(fmt.Sprintf("%q with 12 old files", word), steps...)
	}
	for _, count := range []int{0, 1, 2, 3} {
		steps := append(oldFiles("d", count), put("d/current", 0o744, "now\n"), multilog("n3", "./d"), sig(syscall.SIGALRM), eof())
		g.add(fmt.Sprintf("n3 with %d old files", count), steps...)
	}
	g.add("a clean start prunes nothing", append(oldFiles("d", 5), put("d/current", 0o744, "now\n"), multilog("n2", "./d"), eof())...)
	g.add("a start after an outage prunes", append(oldFiles("d", 5), put("d/current", 0o644, "now\n"), multilog("n3", "./d"), eof())...)
	g.add("a start without current prunes nothing", append(oldFiles("d", 5), multilog("n3", "./d"), eof())...)
	return g
}

// dirCases: what may stand in the place of a directory and its files.
func dirCases() *group {
	g := &group{name: "dirs"}
	for _, words := range [][]string{
		{"./d"}, {"./d", "./e"}, {"./d", "./d"}, {"./d", "././d"}, {"./no/d"}, {"./d", "./no/d"}, {"."}, {"./"}, {"./d/"}, {"./d/."}, {"$WORK/d"},
		{"./a b"}, {"./%s"}, {"./-"}, {".d"}, {"/dev/null"}, {"/dev/null/d"}, {"./a", "./b", "./c"}, {"./d\nx"}, {"./" + filler(255)}, {"./" + filler(256)}, {"/"[:0] + "./=x"},
		{"./d", "./d/e"}, {"..d"}, {"./..d"},
	} {
		g.add(fmt.Sprintf("words %q", words), multilog(words...), input(shortText, 0), eof())
	}
	inPlace := []struct {
		name  string
		steps []step
	}{
		{"a directory of mode 0755", []step{put("d/", 0o755, "")}},
		{"a directory of mode 0777", []step{put("d/", 0o777, "")}},
		{"a file", []step{put("d", 0o644, "")}},
		{"a FIFO", []step{fifo("d")}},
		{"a link to a directory", []step{put("e/", 0o755, ""), symlink("e", "d")}},
		{"a link to nothing", []step{symlink("e", "d")}},
		{"a link to a file", []step{put("e", 0o644, ""), symlink("e", "d")}},
		{"a link to itself", []step{symlink("d", "d")}},
		{"lock of mode 0644", []step{put("d/lock", 0o644, "text")}},
		{"lock is a directory", []step{put("d/lock/", 0o755, "")}},
		{"lock is a FIFO", []step{put("d/", 0o755, ""), fifo("d/lock")}},
		{"lock is a link to nothing", []step{put("d/", 0o755, ""), symlink("no/where", "d/lock")}},
		{"current is a directory of mode 0755", []step{put("d/current/", 0o755, "")}},
		{"current is a link to a clean file", []step{put("c", 0o744, "there\n"), put("d/", 0o755, ""), symlink("../c", "d/current")}},
		{"current is a link to itself", []step{put("d/", 0o755, ""), symlink("current", "d/current")}},
		{"state is a directory", []step{put("d/state/", 0o755, "")}},
		{"processed is a link to itself", []step{put("d/", 0o755, ""), symlink("processed", "d/processed")}},
		{"foreign files", []step{put("d/README", 0o600, "hello\n"), put("d/sub/x", 0o600, "x"), put("d/current.gz", 0o644, "z")}},
	}
	for _, p := range inPlace {
		steps := append(p.steps, multilog("./c", "./d", "e"), input(shortText, 0), eof())
		g.add("in place of ./d: "+p.name, steps...)
	}
	g.add("in place of ./d: lock of mode 0000", put("d/lock", 0, ""), multilog("./d"), eof()).accessed(0)
	g.add("an error leaves the first directory in use", multilog("./a", "./no/b"), over(), again(), multilog("./a"), input("next\n", 0), eof()).
		differ("an empty unfinished file is removed at recovery", withoutEmpty)
	return g
}

// inputCases: what standard input and the outputs may be.
func inputCases() *group {
	g := &group{name: "input"}
	g.add("a file", put("in", 0o644, lines(30, 100)+"unfinished"), stdin("in", os.O_RDONLY), multilog("./d"), eof())
	g.add("/dev/null", stdin("../../../../../../../../dev/null", os.O_RDONLY), multilog("./d"), eof())
	g.add("a directory", stdin(".", os.O_RDONLY), multilog("./d"), over()).
		differ("a read error on stdin is said before the clean exit", warned("unable to read standard input: is a directory"))
	g.add("writing only", put("in", 0o644, "text\n"), stdin("in", os.O_WRONLY), multilog("./d"), over()).
		differ("a read error on stdin is said before the clean exit", warned("unable to read standard input: file descriptor not open"))
	g.add("non-blocking with input", nonblocking(), pour("there\n"), multilog("./d"), appears("d/current", "there\n"), eof())
	g.add("non-blocking and empty", nonblocking(), multilog("./d"), idleOrGone(), lateInput("late\n"), eof()).
		differ("EAGAIN waits for input", func(r *record) {
			r.rest = ""
			r.change("d/current", func(e *entry) { e.data = "late\n" })
		})
	g.add("e into a pipe without reader", closedPipe("stderr"), multilog("e", "./d"), pour("one\n"), over())
	g.add("t e into a pipe without reader", closedPipe("stderr"), multilog("t", "./d", "e"), pour("one\n"), over())
	return g
}

// idleOrGone waits until the program waits for input or has ended.
func idleOrGone() step {
	return step{"", func(w *world) error {
		return until("an idle program", nil, func() bool { return w.job.gone() || w.job.idle() })
	}}
}

// lateInput writes to a program that may be gone.
func lateInput(s string) step {
	return step{"feed " + quote(s), func(w *world) error {
		if _, err := w.pipe.w.WriteString(s); err != nil {
			return err
		}
		return w.pipe.settle(w.job)
	}}
}

// warned is a record with one warning more.
func warned(text string) func(*record) {
	return func(r *record) { r.stderr += "multilog: warning: " + text + "\n" }
}

// change changes the entry of that name.
func (r *record) change(path string, f func(*entry)) {
	for i := range r.tree {
		if r.tree[i].path == path {
			f(&r.tree[i])
		}
	}
}
