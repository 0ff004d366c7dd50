//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"
)

// stampCases: tai64n.
func stampCases() *group {
	g := &group{name: "tai64n"}
	for _, n := range []int{0, 1, 200, 997, 998, 999, 1000, 1022, 1023, 1024, 1025, 2021, 2022, 2023, 2047, 2048, 2049, 5000, 100000} {
		g.add(fmt.Sprintf("%d bytes", n), run("tai64n"), pour(line(n)), eof())
		g.add(fmt.Sprintf("%d bytes without line end", n), run("tai64n"), pour(filler(n)), eof())
	}
	for _, s := range []struct{ name, text string }{
		{"line ends", "\n\n\n"}, {"short lines", shortText}, {"NUL and CR", "a\x00\r\n\x00\n\x00"}, {"every byte", everyByte()},
		{"stamped already", "@4000000037c219bf2ef02e94 old\n"}, {"last line unfinished", "a\nb"}, {"many lines", lines(2000, 40)},
	} {
		g.add(s.name, run("tai64n"), pour(s.text), eof())
	}
	g.add("arguments are ignored", run("tai64n", "-x", "--help", "file"), pour("a\n"), eof())
	g.add("a line in pieces", run("tai64n"), feed("a"), feed("b"), feed("c\nd"), feed("\n"), eof())
	for _, name := range []string{"tai64n", "tai64nlocal"} {
		g.add(name+", standard input is a directory", zone("UTC"), stdin(".", os.O_RDONLY), run(name), over())
		g.add(name+", standard input is for writing", zone("UTC"), put("in", 0o644, "x\n"), stdin("in", os.O_WRONLY), run(name), over())
		g.add(name+" into a pipe without reader", zone("UTC"), closedPipe("stdout"), run(name), pour("a\n"), over())
		g.add(name+" into a full disk", zone("UTC"), stdout("/dev/full"), run(name), pour("a\n"), over())
		g.add(name+" into nothing, for reading only", zone("UTC"), stdout("/dev/null"), run(name), pour("a\n"), eof())
	}
	g.add("tai64n, standard input is non-blocking and empty", nonblocking(), run("tai64n"), idleOrGone(), lateInput("late\n"), eof()).
		differ("EAGAIN waits for input", func(r *record) { r.ends[0], r.rest, r.stdout = "exit 0", "", "@LABEL late\n" })
	return g
}

// stdout gives the program a file that exists.
func stdout(path string) step {
	return step{"standard output is " + path, func(w *world) error {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		w.stdout = f
		return err
	}}
}

// at is the label of a Unix time.
func at(seconds int64, nano uint32) string {
	return fmt.Sprintf("@%016x%08x", uint64(seconds)+4611686018427387914, nano)
}

// localCases: tai64nlocal in UTC, section 10 of the specification.
func localCases() *group {
	g := &group{name: "tai64nlocal"}
	const good = "@4000000037c219bf2ef02e94"
	for _, text := range []string{
		good + " mark\n", "@400000000000000a00000000 epoch\n", "@400000000000000900000000 before\n",
		good + "mark\n", good + "\n", good + "\x00x\n", good + "Z\n", good + "A\n", good + "@\n", good + ":" + good + "\n", good + "\r\n",
		"@0" + good[1:] + " x\n", "@ffff" + good[1:] + " x\n", "@0000000000000000" + good[1:] + " x\n", "@" + strings.Repeat("f", 1000) + good[1:] + " x\n",
		"@4000000037c219bfffffffff x\n", "@4000000037c219bf3b9aca00 x\n", "@4000000037c219bf3b9ac9ff x\n", "@4000000037c219bf00000000 x\n",
		"@40000000fffffff500000000 y\n", "@4000003fffffffff00000000 y\n", "@3fffffff0000000000000000 y\n", "@3ffffff00000000000000000 y\n",
		" " + good + " x\n", "x " + good + " x\n", "x" + good + "\n", good + " " + good + " second\n",
		"x\n" + good, good, good + " partial", "x\n" + good + " partial", "plain\n", "", "\n", "\n\n" + good + " a\n\n", "no line end", "\x00\n", "a\x00b\n", "a\r\n",
		"x@\n", "\t@\n",
	} {
		g.add(fmt.Sprintf("%.60q", text), zone("UTC"), run("tai64nlocal"), pour(text), eof())
	}
	for _, text := range []string{ // end of input in a label
		"@", "x\n@", "@40", good + "\n@", good + "\n@4000", good + "\n" + good, "@" + strings.Repeat("0", 2000), "@zz", "@ ",
	} {
		c := g.add(fmt.Sprintf("ends with %.40q", text), zone("UTC"), run("tai64nlocal"), pour(text), eof())
		if text == "@zz" || text == "@ " {
			c.differ(neverCrashes, passedOn(text))
		}
	}
	for _, text := range []string{
		"@\n", "@foo\n", "@ x\n", "@@\n", "@4000000037c219bf x\n", "@4000000037C219BF2EF02E94 x\n", "@4000000037c219bf2ef02e9 x\n", "@4000000037c219bf2ef02e941 x\n",
		"@4000000037c219bf2ef02e9400000000 x\n", "@" + strings.Repeat("0", 24) + " x\n", "@7fffffffffffffff00000000 x\n", "@" + strings.Repeat("f", 24) + " x\n",
		"@" + strings.Repeat("0", 3000) + "\n", "@\x00\n", "@\r\n", "@4000000037c219bf2ef02e9G\n", "@root: cron job\n", "@media print {\n",
		"@400000000000000a0000000\n", "@8000000000000000000000000 x\n",
	} {
		g.add(fmt.Sprintf("dies of %.60q", text), zone("UTC"), run("tai64nlocal"), pour(text), eof()).differ(neverCrashes, passedOn(text))
	}
	g.add("dies behind good lines", zone("UTC"), run("tai64nlocal"), pour("a\n"+good+" x\n@bad\n"+good+" y\n"), eof()).
		differ(neverCrashes, passedOn("a\n1999-08-24 04:04:05.787492500 x\n@bad\n1999-08-24 04:04:05.787492500 y\n"))
	localLimits(g)
	g.add("a label in pieces", zone("UTC"), run("tai64nlocal"), feed("@40000000"), feed("37c219bf2ef0"), feed("2e94"), feed(" x"), feed("\n"), feed("@4"), eof())
	g.add("every two reads", zone("UTC"), run("tai64nlocal"), feed("a"), feed("@"), feed("\n"), feed(good+" b\n"), feed("@400000000000000a00000000"), feed("\n"), eof())
	g.add("arguments are ignored", zone("UTC"), run("tai64nlocal", "-x", "--help", "file"), pour(good+" x\n"), eof())
	for _, n := range []int{1023, 1024, 1025, 8191, 8192, 8193, 20000} {
		g.add(fmt.Sprintf("%d bytes", n), zone("UTC"), run("tai64nlocal"), pour(good+" "+line(n)+line(n)+good+"\n"), eof())
	}
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, "%s line %d\n", at(int64(i)*7654321, uint32(i)*1000), i)
	}
	g.add("3000 lines", zone("UTC"), run("tai64nlocal"), pour(b.String()), eof())
	return g
}

const neverCrashes = "tai64nlocal never crashes: the line passes through unchanged"

// passedOn is a record of a program that lived and wrote text.
func passedOn(text string) func(*record) {
	return func(r *record) { r.ends[0], r.stdout = "exit 0", text }
}

// localLimits: the first and the last second that has a year.
func localLimits(g *group) {
	const first, last = -67768040609740800, 67768036191676799
	for _, seconds := range []int64{first, first + 1, last - 1, last,
		-62135596801, -62135596800, -62167219200, -62167219201, -62198755200, 253402300799, 253402300800, -1, 0, 1,
		951782399, 951782400, 951868799, 951868800, 4107542399, 4107542400, 1 << 31, 1<<31 - 1, -1 << 31, -1<<31 - 1, 1 << 32, -2208988800, -11644473600,
		68169600, 1230767999, 1483228799, 1483228800, 1e12, -1e12, 1e15, -1e15, 6e16, -6e16} {
		g.add(fmt.Sprintf("second %d", seconds), zone("UTC"), run("tai64nlocal"), pour(at(seconds, 123456789)+" x\n"), eof())
	}
	for _, seconds := range []int64{first - 1, last + 1, first - 1e9, last + 1e9} {
		text := at(seconds, 0) + " x\n"
		g.add(fmt.Sprintf("second %d", seconds), zone("UTC"), run("tai64nlocal"), pour(text), eof()).differ(neverCrashes, passedOn(text))
	}
}

// manyMoments are labels around changes of the clock in many places, in past
// and future.
func manyMoments() string {
	var b strings.Builder
	for _, s := range []int64{-12219292800, -5000000000, -2717650800, -2208988800, -1693706400, -880236000, -769395600, -1, 0, 1,
		25455600, 57722400, 126687600, 922615199, 922615200, 935467445, 941360399, 941360400, 954033600, 972781200,
		1143961199, 1143961200, 1173596399, 1173596400, 1194155999, 1194156000, 1301187600, 1319940000, 1349539200, 1365264000,
		1443882600, 1459611000, 1700000000, 1711846799, 1711846800, 1727535600, 1729989999, 1729990000, 1743296400,
		2147483647, 2147483648, 2216250001, 2231848800, 4102444800, 4118137200, 4133955600, 7258118400, 32503680000, 100000000000, 1e12} {
		fmt.Fprintf(&b, "%s %d\n", at(s, 500), s)
	}
	for month := range 36 { // 2025 to 2027
		fmt.Fprintf(&b, "%s month %d\n", at(1735689600+int64(month)*2629746, 0), month)
	}
	return b.String()
}

// zoneCases: tai64nlocal in other places. Only rules are recorded: what a name
// means depends on the zone files of the machine, so names are for the test
// beside the original. Names of summer time without a rule, and rules that
// break off, are left out: what they mean depends on the C library's file
// posixrules.
func zoneCases() *group {
	g := &group{name: "zones"}
	text := manyMoments()
	for _, tz := range []string{
		"UTC0", "UTC-3", "UTC+3", "<+0330>-3:30", "<-03>3", "JST-9", "XYZ-5:45:30", "ABC24:59:59", "ABC-24:59:59",
		"EST5EDT,M3.2.0,M11.1.0", "EST5EDT,M3.2.0/2:30,M11.1.0/1:30:15", "CET-1CEST,M3.5.0,M10.5.0/3", "NZST-12NZDT,M9.5.0,M4.1.0/3",
		"AAA3BBB,J60/0,J300/0", "AAA3BBB2:30,59/1,299/25", "IST-1GMT0,M10.5.0,M3.5.0/1", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "AAA0BBB,0/0,J365/25",
		"No/Such", ":No/Such", "XX", "A", "5", "ABC25", "ABC5:60", "<>5",
		"../../../../etc/passwd", "/etc/passwd", "/dev/null", "/nonexistent", ":",
	} {
		g.add(fmt.Sprintf("TZ=%s", tz), zone(tz), run("tai64nlocal"), pour(text), eof())
	}
	g.add("TZ is empty", emptyZone(), run("tai64nlocal"), pour(text), eof())
	return g
}

// emptyZone sets TZ to the empty text, which is not the same as no TZ.
func emptyZone() step {
	return step{`TZ=""`, func(w *world) error { w.tz = emptyTZ; return nil }}
}

const emptyTZ = "\x00"
