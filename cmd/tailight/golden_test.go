//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The files of testdata/golden hold what daemontools 0.76 did with the cases
// of the tables in golden_*_test.go. Without -update ours must do the same,
// or, where a case says differs, what the part "ours" of its record says.
//
// Not covered here: the loss and doubling of lines by a kill (rotate's own
// tests and TestMixedDirectories), full disks, and clock steps.

var updateFlag = flag.Bool("update", false, "record testdata/golden again from the original programs")

const goldenDir = "../../testdata/golden"

const goldenHeader = `# Recorded from daemontools 0.76 (Debian 1:0.76-8.1), not written by hand. To record again:
#	go test ./cmd/tailight -run TestGolden -update [-peer=DIR]
# The labels of the run stand as @LABEL, in order. "ours" is what tailight does where it differs on purpose.
# The files spool and progress that a killed multilog of tailight leaves are not shown.
`

// A golden case is a short story: steps before, runs, input, signals; and
// what must be left of it at the end.
type golden struct {
	name  string
	steps []step

	// differs says why tailight does not do what 0.76 does, in the words
	// of "Intended differences"; ours turns the record of 0.76 into that
	// of tailight.
	differs string
	ours    func(*record)

	// joined cases compare the archives and current of a directory as one
	// text: where the files part depends on the sizes of reads.
	joined bool

	// quiet cases leave no files that matter.
	quiet bool

	// access cases depend on who runs them, for root may open everything.
	// They are not recorded: the peer test runs both programs.
	access bool
}

// A step is one act of a case; text tells it in the record.
type step struct {
	text string
	do   func(*world) error
}

// A group of cases has a file of its own.
type group struct {
	name  string
	cases []*golden

	// built groups are run by a binary as make build makes it, because
	// what they see is decided before the test binary's own code runs.
	built bool
}

func (g *group) add(name string, steps ...step) *golden {
	c := &golden{name: name, steps: steps}
	g.cases = append(g.cases, c)
	return c
}

// accessed marks a case whose file has this mode if the mode keeps the owner out.
func (c *golden) accessed(mode fs.FileMode) *golden {
	c.access = mode&0o600 != 0o600
	return c
}

func (c *golden) differ(why string, ours func(*record)) *golden {
	c.differs, c.ours = why, ours
	return c
}

func TestGolden(t *testing.T) {
	bin := ""
	if *updateFlag {
		bin = peer(t)
	} else {
		bin = ours(t)
	}
	for _, g := range goldenGroups() {
		g.checkNames(t)
		bin := bin
		if g.built && !*updateFlag {
			bin = built(t)
		}
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			g.test(t, bin)
		})
	}
}

// checkNames holds the names of cases apart: they are the keys of the file.
func (g *group) checkNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range g.cases {
		if seen[c.name] || strings.Contains(c.name, "\n") {
			t.Fatalf("%s: bad name or second case of this name: %q", g.name, c.name)
		}
		seen[c.name] = true
	}
}

// test runs the cases of a group and compares or rewrites its file.
func (g *group) test(t *testing.T, bin string) {
	path := filepath.Join(goldenDir, g.name+".txt")
	known, err := readGolden(path)
	if err != nil && !(*updateFlag && errors.Is(err, fs.ErrNotExist)) {
		t.Fatal(err)
	}
	if known == nil {
		known = map[string]goldenText{}
	}
	var mu sync.Mutex // guards known
	t.Cleanup(func() {
		if *updateFlag && !t.Failed() {
			if err := g.write(path, known); err != nil {
				t.Error(err)
			}
		}
	})
	for i, c := range g.cases {
		if c.access || raced && i%4 > 0 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.run(t, bin)
			if err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if *updateFlag {
				known[c.name] = c.recorded(got)
				return
			}
			want, ok := known[c.name]
			if !ok {
				t.Fatal("not recorded yet: go test ./cmd/tailight -run TestGolden -update")
			}
			if text := got.text(c); text != want.expected() {
				t.Errorf("%s (- expected, + got)\n%s", want.why(), diff(want.expected(), text))
			}
		})
	}
}

func (c *golden) recorded(r *record) goldenText {
	text := goldenText{original: r.text(c)}
	if c.differs != "" {
		c.ours(r)
		text.reason, text.ours = c.differs, r.text(c)
	}
	return text
}

func (c *golden) run(t *testing.T, bin string) (*record, error) {
	return c.play(t.TempDir(), bin)
}

// play runs the case with the programs in bin, below an empty directory.
func (c *golden) play(scratch, bin string) (*record, error) {
	w, err := newWorld(scratch, bin)
	if err != nil {
		return nil, err
	}
	defer w.close()
	for _, s := range c.steps {
		if err := s.do(w); err != nil {
			return nil, fmt.Errorf("%s: %w", s.text, err)
		}
	}
	if err := w.finish(); err != nil {
		return nil, err
	}
	w.collect()
	return &w.record, nil
}
