// Bench times our commands beside those of daemontools 0.76, s6 and runit, as
// far as these are installed, and prints one table of medians and ratios.
//
//	go run ./testdata/bench [-bin DIR] [-mib 512] [-runs 5] [-seconds 4] [-only WORD]
//
// Throughput is the time of a whole `cat FILE | COMMAND`; all programs take
// turns, so that a change in the machine's speed meets all of them. CPU per
// line at a pace is read from /proc/PID/task/*/schedstat, which is exact
// where getrusage counts ticks. Idle memory is Private_Dirty of
// /proc/PID/smaps_rollup after one line, or with a service that is up. The last
// rows time the start of a whole tree of services, and of a new service in one.
//
// The row of floor only writes and syncs what multilog writes, a file at a time.
//
// A ratio says how many times more the peer needs. Absolute times depend on
// the machine and its neighbours; only the ratios of one run carry over.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

// contender is one program for one kind of work. DIR in its arguments stands
// for a log directory that does not exist yet.
type contender struct {
	who  string // tailight, daemontools, s6, runit, floor
	prog string // path, empty if not installed
	args []string
}

// work is a row group of the table: ours first, then the peers.
type work struct {
	name       string
	contenders []contender
}

func main() {
	bin := flag.String("bin", "bin", "directory with our commands")
	mib := flag.Int("mib", 512, "size of the throughput input in MiB")
	runs := flag.Int("runs", 5, "counted runs of each command")
	seconds := flag.Float64("seconds", 4, "length of each paced measurement")
	only := flag.String("only", "", "only work whose name contains this")
	alone := flag.String("floor", "", "only write standard input to files in a new directory, see floor.go")
	flag.Parse()
	if *alone != "" {
		if err := floor(*alone); err != nil {
			fmt.Fprintln(os.Stderr, "bench: fatal:", err)
			os.Exit(111)
		}
		return
	}
	if err := bench(*bin, *mib, *runs, *seconds, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench: fatal:", err)
		os.Exit(111)
	}
}

func bench(bin string, mib, runs int, seconds float64, only string) error {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "tailight-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	plain, stamped := filepath.Join(tmp, "plain"), filepath.Join(tmp, "stamped")
	lines, err := inputs(plain, stamped, mib)
	if err != nil {
		return err
	}
	fmt.Printf("input: %d MiB, %d lines, %d runs, medians; ratio = peer / tailight\n\n", mib, lines, runs)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer out.Flush()
	fmt.Fprintln(out, "work\tprogram\tmedian\tmin..max\tratio")
	for _, w := range throughput(bin) {
		if strings.Contains(w.name, only) {
			input := plain
			if strings.HasPrefix(w.name, "tai64nlocal") {
				input = stamped
			}
			table(out, w, runs, "s", func(c contender) (float64, error) { return timed(tmp, input, c) })
		}
	}
	for _, pace := range []int{1000, 20000, 200000} {
		w := logging(bin, fmt.Sprintf("CPU per line, %d lines/s", pace))
		if strings.Contains(w.name, only) {
			table(out, w, runs, "us", func(c contender) (float64, error) { return paced(tmp, c, pace, seconds) })
		}
	}
	if w := logging(bin, "idle private memory"); strings.Contains(w.name, only) {
		table(out, w, runs, "kB", func(c contender) (float64, error) { return idle(tmp, c) })
	}
	for _, f := range superviseFigures {
		if w := supervising(bin, f.name); strings.Contains(w.name, only) {
			table(out, w, runs, f.unit, func(c contender) (float64, error) { return f.of(tmp, c) })
		}
	}
	for _, f := range treeFigures {
		if w := trees(bin, f.name); strings.Contains(w.name, only) {
			table(out, w, runs, f.unit, func(c contender) (float64, error) { return f.of(tmp, c) })
		}
	}
	return nil
}

// throughput lists the work that is timed as a whole.
func throughput(bin string) []work {
	ours := func(name string) string { return filepath.Join(bin, name) }
	self, _ := os.Executable() // or the row says "not installed"
	sel := []string{"-*", "+* ERROR *", "+* WARN *", "s16777215", "n10", "DIR"}
	return []work{
		{"multilog t s16777215 n10", []contender{
			{"tailight", ours("multilog"), []string{"t", "s16777215", "n10", "DIR"}},
			{"daemontools", installed("multilog"), []string{"t", "s16777215", "n10", "DIR"}},
			{"s6", installed("s6-log"), []string{"t", "s16777215", "n10", "DIR"}},
			{"runit", installed("svlogd"), []string{"-t", "DIR"}},
			{"floor", self, []string{"-floor", "DIR"}},
		}},
		{"multilog, two patterns", []contender{
			{"tailight", ours("multilog"), sel},
			{"daemontools", installed("multilog"), sel},
			{"s6", installed("s6-log"), []string{"-", "+ ERROR ", "+ WARN ", "s16777215", "n10", "DIR"}},
		}},
		{"multilog t, two patterns", []contender{
			{"tailight", ours("multilog"), append([]string{"t"}, sel...)},
			{"daemontools", installed("multilog"), append([]string{"t"}, sel...)},
		}},
		{"tai64n", []contender{
			{"tailight", ours("tai64n"), nil},
			{"daemontools", installed("tai64n"), nil},
			{"s6", installed("s6-tai64n"), nil},
		}},
		{"tai64nlocal", []contender{
			{"tailight", ours("tai64nlocal"), nil},
			{"daemontools", installed("tai64nlocal"), nil},
			{"s6", installed("s6-tai64nlocal"), nil},
		}},
	}
}

// logging is the plainest use: stamped lines into one directory.
func logging(bin, name string) work {
	return work{name, []contender{
		{"tailight", filepath.Join(bin, "multilog"), []string{"t", "DIR"}},
		{"daemontools", installed("multilog"), []string{"t", "DIR"}},
		{"s6", installed("s6-log"), []string{"t", "DIR"}},
		{"runit", installed("svlogd"), []string{"-t", "DIR"}},
	}}
}

func installed(name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	return path
}

// table measures the contenders of one work in turn and prints their rows.
func table(out *tabwriter.Writer, w work, runs int, unit string, measure func(contender) (float64, error)) {
	results := make([][]float64, len(w.contenders))
	for run := range runs + 1 {
		for i, c := range w.contenders {
			if c.prog == "" {
				continue
			}
			v, err := measure(c)
			if err != nil {
				fmt.Fprintf(os.Stderr, "bench: warning: %s of %s: %v\n", c.prog, c.who, err)
				continue
			}
			if run > 0 { // the first round only warms up
				results[i] = append(results[i], v)
			}
		}
	}
	for i, c := range w.contenders {
		if len(results[i]) == 0 {
			fmt.Fprintf(out, "%s\t%s\tnot installed\t\t\n", w.name, c.who)
			continue
		}
		slices.Sort(results[i])
		ratio := "1"
		if i > 0 && len(results[0]) > 0 {
			ratio = fmt.Sprintf("%.2f", median(results[i])/median(results[0]))
		}
		fmt.Fprintf(out, "%s\t%s\t%.2f %s\t%.2f..%.2f\t%s\n", w.name, c.who,
			median(results[i]), unit, results[i][0], results[i][len(results[i])-1], ratio)
	}
	out.Flush()
}

// median of sorted values.
func median(v []float64) float64 { return v[len(v)/2] }

// inputs writes log-like lines of 97 bytes on average to plain, and with
// stamps, eight to a second, to stamped.
func inputs(plain, stamped string, mib int) (lines int, err error) {
	p, err := os.Create(plain)
	if err != nil {
		return 0, err
	}
	defer p.Close()
	s, err := os.Create(stamped)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	pw, sw := bufio.NewWriterSize(p, 1<<20), bufio.NewWriterSize(s, 1<<20)
	words := strings.Fields("accepted asset brown client closed connection dog fox from GET jumps lazy login over POST query quick served session static the timeout user 200 304 404 500")
	levels := []string{"INFO", "INFO", "INFO", "INFO", "DEBUG", "DEBUG", "WARN", "ERROR"}
	r := rand.New(rand.NewPCG(1, 2))
	line := make([]byte, 0, 256)
	// One block is repeated: making half a gigabyte of chance takes longer
	// than the measurement.
	var block [][]byte
	for range 20000 {
		line = fmt.Appendf(line[:0], "svc[%d]: %s", 100+r.IntN(9900), levels[r.IntN(len(levels))])
		for end := 41 + r.IntN(110); len(line) < end; {
			line = append(append(line, ' '), words[r.IntN(len(words))]...)
		}
		block = append(block, slices.Clone(append(line, '\n')))
	}
	for size := 0; size < mib<<20; lines++ {
		l := block[lines%len(block)]
		size += len(l)
		pw.Write(l) // errors stay in the writer until Flush
		fmt.Fprintf(sw, "@%016x%08x ", uint64(1)<<62+10+uint64(1700000000+lines/8), lines%8*100000000)
		sw.Write(l)
	}
	if err := pw.Flush(); err != nil {
		return 0, err
	}
	return lines, sw.Flush()
}
