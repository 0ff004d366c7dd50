//go:build linux

// Torture kills, upgrades and starves the commands in bin while numbered lines
// run through them, reads every log back, and prints one table: how many lines
// are lost, doubled or torn, how many services were started twice, and the
// longest time in which a writer could not get rid of a line.
//
//	go run ./testdata/torture [-bin bin] [-short] [-kills N] [-seed N] [-only WORDS]
//
// The same storms pass over daemontools 0.76, s6 and runit where these are
// installed. Ours have to come through without a fault, or it exits 1; the
// others are only there to be looked at. A storm that needs root says so.
//
// A storm kills at random moments; its seed is printed, though the system's own
// chances are not in it. All processes are descendants of this one, which is
// their subreaper: at the end, on Ctrl-C and after a failure none of them is
// left, and no file either.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// torture is what was asked for.
type torture struct {
	bin   string
	tmp   string
	short bool
	kills int // of the logger, per script; other storms take a part of it
	seed  uint64
	apart error // why it has no mounts of its own, if it is root
	kids  *children
}

// storm is a row of the table.
type storm struct {
	name string
	kit  string // whose commands
	root bool   // needs it
	long bool   // too long for -short
	run  func(context.Context, *torture, *rand.Rand) (result, error)
}

// result is what a storm has done and what came of it.
type result struct {
	kills int
	count
	twice int // services started while the one before was there; -1 where there is none
	stall time.Duration
	notes []string
}

func (r *result) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// columns are the table: rows appear as the storms end.
const columns = "%-36s %-11s %6s %10s %8s %8s %6s %14s %14s\n"

func (r result) print(w io.Writer, s storm) {
	twice := ""
	if r.twice >= 0 {
		twice = fmt.Sprint(r.twice)
	}
	fmt.Fprintf(w, columns, s.name, s.kit, fmt.Sprint(r.kills), fmt.Sprint(r.in), fmt.Sprint(r.lost), fmt.Sprint(r.doubled),
		fmt.Sprint(r.torn), twice, fmt.Sprintf("%.2f s", r.stall.Seconds()))
}

// sound is the verdict.
func (r result) sound() bool { return r.clean() && r.twice <= 0 }

const ours = "tailight"

func main() {
	if len(os.Args) > 0 && filepath.Base(os.Args[0]) == "mover" {
		mover()
	}
	t := &torture{}
	flag.StringVar(&t.bin, "bin", "bin", "directory with our commands")
	flag.BoolVar(&t.short, "short", false, "a minute instead of many")
	flag.IntVar(&t.kills, "kills", 0, "kills of a logger for each script (1000, short 60); other storms take a part of it")
	flag.Uint64Var(&t.seed, "seed", 0, "where chance begins (0: anywhere)")
	only := flag.String("only", "", "only storms whose row contains one of these words, with commas between them")
	flag.Parse()
	if err := ownMounts(); err != nil {
		t.apart = err
	}
	sound, err := t.all(os.Stdout, *only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture: fatal:", err)
		os.Exit(111)
	}
	if !sound {
		os.Exit(1)
	}
}

// all runs the storms one after the other and prints the table.
func (t *torture) all(w io.Writer, only string) (sound bool, err error) {
	if t.bin, err = filepath.Abs(t.bin); err != nil {
		return false, err
	}
	if _, err := os.Stat(filepath.Join(t.bin, "multilog")); err != nil {
		return false, err
	}
	if t.kills == 0 {
		t.kills = 1000
		if t.short {
			t.kills = 60
		}
	}
	if t.seed == 0 {
		t.seed = rand.Uint64N(1e9) + 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if t.tmp, err = os.MkdirTemp("", "tailight-torture-"); err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(t.tmp)) }()
	if t.kids, err = adopt(); err != nil {
		return false, err
	}
	defer t.kids.end()
	fmt.Fprintf(w, "seed %d, %d kills of a logger for each script\n\n", t.seed, t.kills)
	fmt.Fprintf(w, columns, "storm", "program", "kills", "lines in", "lost", "doubled", "torn", "started twice", "longest stall")
	sound = true
	var notes []string
	for i, s := range slices.Concat(loggerStorms(), treeStorms(t.bin), diskStorms()) {
		row := s.name + ", " + s.kit
		switch {
		case !slices.ContainsFunc(strings.Split(only, ","), func(word string) bool { return strings.Contains(row, word) }):
			continue
		case s.long && t.short:
			notes = append(notes, row+": left out, it is long")
			continue
		case s.root && os.Getuid() != 0:
			notes = append(notes, row+": left out, it needs root")
			continue
		}
		if s.root && t.apart != nil {
			notes = append(notes, fmt.Sprintf("%s: left out, %v", row, t.apart))
			continue
		}
		r, err := s.run(ctx, t, rand.New(rand.NewPCG(t.seed, uint64(i))))
		t.kids.end()
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if err != nil {
			r.note("%v", err)
		}
		if s.kit == ours && (err != nil || !r.sound()) {
			sound = false
		}
		r.print(w, s)
		for _, n := range r.notes {
			notes = append(notes, row+": "+n)
		}
	}
	fmt.Fprintln(w)
	for _, n := range notes {
		fmt.Fprintln(w, n)
	}
	return sound, nil
}
