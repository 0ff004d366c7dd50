//go:build linux

package rotate_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tailight/tailight/logpipe"
	"github.com/tailight/tailight/rotate"
	"github.com/tailight/tailight/tai64"
)

// These tests run the whole log path over fake directories, and kill it at
// every call to any of them, the halves of a store to the record among them.
// The pipe it reads is a real one. Not tested here: a walk that goes on beside
// the writer (see TestDyingWhileTheWalkGoesOnBesideTheWriterLosesNothing), and
// what the kernel does (see TestSIGKILL in cmd/tailight).

// killing is a row: a script, and how its directories see the input.
type killing struct {
	name    string
	words   []string                            // M stands for the machine
	wants   map[string]func(line string) bool   // by directory; nil: every line
	makes   map[string]func(line string) string // what a line becomes; nil: what it was
	rated   string                              // the directory that has a rate
	changes [][]string                          // scripts in turn, instead of words
	space   int                                 // of each directory, 0: no end
	tee     string                              // the directory whose lines standard output gets as well
	doubled *atomic.Int64                       // kills that doubled something there
	back    time.Duration                       // how far the clock steps back before the second start
}

func odd(line string) bool { return len(line) > 4 && (line[3]-'0')%2 == 1 }

var killings = []killing{
	{name: "one directory", words: []string{"s4096", "M/a"}, wants: map[string]func(string) bool{"a": nil}},
	{name: "stamps", words: []string{"t", "s4096", "M/a"}, wants: map[string]func(string) bool{"a": nil}},
	{name: "ISO stamps", words: []string{"stamp=iso", "s4096", "M/a"}, wants: map[string]func(string) bool{"a": nil}},
	{name: "regular expressions", words: []string{"t", "s4096", "M/a", "drop=", "select=^...[13579]", "!x", "M/b"}, wants: map[string]func(string) bool{"a": nil, "b": odd}},
	{name: "standard output", words: []string{"t", "s4096", "M/a", "drop=", "select=^...[13579]", "tee=1", "M/b"}, wants: map[string]func(string) bool{"a": nil, "b": odd}, tee: "b"},
	{name: "prefix, line and replace", words: []string{"t", "s4096", "M/a", "prefix=p: ", "line=100", "-*", "F", "+@* ???[13579]*", "replace=?", "M/b"},
		wants: map[string]func(string) bool{"a": nil, "b": odd}, makes: map[string]func(string) string{"b": func(line string) string { return strings.ReplaceAll(pieces("p: ", 100)(line), "\x01", "?") }}},
	{name: "line without stamps, twice", words: []string{"s4096", "line=16", "M/a", "line=1000", "!x", "M/b"},
		wants: map[string]func(string) bool{"a": nil, "b": nil}, makes: map[string]func(string) string{"a": pieces("", 16), "b": pieces("", 1000)}},
	{name: "lines of both kinds take stamps", words: []string{"stamp=iso", "s4096", "line=700", "M/a", "line=1g", "M/b"},
		wants: map[string]func(string) bool{"a": nil, "b": nil}, makes: map[string]func(string) string{"a": pieces("", 700)}},
	{name: "a rate", words: []string{"t", "s4096", "M/a", "rate=500/s:5", "line=900", "M/b"}, wants: map[string]func(string) bool{"a": nil, "b": nil}, rated: "b"},
	{name: "a rate without stamps", words: []string{"s4096", "rate=1500/s:15", "M/a"}, wants: map[string]func(string) bool{"a": nil}, rated: "a"},
	{name: "a rate that is told in a full file", words: []string{"t", "s4600", "rate=1000/s:10", "M/a"}, wants: map[string]func(string) bool{"a": nil}, rated: "a"},
	{name: "always synced", words: []string{"t", "s4096", "sync=always", "M/a"}, wants: map[string]func(string) bool{"a": nil}},
	{name: "a full disk", words: []string{"t", "s4096", "n99", "full=drop-oldest", "M/a"}, wants: map[string]func(string) bool{"a": nil}, space: 10000},
	{name: "a full disk, two directories and a processor", words: []string{"T", "s4096", "n99", "full=drop-oldest", "!x", "M/a", "sync=always", "M/b"},
		wants: map[string]func(string) bool{"a": nil, "b": nil}, space: 14000},
	{name: "Unix time and a processor", words: []string{"T", "s4096", "!x", "M/a"}, wants: map[string]func(string) bool{"a": nil}},
	{name: "compressed", words: []string{"t", "s4096", "compress=gzip", "M/a"}, wants: map[string]func(string) bool{"a": nil}},
	{name: "two directories and patterns", words: []string{"t", "s4096", "M/a", "-*", "F", "+@* ???[13579]*", "s5000", "wgz", "!x", "M/b"},
		wants: map[string]func(string) bool{"a": nil, "b": odd}},
	{name: "a selection first, clock set back", words: []string{"t", "s4096", "-*", "F", "+@* ???[13579]*", "!x", "M/b", "+*", "M/a"},
		wants: map[string]func(string) bool{"a": nil, "b": odd}, back: 500 * time.Millisecond},
}

// killInput has short lines, some that are longer than a head, one that is
// longer than a file, and an unfinished one at the end.
var killInput = func() []byte {
	var b bytes.Buffer
	for i := range 80 {
		fmt.Fprintf(&b, "%04d %s", i, strings.Repeat("abcdefghi ", i%13))
		switch i {
		case 20, 41:
			b.WriteString(strings.Repeat("lon\x01 ", 350))
		case 60:
			b.WriteString(strings.Repeat("longer ", 700))
		}
		b.WriteString("\n")
	}
	b.WriteString("0080 no end")
	return b.Bytes()
}()

var machineNumber atomic.Int64

// run is a machine and its input, over some processes.
type run struct {
	*rotate.Machine
	t     *testing.T
	row   killing
	in    *os.File
	now   time.Time
	opens int // calls of the latest process until it was open
	said  []string
	lives int
	reads int      // of the clock, by the latest process
	out   *os.File // standard output
	file  string   // of the script, if that changes
	owes  bool     // an archive that was dropped at the end may be told by the next process

	prepare func()          // called when a process begins; nil: nothing
	clean   map[string]bool // directories that a killed process had closed
}

func (k killing) start(t *testing.T) *run {
	t.Helper()
	r := &run{Machine: rotate.NewMachine(fmt.Sprintf("/machine%d", machineNumber.Add(1))), t: t, row: k, now: time.Unix(1e9, 0), clean: map[string]bool{}}
	t.Cleanup(r.Forget)
	in, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r.in = in
	for dir := range k.wants {
		r.Disk(r.Name + "/" + dir).Space(k.space)
	}
	if k.tee != "" {
		if r.out, err = os.CreateTemp("", "tee"); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(r.out.Name())
	}
	if _, err := w.Write(killInput); err != nil {
		t.Fatal(err)
	}
	return r
}

// process is the life of one; it is killed before its call number at.
func (r *run) process(at int) (killed bool, err error) {
	r.Start(at)
	if r.prepare != nil {
		r.prepare()
		r.prepare = nil
	}
	defer func() {
		if e := recover(); e != nil {
			if e != rotate.ErrKilled {
				panic(e)
			}
			killed = true
			for dir := range r.row.wants {
				d := r.Disk(r.Name + "/" + dir)
				// A change of the script may do both in one process.
				r.clean[dir] = r.clean[dir] || r.row.changes != nil || slices.Contains(d.Names(), "current") && d.Mode("current") == 0o744
			}
		}
	}()
	return false, r.live()
}

func (r *run) live() error {
	r.reads = 0
	if r.lives++; r.lives == 2 {
		r.now = r.now.Add(-r.row.back)
	}
	s, err := logpipe.Read(r.script())
	if err != nil {
		return err
	}
	var p *logpipe.Pipe
	p = logpipe.New(s, logpipe.Options{
		Spool: true, Pause: time.Nanosecond, Linger: -1, Out: r.out,
		Clock: &tai64.Clock{Now: func() time.Time {
			r.now = r.now.Add(time.Millisecond)
			if r.reads++; r.row.changes != nil && r.reads == 2 {
				r.script()
				p.Reload()
			}
			return r.now
		}},
		Warn: func(err error, _ bool) { r.said = append(r.said, err.Error()) },
	})
	r.opens = 0
	if err := p.Open(); err != nil {
		return err
	}
	r.opens = r.Calls()
	if err := p.Run(r.in); err != nil {
		return err
	}
	return p.Close()
}

// script is what multilog is called with. If it changes, that is a file, of a
// content that depends on the time.
func (r *run) script() []string {
	words := r.row.words
	if n := len(r.row.changes); n > 0 {
		words = r.row.changes[(r.reads+r.lives)%n]
	}
	words = slices.Clone(words)
	for i := range words {
		words[i] = strings.Replace(words[i], "M/", r.Name+"/", 1)
	}
	if r.row.changes == nil {
		return words
	}
	if r.file == "" {
		r.file = filepath.Join(r.t.TempDir(), "words")
	}
	if err := os.WriteFile(r.file, []byte(strings.Join(words, "\n")), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return []string{"config=" + r.file}
}

// check looks at what all processes together have left, the last of which came
// to the end.
func (r *run) check(when string) {
	r.t.Helper()
	for dir, want := range r.row.wants {
		if err := r.checkDir(dir, want); err != nil {
			r.t.Fatalf("%s: %s: %v\n%s\n%q", when, dir, err, r.Disk(r.Name+"/"+dir).Listing(), r.said)
		}
	}
}

// checkOut wants standard output to be what the directory is, but for one piece
// that a kill between a write and its record has doubled, and reports that.
func (r *run) checkOut(when string) (doubled bool) {
	r.t.Helper()
	if r.out == nil || r.lives > 2 {
		return false
	}
	want := string(r.Disk(r.Name + "/" + r.row.tee).Content())
	b := make([]byte, 2*len(want)+1)
	n, _ := r.out.ReadAt(b, 0)
	got := string(b[:n])
	first, last := 0, 0
	for first < min(len(got), len(want)) && got[first] == want[first] {
		first++
	}
	for last < min(len(got), len(want)) && got[len(got)-1-last] == want[len(want)-1-last] {
		last++
	}
	if len(got) < len(want) || first+last < len(want) {
		r.t.Fatalf("%s: standard output: %v", when, differ(got, want))
	}
	return len(got) > len(want)
}

func (r *run) checkDir(dir string, wants func(string) bool) error {
	d := r.Disk(r.Name + "/" + dir)
	for _, name := range d.Names() {
		switch {
		case strings.HasPrefix(name, "@") && !strings.HasSuffix(name, ".u"):
		case strings.HasPrefix(name, "@") && r.clean[dir]:
			// It was closed in good order, and opened again by a process that
			// was killed before it had a record: the rules of 0.76.
		case name == "current", name == "lock", name == "state":
		case r.row.space > 0 && (name == "dropped" || name == "dropped.new"):
		default:
			return fmt.Errorf("has %s", name)
		}
	}
	if d.Mode("current") != 0o744 {
		return fmt.Errorf("current has mode %o", d.Mode("current"))
	}
	names, content := d.Given()
	if err := r.checkState(append(names, d.Names()...), func(name string) string {
		if i := slices.Index(names, name); i >= 0 {
			_, content := d.Given()
			return content[i]
		}
		return d.File(name)
	}); err != nil && !r.clean[dir] {
		return err
	}
	all := strings.Join(content, "") + string(d.Content())
	if r.row.space > 0 {
		var err error
		if all, err = r.checkDropped(dir, all); err != nil {
			return err
		}
	}
	if dir == r.row.rated {
		return r.checkRated(all)
	}
	return r.checkLines([]byte(all), wants, r.row.makes[dir])
}

// checkDropped wants a line for every archive that was dropped, and the right
// counts, and returns the log without these lines.
func (r *run) checkDropped(dir, log string) (string, error) {
	d := r.Disk(r.Name + "/" + dir)
	names, content := d.Given()
	var text strings.Builder
	told, bytes, stamp := 0, 0, ""
	for line := range strings.Lines(log) {
		at, what, _ := strings.Cut(line, " tailight: dropped ")
		if what == "" {
			stamp, _, _ = strings.Cut(line, " ")
			text.WriteString(line)
			continue
		}
		if at != stamp {
			return "", fmt.Errorf("%q is stamped otherwise than the line before it, at %s", line, stamp)
		}
		var n int
		first, last, many := "", "", 1
		if strings.Contains(what, " archives, ") {
			fmt.Sscanf(what, "%d bytes of %d archives, %s to %s", &n, &many, &first, &last)
		} else {
			fmt.Sscanf(what, "%d bytes of %s", &n, &first)
			last = first
		}
		last = strings.TrimSuffix(last, ":")
		first = strings.TrimSuffix(first, ":")
		if told+many > len(names) || names[told] != first || names[told+many-1] != last {
			return "", fmt.Errorf("%q, after %d of the archives dropped were told: %q", line, told, names)
		}
		told, bytes = told+many, bytes+n
	}
	owed := ""
	if r.owes && told < len(names) {
		owed = fmt.Sprintf("untold %d %d %s %s\n", len(strings.Join(content[told:], "")), len(names)-told, names[told], names[len(names)-1])
		bytes, told = bytes+len(strings.Join(content[told:], "")), len(names)
	}
	size := len(strings.Join(content, ""))
	if told != len(names) || bytes != size {
		return "", fmt.Errorf("%d archives and %d bytes are told, %d and %d were dropped", told, bytes, len(names), size)
	}
	want := ""
	if told > 0 {
		want = fmt.Sprintf("bytes %d\narchives %d\n", size, told) + owed
	}
	if got := d.File("dropped"); got != want {
		return "", fmt.Errorf("dropped is %q, want %q", got, want)
	}
	if told == 0 && dir == "a" {
		return "", fmt.Errorf("nothing was dropped")
	}
	return text.String(), nil
}

// checkLines wants every line once, whole, in order, with rising stamps.
func (r *run) checkLines(got []byte, wants func(string) bool, makes func(string) string) error {
	text, err := r.texts(string(got))
	if err != nil {
		return err
	}
	want := new(strings.Builder)
	for line := range strings.Lines(string(killInput) + "\n") {
		if wants == nil || wants(line) {
			if makes != nil {
				line = makes(line)
			}
			want.WriteString(line)
		}
	}
	return differ(text, want.String())
}

// texts wants rising stamps, and returns the lines without.
func (r *run) texts(got string) (string, error) {
	stamp, text := "", new(strings.Builder)
	for line := range strings.Lines(got) {
		if w := append(slices.Concat(r.row.changes...), r.row.words...)[0]; w == "t" || w == "T" || strings.HasPrefix(w, "stamp=") {
			var at string
			at, line, _ = strings.Cut(line, " ")
			if at < stamp || at == stamp && w != "T" {
				return "", fmt.Errorf("stamp %s after %s", at, stamp)
			}
			stamp = at
		}
		text.WriteString(line)
	}
	return text.String(), nil
}

// pieces cuts a line as line= does, where all characters are bytes.
func pieces(prefix string, size int) func(string) string {
	return func(line string) string {
		var text strings.Builder
		text.WriteString(prefix)
		for ; len(line) > size+1; line = line[size:] {
			text.WriteString(line[:size] + "\\\n" + prefix)
		}
		return text.String() + line
	}
}

// checkRated wants every line to be there or to be counted as suppressed.
func (r *run) checkRated(log string) error {
	text, err := r.texts(log)
	if err != nil {
		return err
	}
	last, suppressed := -1, 0
	lines := strings.SplitAfter(string(killInput)+"\n", "\n")
	lines = lines[:len(lines)-1]
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", "\\")) {
		var n int
		if _, err := fmt.Sscanf(line, "tailight: suppressed %d line", &n); err == nil && n > 0 {
			suppressed += n
			continue
		}
		at := -1
		for i, l := range lines {
			if len(line) > 3 && strings.HasPrefix(l, line[:4]) {
				at = i
			}
		}
		if at <= last {
			return fmt.Errorf("%.40q after line %d", line, last)
		}
		last = at
		if want := lines[at]; len(line) < len(want) {
			return differ(line, want)
		}
		suppressed++
	}
	if suppressed != len(lines) {
		return fmt.Errorf("%d lines are there or told of, want %d", suppressed, len(lines))
	}
	return nil
}

func differ(got, want string) error {
	if got == want {
		return nil
	}
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	return fmt.Errorf("%d bytes, want %d; they differ at %d:\n%.80q, want\n%.80q", len(got), len(want), at, got[at:], want[at:])
}

// checkState wants a processor's state to know of all finished files.
func (r *run) checkState(names []string, file func(string) string) error {
	var want strings.Builder
	for _, name := range names {
		if strings.HasPrefix(name, "@") {
			want.WriteString(strconv.Itoa(len(file(name))) + "\n")
		}
	}
	if got := file("state"); got != "" && got != want.String() {
		return fmt.Errorf("the processor has seen %q, want %q", got, want.String())
	}
	return nil
}

func eachKilling(t *testing.T, body func(*testing.T, killing)) {
	for _, row := range killings {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			body(t, row)
		})
	}
}

var everyFlag = flag.Bool("every", false, "kill a second time at every call of each recovery, not at every seventh")

// TestAKillAtAnyCallLosesAndDoublesNothing kills the first process at every
// call, and the second one at every seventh call of its recovery, another seventh
// for each first; or at all of them with -every.
func TestAKillAtAnyCallLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	step := 7
	if *everyFlag {
		step = 1
	}
	eachKilling(t, func(t *testing.T, k killing) {
		k.doubled = new(atomic.Int64)
		first, second := 0, 0
		for killed := true; killed; {
			first++
			killed = k.killedOnce(t, first)
			for n := 1 + first%step; killed && k.killedTwice(t, first, n); n += step {
				second++
			}
		}
		t.Logf("%d kills, %d in recovery", first, second)
		if n := k.doubled.Load(); n > int64(first/10) {
			t.Errorf("%d of %d kills double what standard output gets", n, first)
		}
		if first < 60 || second < 200 {
			t.Errorf("only %d kills and %d in recovery", first, second)
		}
	})
}

// TestAKillWhileTheScriptChangesLosesAndDoublesNothing asks for a change in every
// process. The directory that all scripts have is exact.
func TestAKillWhileTheScriptChangesLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	k := killing{
		wants:   map[string]func(string) bool{"a": nil},
		changes: [][]string{{"t", "s4096", "M/a", "M/b"}, {"t", "s4096", "M/a", "prefix=p", "M/c", "M/b"}, {"t", "s4100", "M/a"}, {"t", "s4096", "M/a", "replace=.", "M/b", "M/c"}},
	}
	for at := 1; k.killedOnce(t, at); at++ {
		for second := 1 + at%7; at < 70 && k.killedTwice(t, at, second); second += 7 {
		}
		if at > 100 {
			at += 8 // up to the end of a line it reads byte by byte
		}
	}
}

// TestAnUnfinishedLineThatFillsItsFileIsThereOnce: the line gets its end when the
// pipe is closed, and with it the file is full, so that it is in a finished file
// before it is recorded as done with.
func TestAnUnfinishedLineThatFillsItsFileIsThereOnce(t *testing.T) {
	t.Parallel()
	const slack = 2000
	full := len(killInput) + slack
	k := killing{words: []string{fmt.Sprintf("s%d", full), "M/a"}, wants: map[string]func(string) bool{"a": nil}}
	at := 1
	for k.killedOnce(t, at) {
		at++
	}
	if at < 50 {
		t.Errorf("only %d kills", at)
	}
}

func (k killing) killedOnce(t *testing.T, first int) bool {
	r := k.start(t)
	defer r.end()
	killed := r.must(r.process(first))
	when := r.When()
	if killed && r.must(r.process(0)) {
		t.Fatal("killed for no reason")
	}
	r.check("killed " + when)
	if r.checkOut("killed " + when) {
		k.doubled.Add(1)
	}
	return killed
}

// killedTwice reports whether the second kill fell into the recovery.
func (k killing) killedTwice(t *testing.T, first, second int) bool {
	r := k.start(t)
	defer r.end()
	r.must(r.process(first))
	when := "killed " + r.When()
	killed := r.must(r.process(second))
	when += ", then " + r.When()
	if !killed || r.opens != 0 {
		return false
	}
	r.must(r.process(0))
	r.check(when)
	return true
}

func (r *run) must(killed bool, err error) bool {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("%s: %v", r.When(), err)
	}
	return killed
}

func (r *run) end() {
	r.Forget()
	_ = r.out.Close()
	_ = r.in.Close()
}

// TestManyKillsInARowLoseAndDoubleNothing lets no process live for long, and
// each a little longer than the one before, or none might get through.
func TestManyKillsInARowLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	eachKilling(t, func(t *testing.T, k killing) {
		for life := 20; life < 100; life += 2 {
			r := k.start(t)
			kills := 0
			for r.must(r.process(life + 3*kills)) {
				kills++
			}
			r.check(fmt.Sprintf("killed %d times, after %d calls at first", kills, life))
			r.end()
		}
	})
}

// TestAnyCallThatFailsLosesAndDoublesNothing lets every call fail once, with
// its effect and without.
func TestAnyCallThatFailsLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	eachKilling(t, func(t *testing.T, k killing) {
		for dir := range k.wants {
			for _, with := range []bool{false, true} {
				for n, missed := 1, 0; missed < 20; n++ {
					if k.failed(t, dir, n, with) {
						missed = 0
					} else {
						missed++ // stores do not fail
					}
				}
			}
		}
	})
}

func (k killing) failed(t *testing.T, dir string, n int, with bool) bool {
	r := k.start(t)
	defer r.end()
	d := r.Disk(r.Name + "/" + dir)
	r.prepare, r.owes = func() { d.Fail(n, with, syscall.ENOSPC) }, true
	_, err := r.process(0)
	if err == nil && !d.Failed() {
		return false
	}
	if with && strings.HasPrefix(d.Log()[n-1], "write current") {
		return true // a write that reports an error has written nothing
	}
	when := fmt.Sprintf("call %d to %s failed (effect %v)", n, dir, with)
	if err != nil { // said by whoever runs the pipe, and the next start goes on
		when += ": " + err.Error()
		if _, err := r.process(0); err != nil {
			t.Fatalf("%s, then %v", when, err)
		}
	}
	r.check(when)
	return true
}

// TestAnotherBootMeansTheRulesOf076 kills at every call, and then restarts the
// machine: nothing is replayed, nothing is cut, current becomes .u.
func TestAnotherBootMeansTheRulesOf076(t *testing.T) {
	t.Parallel()
	k := killings[1]
	for first := 1; ; first++ {
		r := k.start(t)
		killed := r.must(r.process(first))
		d := r.Disk(r.Name + "/a")
		before := string(d.Content())
		unfinished := slices.Contains(d.Names(), "current") && d.Mode("current") == 0o644 && d.File("current") != ""
		r.Reboot()
		if killed {
			r.must(r.process(0))
		}
		after := string(d.Content())
		if !slices.Contains(d.Names(), "previous") && !strings.HasPrefix(after, before) {
			t.Fatalf("killed %s, another boot: %v", r.When(), differ(after, before))
		}
		cut := slices.ContainsFunc(d.Names(), func(name string) bool { return strings.HasSuffix(name, ".u") })
		if killed && unfinished && !cut {
			t.Fatalf("killed %s, another boot: current is not archived as .u\n%s", r.When(), d.Listing())
		}
		if slices.Contains(d.Names(), "spool") || slices.Contains(d.Names(), "progress") {
			t.Fatalf("killed %s, another boot: %q", r.When(), d.Names())
		}
		r.end()
		if !killed {
			return
		}
	}
}

// TestAnotherMultilogInBetweenDoublesNothing kills at every call, then does what
// 0.76 would: it archives current whole, and goes on in a new one.
func TestAnotherMultilogInBetweenDoublesNothing(t *testing.T) {
	t.Parallel()
	k := killings[1]
	for first := 1; ; first++ {
		r := k.start(t)
		killed := r.must(r.process(first))
		d := r.Disk(r.Name + "/a")
		inUse := killed && slices.Contains(d.Names(), "current") && d.Mode("current") == 0o644 && d.File("current") != ""
		if inUse && !slices.Contains(d.Names(), "previous") {
			d.Archive("@400000003b9aca9900000000.u")
			r.must(r.process(0))
			if err := r.checkLines(d.Content(), nil, nil); err != nil {
				t.Fatalf("killed %s: %v\n%s", r.When(), err, d.Listing())
			}
		}
		r.end()
		if !killed {
			return
		}
	}
}

// TestWhatAnotherMultilogAddsToAClosedCurrentStays kills between the mark of
// current and the end of the record. Another multilog goes on with current, and
// ends it in good order or is killed as well.
func TestWhatAnotherMultilogAddsToAClosedCurrentStays(t *testing.T) {
	t.Parallel()
	windows := 0
	for first, killed := 1, true; killed; first++ {
		for _, mode := range []uint32{0o744, 0o644} {
			r := killings[0].start(t)
			killed = r.must(r.process(first))
			d := r.Disk(r.Name + "/a")
			if killed && slices.Contains(d.Names(), "progress") && d.Mode("current") == 0o744 {
				windows++
				d.Append("current", "added\n", mode)
				r.must(r.process(0))
				if !bytes.HasSuffix(d.Content(), []byte(" no end\nadded\n")) {
					t.Fatalf("killed %s, mode %o: added lines are lost\n%s", r.When(), mode, d.Listing())
				}
			}
			r.end()
		}
	}
	if windows < 4 {
		t.Errorf("only %d kills in the window", windows)
	}
}

func TestASpoolThatCannotBeMadeIsSaidOnce(t *testing.T) {
	t.Parallel()
	r := killings[0].start(t)
	defer r.end()
	d := r.Disk(r.Name + "/a")
	call := callOf(t, killings[0], "map progress.new")
	r.prepare = func() { d.Fail(call, false, syscall.EROFS) }
	if _, err := r.process(0); err != nil {
		t.Fatal(err)
	}
	want := "reading without a spool, a kill may lose lines: "
	if len(r.said) != 1 || !strings.HasPrefix(r.said[0], want) {
		t.Errorf("said %q, want one that begins %q; calls %q", r.said, want, d.Log()[:12])
	}
	r.check("without a spool")
}

// callOf is the number of the first call of that name in a life without a fault.
func callOf(t *testing.T, k killing, name string) int {
	t.Helper()
	r := k.start(t)
	defer r.end()
	r.must(r.process(0))
	return 1 + slices.Index(r.Disk(r.Name+"/a").Log(), name)
}
