package supervise

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var updateFlag = flag.Bool("update", false, "write testdata again")

const tableHeader = `# What a service does in every situation that can come about, at every event.
# Written by go test ./supervise -run TestTheTable -update; read what changes.
#
#	== SITUATION (a question mark: a script has been asked for, what came of it?)
#	EVENTS: what is done -> the situation after it [and what else holds then] if CONDITION
#
# z is any letter that means nothing, +d is d behind a +. "its signal" is HUP for
# h, ALRM for a, INT for i, TERM for t, KILL for k, QUIT for q, USR1 for 1, USR2
# for 2, WINCH for w. The signal of d is TERM, or what down-signal says. Every
# service has timeout-kill here, and every script may be absent. "fresh" means
# that start is to run before run; "within the second" that nothing may start yet.
# adopted: a supervise was killed, and the next one goes on with this situation.
`

// TestTheTableOfAllCells compares every cell with the table that a reader has
// approved.
func TestTheTableOfAllCells(t *testing.T) {
	t.Parallel()
	const path = "testdata/machine.txt"
	got := tableHeader + table(false) + table(true)
	if *updateFlag {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w, g := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		if i >= len(w) || i >= len(g) || w[i] != g[i] {
			t.Fatalf("%s differs from line %d on: approved, and now (-update writes it again)\n%s\n\n%s",
				path, i+1, strings.Join(w[i:min(i+5, len(w))], "\n"), strings.Join(g[i:min(i+5, len(g))], "\n"))
		}
	}
}

// table puts the moments of one core together.
func table(encore bool) string {
	var cores []string
	groups := map[string][]moment{}
	everywhere(func(t moment) {
		if t.m.rules.encore == encore {
			c := t.core()
			if groups[c] == nil {
				cores = append(cores, c)
			}
			groups[c] = append(groups[c], t)
		}
	})
	var b strings.Builder
	b.WriteString("\n" + map[bool]string{false: "A SERVICE OF 0.76", true: "A SERVICE OF ENCORE"}[encore] + "\n")
	for _, c := range cores {
		fmt.Fprintf(&b, "\n== %s\n%s", c, rows(c, groups[c]))
	}
	return b.String()
}

// A cell is what an event does in the moments of a core: there is one for
// every way in which it goes.
type cell struct {
	event, does, goes string
	before, after     [][]string // the flags of every moment in which it goes this way
	otherwise         [][]string // of those in which it does not
}

// rows are the cells of a core, those with the same text in one row.
func rows(core string, group []moment) string {
	var texts []string
	events := map[string][]string{}
	for _, c := range cells(group) {
		text := c.text(core)
		if events[text] == nil {
			texts = append(texts, text)
		}
		events[text] = append(events[text], c.event)
	}
	var b strings.Builder
	for _, text := range texts {
		fmt.Fprintf(&b, "%s:%s\n", strings.Join(events[text], " "), text)
	}
	return b.String()
}

func cells(group []moment) []*cell {
	var all []*cell
	for _, t := range group {
		for _, h := range t.happenings() {
			before, h := t.wait(h)
			next, actions := before.after(h)
			does := h.sentence(actions)
			i := slices.IndexFunc(all, func(c *cell) bool {
				return c.event == h.name && c.does == does && c.goes == next.core()
			})
			if i < 0 {
				i = len(all)
				all = append(all, &cell{event: h.name, does: does, goes: next.core()})
			}
			all[i].before = append(all[i].before, before.flags())
			all[i].after = append(all[i].after, next.flags())
		}
	}
	for _, c := range all {
		for _, other := range all {
			if other != c && other.event == c.event {
				c.otherwise = append(c.otherwise, other.before...)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *cell) int { return place(a.event) - place(b.event) })
	return all
}

// place puts letters in their order and other events behind.
func place(name string) int {
	if i := strings.Index(letters, name); i >= 0 {
		return i
	}
	return len(letters)
}

func (c *cell) text(core string) string {
	text := ""
	if c.does != "" {
		text += " " + c.does
	}
	if c.goes != core {
		text += " -> " + c.goes
	}
	if more := c.changes(); more != "" {
		text += " [" + more + "]"
	}
	if text == "" {
		text = " nothing"
	}
	return text + c.condition()
}

// changes are the flags that hold afterwards whatever was before, or never do.
func (c *cell) changes() string {
	var words []string
	for _, f := range flagsOf(append(slices.Clone(c.before), c.after...)) {
		switch had, has := count(c.before, f), count(c.after, f); {
		case has == len(c.after) && had < len(c.before):
			words = append(words, f)
		case has == 0 && had > 0:
			words = append(words, "not "+f)
		}
	}
	return strings.Join(words, ", ")
}

// condition tells the moments in which the event goes this way from those in
// which it goes another.
func (c *cell) condition() string {
	var words []string
	for _, f := range flagsOf(append(slices.Clone(c.before), c.otherwise...)) {
		switch here, there := count(c.before, f), count(c.otherwise, f); {
		case len(c.otherwise) == 0:
		case here == len(c.before) && there < len(c.otherwise):
			words = append(words, f)
		case here == 0 && there > 0:
			words = append(words, "not "+f)
		}
	}
	if len(words) == 0 {
		return ""
	}
	return " if " + strings.Join(words, ", ")
}

func flagsOf(all [][]string) []string {
	var flags []string
	for _, some := range all {
		flags = append(flags, some...)
	}
	slices.Sort(flags)
	return slices.Compact(flags)
}

func count(all [][]string, flag string) int {
	n := 0
	for _, some := range all {
		if slices.Contains(some, flag) {
			n++
		}
	}
	return n
}

var signalNames = [...]string{
	sigDown: "TERM", sigCont: "CONT", sigStop: "STOP", sigKill: "KILL", sigHup: "HUP", sigAlrm: "ALRM",
	sigInt: "INT", sigTerm: "TERM", sigQuit: "QUIT", sigUsr1: "USR1", sigUsr2: "USR2", sigWinch: "WINCH",
}

// sentence tells what is done at an event.
func (h happening) sentence(actions []action) string {
	own := map[string]string{"h": "HUP", "a": "ALRM", "i": "INT", "t": "TERM", "+t": "TERM", "k": "KILL", "q": "QUIT", "1": "USR1", "2": "USR2", "w": "WINCH"}[h.name]
	var words []string
	for _, a := range actions {
		switch name := a.String(); {
		case a.kind == kill && signalNames[a.signal] == own:
			words = append(words, strings.Replace(name, own, "its signal", 1))
		default:
			words = append(words, name)
		}
	}
	return strings.Join(words, ", ")
}

func (a action) String() string {
	switch a.kind {
	case launch:
		return "launch " + a.script
	case record:
		return "record"
	case leave:
		return "leave"
	}
	if a.group {
		return "send " + signalNames[a.signal] + " to the group"
	}
	return "send " + signalNames[a.signal]
}
