//go:build linux

package rotate_test

import (
	"bytes"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tailight/tailight/rotate"
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
	flaky   int                                 // every so manyth write to a current fails, and is waited for
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
	{name: "a write that is waited for", words: []string{"t", "s4096", "M/a"}, wants: map[string]func(string) bool{"a": nil}, flaky: 2},
	{name: "a write that is waited for, a short spool", words: []string{"spool=6000", "s4096", "line=100", "M/a"}, wants: map[string]func(string) bool{"a": nil},
		makes: map[string]func(string) string{"a": pieces("", 100)}, flaky: 2},
	{name: "a write that is waited for, two directories and a processor", words: []string{"t", "spool=8k", "s4096", "M/a", "-*", "F", "+@* ???[13579]*", "!x", "M/b"},
		wants: map[string]func(string) bool{"a": nil, "b": odd}, flaky: 2},
	{name: "Unix time and a processor", words: []string{"T", "s4096", "!x", "M/a"}, wants: map[string]func(string) bool{"a": nil}},
	{name: "compressed", words: []string{"t", "s4096", "compress=gzip", "M/a"}, wants: map[string]func(string) bool{"a": nil}},
	{name: "compressed by zstd", words: []string{"t", "s4096", "compress=zstd", "M/a"}, wants: map[string]func(string) bool{"a": nil}},
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
// for each first; or at all of them with -every. (Under the race detector, at fewer.)
func TestAKillAtAnyCallLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	step, wanted := 7, 200
	if rotate.Raced {
		step, wanted = 70, 20
	}
	if *everyFlag {
		step, wanted = 1, 200
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
		if first < 60 || second < wanted {
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
	last, few := 70, 8
	if rotate.Raced {
		last, few = 7, 80
	}
	for at := 1; k.killedOnce(t, at); at++ {
		for second := 1 + at%7; at < last && k.killedTwice(t, at, second); second += 7 {
		}
		if at > 100 {
			at += few // up to the end of a line it reads byte by byte
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
	if !killed {
		r.checkWaits()
	}
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
// its effect and without. (Under the race detector, every seventh.)
func TestAnyCallThatFailsLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	step := 1
	if rotate.Raced {
		step = 7
	}
	eachKilling(t, func(t *testing.T, k killing) {
		for dir := range k.wants {
			for _, with := range []bool{false, true} {
				for n, missed := 1, 0; missed < 20; n += step {
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
	if len(r.said) != 2 || !strings.HasPrefix(r.said[0], want) || r.said[1] != madeLate {
		t.Errorf("said %q, want one that begins %q, and %q; calls %q", r.said, want, madeLate, d.Log()[:12])
	}
	r.check("without a spool at first")
}

const madeLate = "able to make the spool now, a kill loses no more lines"

// TestAKillAroundASpoolThatIsMadeLateLosesAndDoublesNothing: it is made before the first
// line is read, so that all kills are exact.
func TestAKillAroundASpoolThatIsMadeLateLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	for _, k := range killings[:3] {
		call := callOf(t, k, "map progress.new")
		late := 0
		for at, killed := 1, true; killed; at++ {
			r := k.start(t)
			d := r.Disk(r.Name + "/a")
			r.prepare = func() { d.Fail(call, false, syscall.EROFS) }
			killed = r.must(r.process(at))
			if slices.Contains(r.said, madeLate) {
				late++
			}
			when := "killed " + r.When()
			if killed {
				r.must(r.process(0))
			}
			r.check(when)
			r.end()
		}
		if late < 100 {
			t.Errorf("%s: only %d kills after the spool was made", k.name, late)
		}
	}
}

// callOf is the number of the first call of that name in a life without a fault.
func callOf(t *testing.T, k killing, name string) int {
	t.Helper()
	r := k.start(t)
	defer r.end()
	r.must(r.process(0))
	return 1 + slices.Index(r.Disk(r.Name+"/a").Log(), name)
}
