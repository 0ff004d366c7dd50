//go:build linux

package main

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
)

// restartCases: every combination of what an earlier multilog may have left.
func restartCases() *group {
	g := &group{name: "restart"}
	for _, processor := range []string{"", "tr a-z A-Z"} {
		for _, current := range []leftover{{}, {0o644, "cut\n"}, {0o644, ""}, {0o744, "clean\n"}, {0o744, ""}} {
			for _, previous := range []leftover{{}, {0o644, "prev\n"}, {0o744, "prev\n"}} {
				for _, processed := range []leftover{{}, {0o644, "proc\n"}, {0o744, "proc\n"}} {
					l := leftovers{current, previous, processed, processor}
					c := g.add(l.name(), l.steps()...)
					if why := l.differs(); why != "" {
						c.differ(why, l.ours)
					}
				}
			}
		}
	}
	return g
}

// leftover is a file that is there before the start; the zero value is none.
type leftover struct {
	mode fs.FileMode
	data string
}

func (l leftover) marked() bool { return l.mode&0o100 != 0 }

func (l leftover) String() string {
	switch {
	case l.mode == 0:
		return "no"
	case l.data == "":
		return fmt.Sprintf("empty %04o", l.mode)
	}
	return fmt.Sprintf("%04o", l.mode)
}

type leftovers struct {
	current, previous, processed leftover
	processor                    string
}

func (l leftovers) name() string {
	name := fmt.Sprintf("%v current, %v previous, %v processed", l.current, l.previous, l.processed)
	if l.processor != "" {
		name += ", with a processor"
	}
	return name
}

func (l leftovers) steps() []step {
	steps := []step{put("d/state", 0o644, "old state\n")}
	for _, f := range []struct {
		name string
		leftover
	}{{"current", l.current}, {"previous", l.previous}, {"processed", l.processed}} {
		if f.mode != 0 {
			steps = append(steps, put("d/"+f.name, f.mode, f.data))
		}
	}
	if l.processed.mode != 0 {
		steps = append(steps, put("d/newstate", 0o644, "new state\n"))
	}
	words := []string{"./d"}
	if l.processor != "" {
		words = []string{"!" + l.processor, "./d"}
	}
	return append(steps, multilog(words...), feed("next\n"), eof())
}

// differs says which of the intended differences, if any, the leftovers meet.
func (l leftovers) differs() string {
	switch {
	case l.current.marked() && l.previous.mode|l.processed.mode != 0:
		return "leftovers beside a clean current are finished at the start"
	case l.previous.marked() && !l.processed.marked():
		return "a complete, synced previous found at recovery becomes .s, through its processor"
	case l.current.mode != 0 && !l.current.marked() && l.current.data == "":
		return "an empty unfinished file is removed at recovery"
	}
	return ""
}

// ours makes the directory what tailight makes of it: written down from the
// design, not from what the program did.
func (l leftovers) ours(r *record) {
	var tree []entry
	add := func(name, mode, data string) { tree = append(tree, entry{path: "d/" + name, mode: mode, data: data}) }
	processorRan := false
	switch {
	case l.processed.marked():
		add("@LABEL.s", "0744", l.processed.data)
	case l.previous.marked() && l.processor != "":
		processorRan = true
		add("@LABEL.s", "0744", strings.ToUpper(l.previous.data))
	case l.previous.marked():
		add("@LABEL.s", "0744", l.previous.data)
	case l.previous.mode != 0:
		add("@LABEL.u", "0644", l.previous.data)
	}
	state, kept := "", ""
	if l.current.marked() {
		kept = l.current.data
		if !processorRan {
			state = "old state\n"
		}
	} else if l.current.data != "" {
		add("@LABEL.u", "0644", l.current.data)
	}
	add("current", "0744", kept+"next\n")
	add("lock", "0600", "")
	add("state", "0644", state)
	r.tree = append(r.tree[:1], tree...) // behind the directory itself
}

// leftoverCases: links, modes, odd names, and labels of the future.
func leftoverCases() *group {
	g := &group{name: "leftovers"}
	for _, mode := range []fs.FileMode{0, 0o100, 0o400, 0o600, 0o655, 0o666, 0o700, 0o711, 0o744, 0o777} {
		g.add(fmt.Sprintf("current of mode %04o", mode), put("d/current", mode, "there\n"), multilog("./d"), input("next\n", 0), eof()).accessed(mode)
	}
	const old = "d/@4000000037c219bf00000001"
	linkedPrevious := []step{put(old+".s", 0o744, "prev\n"), hardlink(old+".s", "d/previous")}
	linkedProcessed := []step{put(old+".s", 0o744, "proc\n"), hardlink(old+".s", "d/processed")}
	for _, current := range []leftover{{}, {0o644, "cut\n"}, {0o744, "clean\n"}} {
		add := func(name string, steps []step, ours func(*record)) {
			if current.mode != 0 {
				steps = append(slices.Clone(steps), put("d/current", current.mode, current.data))
			}
			c := g.add(fmt.Sprintf("%s, %v current", name, current), append(steps, multilog("./d"), feed("next\n"), eof())...)
			if current.marked() {
				c.differ("leftovers beside a clean current are finished at the start", ours)
			}
		}
		add("previous is linked already", linkedPrevious, dropping("d/previous"))
		add("processed is linked already", linkedProcessed, dropping("d/processed"))
		if current.marked() {
			continue
		}
		steps := append(slices.Clone(linkedProcessed), put("d/previous", 0o744, "prev\n"))
		if current.mode != 0 {
			steps = append(steps, put("d/current", current.mode, current.data))
		}
		g.add(fmt.Sprintf("previous, processed is linked already, %v current", current), append(steps, multilog("./d"), feed("next\n"), eof())...).
			differ("a previous beside a processed that is archived belongs to a later rotation: it is complete, and becomes .s", func(r *record) {
				r.tree = slices.Insert(r.tree, 2, entry{path: "d/@LABEL.s", mode: "0744", data: "prev\n"})
			})
	}
	g.add("current is linked already", put(old+".u", 0o644, "cut\n"), hardlink(old+".u", "d/current"), multilog("./d"), feed("next\n"), eof())
	g.add("newstate alone", put("d/newstate", 0o644, "n\n"), multilog("./d"), eof())
	g.add("newstate beside a clean current", put("d/newstate", 0o644, "n\n"), put("d/current", 0o744, "c\n"), multilog("./d"), eof()).
		differ("leftovers beside a clean current are finished at the start", dropping("d/newstate"))
	g.add("no state beside a clean current", put("d/current", 0o744, "c\n"), multilog("./d"), eof())
	g.add("empty previous of mode 0644", put("d/previous", 0o644, ""), multilog("./d"), eof()).
		differ("an empty unfinished file is removed at recovery", withoutEmpty)
	g.add("everything, pruned", append(oldFiles("d", 4), put("d/current", 0o644, "cut\n"), put("d/previous", 0o644, "prev\n"),
		put("d/processed", 0o644, "proc\n"), multilog("n3", "./d"), feed("next\n"), eof())...)
	g.add("everything and processed complete, pruned", append(oldFiles("d", 4), put("d/current", 0o644, "cut\n"), put("d/previous", 0o744, "prev\n"),
		put("d/processed", 0o744, "proc\n"), multilog("n4", "./d"), feed("next\n"), eof())...)
	oddNames(g)
	futureLabels(g)
	return g
}

// dropping is a record without these files.
func dropping(paths ...string) func(*record) {
	return func(r *record) {
		r.tree = slices.DeleteFunc(r.tree, func(e entry) bool { return slices.Contains(paths, e.path) })
	}
}

const strict = "pruning considers strict names only"

// oddNames: what else begins with @ when files are pruned to two.
func oddNames(g *group) {
	const digits = "@4000000037c219bf0000000"
	rotated := func(name string, steps ...step) *golden {
		steps = append(steps, put("d/current", 0o744, "now\n"), multilog("n3", "./d"), sig(syscall.SIGALRM))
		return g.add("names: "+name, append(steps, eof())...)
	}
	file := func(name string) step { return put("d/"+name, 0o644, name+"\n") }
	rotated("both suffixes", file(digits+"1.u"), file(digits+"2.s"), file(digits+"3.u"))
	rotated("one label, both suffixes", file(digits+"1.u"), file(digits+"2.s"), file(digits+"3.s"))
	rotated("short ones stay", file("@"), file("@x"), file("@4000000037c219bf0000000"), file("@4000000037c219bf.s"), file(digits+"1.s"), file(digits+"2.s"))
	rotated("others stay", file("x"+digits+"1.s"), file("4000000037c219bf00000001.s"), file(" "+digits+"1.s"), file(digits+"1.s"), file(digits+"2.s"))
	rotated("no suffix", file(digits+"1"), file(digits+"2.s"), file(digits+"3.s")).
		differ(strict, moved(put("d/"+digits+"1", 0o644, ""), digits+"1\n", "d/"+digits+"2.s"))
	rotated("upper case", file("@4000000037C219BF00000001.s"), file(digits+"2.s"), file(digits+"3.s")).
		differ(strict, moved(put("d/@4000000037C219BF00000001.s", 0o644, ""), "@4000000037C219BF00000001.s\n", "d/"+digits+"2.s"))
	rotated("not hexadecimal", file("@123456789012345678901234xyz"), file(digits+"2.s"), file(digits+"3.s")).
		differ(strict, moved(put("d/@123456789012345678901234xyz", 0o644, ""), "@123456789012345678901234xyz\n", "d/"+digits+"2.s"))
	rotated("compressed", file(digits+"1.s.gz"), file(digits+"2.s"), file(digits+"3.s"))
	wedged := func(name string, ours func(*record), steps ...step) {
		steps = append(steps, put("d/current", 0o744, "now\n"), multilog("n3", "./d"), send(syscall.SIGALRM),
			said("unable to "), appears("d/current", ""), kill(), over())
		g.add("names: "+name, steps...).differ("pruning never waits for a name it cannot remove", ours)
	}
	wedged("a directory is the oldest", func(r *record) {
		r.stderr = "multilog: warning: unable to remove ./d/" + digits + "1.s: is a directory\n"
		r.tree = slices.DeleteFunc(r.tree, func(e entry) bool { return e.path == "d/"+digits+"2.s" })
	}, put("d/"+digits+"1.s/", 0o755, ""), file(digits+"2.s"), file(digits+"3.s"))
}

// moved is a record with one file back and another one gone.
func moved(back step, data, gone string) func(*record) {
	path := strings.Fields(back.text)[1]
	return func(r *record) {
		dropping(gone)(r)
		at := slices.IndexFunc(r.tree, func(e entry) bool { return e.path > path && strings.HasPrefix(e.path, "d/") })
		r.tree = slices.Insert(r.tree, at, entry{path: path, mode: "0644", data: data})
	}
}

// futureLabels: old files that are younger than now.
func futureLabels(g *group) {
	const digits = "@4000000fffffffff0000000"
	var steps []step
	for i := range 9 {
		steps = append(steps, put(fmt.Sprintf("d/%s%d.s", digits, i), 0o744, fmt.Sprintf("future %d\n", i)))
	}
	few := append(slices.Clone(steps[:2]), multilog("./d"), feed("now\n"), sig(syscall.SIGALRM), eof())
	g.add("two files of the future", few...).differ("a new archive's label is above every label in the directory", func(r *record) {
		dropping("d/@LABEL.s")(r)
		at := slices.IndexFunc(r.tree, func(e entry) bool { return e.path == "d/current" })
		r.tree = slices.Insert(r.tree, at, entry{path: "d/@LABEL.s", mode: "0744", data: "now\n"})
	})
	many := append(slices.Clone(steps), multilog("./d"), feed("now\n"), sig(syscall.SIGALRM), eof())
	g.add("nine files of the future", many...).differ("pruning never deletes the newest; its label is above every label in the directory", func(r *record) {
		dropping("d/" + digits + "0.s")(r)
		at := slices.IndexFunc(r.tree, func(e entry) bool { return e.path == "d/current" })
		r.tree = slices.Insert(r.tree, at, entry{path: "d/@LABEL.s", mode: "0744", data: "now\n"})
	})
}
