package rotate

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
)

// leftover is one file as an earlier writer may have left it.
type leftover struct {
	name string // a clause of the row's name; empty: absent
	data string
	mode fs.FileMode
	link string // its name as an archive, if it has one
}

var (
	leftCurrent = []leftover{
		{name: "current missing"},
		{name: "current in use and empty", mode: 0o644},
		{name: "current in use with lines", mode: 0o644, data: "current\n"},
		{name: "current closed in good order", mode: 0o744, data: "current\n"},
	}
	leftPrevious = []leftover{
		{},
		{name: "previous not marked", mode: 0o644, data: "previous\n"},
		{name: "previous complete", mode: 0o744, data: "previous\n"},
		{name: "previous archived", mode: 0o744, data: "previous\n", link: "@400000003b9ac9f000000000.s"},
		{name: "previous archived, its mark lost", mode: 0o644, data: "previous\n", link: "@400000003b9ac9f000000000.s"},
	}
	leftProcessed = []leftover{
		{},
		{name: "processed cut short", mode: 0o644, data: "OUT"},
		{name: "processed complete", mode: 0o744, data: "OUTPUT\n"},
		{name: "processed archived", mode: 0o744, data: "OUTPUT\n", link: "@400000003b9ac9ef00000000.s"},
	}
)

func (l leftover) put(d *memDisk, name string) {
	if l.name == "" || l.mode == 0 {
		return
	}
	d.put(name, l.data, l.mode)
	if l.link != "" {
		d.putLink(name, l.link)
	}
}

// leftovers is one row: what is there when a directory is opened.
type leftovers struct {
	current, previous, processed leftover
	newstate, processor          bool
}

func (l leftovers) String() string {
	clauses := []string{l.current.name}
	for _, c := range []string{l.previous.name, l.processed.name} {
		if c != "" {
			clauses = append(clauses, c)
		}
	}
	if l.newstate {
		clauses = append(clauses, "newstate there")
	}
	if l.processor {
		return strings.Join(clauses, ", ") + ", with a processor"
	}
	return strings.Join(clauses, ", ") + ", without a processor"
}

// archives says what recovery has to make of the row, oldest first, and what
// is in current and state after it. Rules, not steps.
func (l leftovers) archives() (want []string, current, state string) {
	add := func(suffix, data string) { want = append(want, suffix+" "+data) }
	// What had its archive keeps just that.
	if l.processed.link != "" {
		add("s", l.processed.data)
	}
	if l.previous.link != "" {
		add("s", l.previous.data)
	}
	state = "old state\n"
	complete := l.processed.mode == 0o744 && l.processed.link == ""
	if complete { // output that is complete stands for previous
		add("s", l.processed.data)
	}
	if !complete && l.previous.link == "" {
		switch {
		case l.previous.mode == 0o644:
			add("u", l.previous.data)
		case l.previous.mode == 0o744 && l.processor:
			add("s", strings.ToUpper(l.previous.data))
			state = "old state\n9\n"
		case l.previous.mode == 0o744:
			add("s", l.previous.data)
		}
	}
	switch {
	case l.current.mode == 0o744: // nobody crashed: go on with both
		return want, l.current.data, state
	case l.current.data != "":
		add("u", l.current.data)
	}
	return want, "", "" // an empty current is no history
}

// eachLeftovers runs body for every combination.
func eachLeftovers(body func(leftovers)) (rows int) {
	for _, c := range leftCurrent {
		for _, p := range leftPrevious {
			for _, o := range leftProcessed {
				for _, newstate := range []bool{false, true} {
					for _, processor := range []bool{false, true} {
						body(leftovers{c, p, o, newstate, processor})
						rows++
					}
				}
			}
		}
	}
	return rows
}

// disk is a disk with the row's files.
func (l leftovers) disk() *memDisk {
	d := newDisk()
	d.put("lock", "", 0o600)
	d.put("state", "old state\n", 0o644)
	l.current.put(d, "current")
	l.previous.put(d, "previous")
	l.processed.put(d, "processed")
	if l.newstate {
		d.put("newstate", "new", 0o644)
	}
	return d
}

// TestRecoveryFinishesEveryLeftover opens a directory with every combination
// of leftovers, and looks at it before anything is written.
func TestRecoveryFinishesEveryLeftover(t *testing.T) {
	t.Parallel()
	rows := eachLeftovers(func(l leftovers) {
		t.Run(l.String(), func(t *testing.T) {
			d := l.disk()
			dir, err := Open("d", history{processor: l.processor}.options(d))
			if err != nil {
				t.Fatal(err)
			}
			defer dir.Abandon()
			wantArchives, wantCurrent, wantState := l.archives()
			var got []string
			for _, name := range archives(slices.Collect(maps.Keys(d.entries))) {
				in := d.entries[name]
				got = append(got, name[labelSize+1:]+" "+string(in.data))
				if d.links(in) != 1 {
					t.Errorf("%s has %d links", name, d.links(in))
				}
			}
			if !slices.Equal(got, wantArchives) {
				t.Errorf("archives %q, want %q", got, wantArchives)
			}
			if cur := d.entries["current"]; cur == nil || string(cur.data) != wantCurrent || cur.mode != 0o644 {
				t.Errorf("current is not in use with %q\n%s", wantCurrent, d.listing())
			}
			if got := string(d.entries["state"].data); got != wantState {
				t.Errorf("state %q, want %q", got, wantState)
			}
			for _, name := range []string{"previous", "processed", "newstate"} {
				// A newstate beside files that need no recovery is of no use
				// to anyone; the next processor empties it.
				if d.entries[name] != nil && (name != "newstate" || l.current.mode != 0o744) {
					t.Errorf("%s remains", name)
				}
			}
		})
	})
	if rows != 320 {
		t.Errorf("%d rows", rows)
	}
}

// TestRecoveryOfEveryLeftoverMayDie dies at every call of each row's recovery;
// the next one comes to the same archives, save that the mark of current may
// be gone by then.
func TestRecoveryOfEveryLeftoverMayDie(t *testing.T) {
	t.Parallel()
	deaths := 0
	eachLeftovers(func(l leftovers) {
		h := history{processor: l.processor}
		want, current, _ := l.archives()
		all := strings.Join(want, "")
		play := func(d *memDisk) int { _ = h.reopenLiving(d); return 0 }
		deaths += eachDeath(t, l.disk, play, func(d *memDisk, _ int, when string) {
			if err := h.reopen(d); err != nil {
				t.Fatalf("%v, %s: %v", l, when, err)
			}
			var got strings.Builder
			for _, name := range archives(slices.Collect(maps.Keys(d.entries))) {
				got.WriteString(name[labelSize+1:] + " " + string(d.entries[name].data))
			}
			cur := string(d.entries["current"].data)
			if got.String()+cur != all+current && got.String() != all+"u "+current {
				t.Errorf("%v, %s: archives %q and current %q, want %q and %q", l, when, got.String(), cur, all, current)
			}
		})
	})
	t.Logf("%d deaths", deaths)
}

// TestAForeignHardLinkIsNoArchive has a second name for the files outside of
// the directory, as a snapshot by hard links makes it.
func TestAForeignHardLinkIsNoArchive(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"current", "previous", "processed"} {
		for _, processor := range []bool{false, true} {
			d := newDisk()
			d.put("@400000003b9ac9f000000000.s", "older\n", 0o744)
			d.put(name, "lines\n", 0o744).others = 1
			if name == "current" {
				d.entries[name].mode = 0o644
			}
			if err := (history{processor: processor}).reopen(d); err != nil {
				t.Fatal(err)
			}
			if got := strings.ToLower(string(d.content())); got != "older\nlines\n" {
				t.Errorf("%s with a foreign link, processor %v: content %q\n%s", name, processor, got, d.listing())
			}
		}
	}
	d := newDisk()
	dir, err := Open("d", history{}.options(d))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(dir, "lines")
	d.entries["current"].others = 1
	if err := errors.Join(dir.Rotate(), dir.Close()); err != nil || string(d.content()) != "lines\n" {
		t.Errorf("linked while in use: %v\n%s", err, d.listing())
	}
}

// TestAnOrphanProcessorSharesNoFileWithTheNext has the output of a processor
// that may still be running, since only its multilog was killed: the next run
// has files of its own.
func TestAnOrphanProcessorSharesNoFileWithTheNext(t *testing.T) {
	t.Parallel()
	d := newDisk()
	d.put("current", "", 0o744)
	d.put("previous", "lines\n", 0o744)
	out, state := d.put("processed", "LI", 0o644), d.put("newstate", "1", 0o644)
	if err := (history{processor: true}).reopen(d); err != nil {
		t.Fatal(err)
	}
	for name, in := range d.entries {
		if in == out || in == state {
			t.Errorf("%s is the orphan's", name)
		}
	}
	if got := string(d.content()); got != "LINES\n" {
		t.Errorf("content %q", got)
	}
}
