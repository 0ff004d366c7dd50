//go:build linux && peer

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPeerSvc gives both svc the same random arguments, of the letters of 0.76
// and of none, and compares what arrives and what is said.
func TestPeerSvc(t *testing.T) {
	theirs, ours := peer(t), ours(t)
	eachSeed(t, *casesFlag/4, func(seed uint64, scratch string) error {
		args := append([]string{"svc"}, randomTold(newRand(seed))...)
		c := &golden{}
		c.steps = []step{supervised("sv"), supervised("b"), controlDir("left"), run(args...), arrived("sv"), arrived("b")}
		return c.compare(theirs, ours, scratch, func(r *record) {
			if r.ends[0] == "exit 100" {
				usageLine(r)
			}
		})
	})
}

func randomTold(r *rand.Rand) []string {
	var args []string
	for range r.IntN(5) {
		word := []byte("-")
		for range r.IntN(6) {
			letters := "udopchaitkxudopchaitkxudopchaitkxudopchaitkx-z?"
			word = append(word, letters[r.IntN(len(letters))])
		}
		args = append(args, string(word))
	}
	for range r.IntN(4) {
		args = append(args, pick(r, "sv", "b", "left", "nosuch", "", "-", "--", "-u", "./sv", "sv/../b"))
	}
	return args
}

// TestPeerSvstat lets both svstat look at the same random records.
func TestPeerSvstat(t *testing.T) {
	theirs, ours := peer(t), ours(t)
	eachSeed(t, *casesFlag/4, func(seed uint64, scratch string) error {
		r := newRand(seed)
		steps, args := []step{}, []string{"svstat"}
		for i := range 1 + r.IntN(4) {
			dir := fmt.Sprint("sv", i)
			args = append(args, dir)
			steps = append(steps, supervised(dir), randomStatus(r, dir))
			if r.IntN(3) == 0 {
				steps = append(steps, put(dir+"/down", 0o644, ""))
			}
		}
		c := &golden{steps: append(steps, run(args...), eof())}
		return c.compare(theirs, ours, scratch, func(*record) {})
	})
}

// randomStatus is a record in the form of 0.76, with any bytes, or one that is
// too short.
func randomStatus(r *rand.Rand, dir string) step {
	since := pick(r, ago(100), ago(5000), ago(-100), second(0), second(r.Uint64()|1<<63), second(r.Uint64()>>20))
	pid := pick(r, 0, 1, r.Uint32()>>17, r.Uint32())
	if r.IntN(10) == 0 {
		return put(dir+"/supervise/status", 0o644, strings.Repeat("u", r.IntN(18)))
	}
	return status(dir, since, pid, pick(r, byte(0), 1, byte(r.Uint32())), pick(r, byte(0), 'u', 'd', byte(r.Uint32())), pick(r, "", "", "x"))
}

// compare runs a case with both programs; amend turns the record of 0.76 into
// what is expected of ours.
func (c *golden) compare(theirs, ours, scratch string, amend func(*record)) error {
	var texts []string
	for _, bin := range []string{theirs, ours} {
		dir := filepath.Join(scratch, fmt.Sprint(len(texts)))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		r, err := c.play(dir, bin)
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", bin, err, (&record{}).text(c))
		}
		if bin == theirs {
			amend(r)
		}
		texts = append(texts, r.text(c))
	}
	if texts[0] != texts[1] {
		return fmt.Errorf("(- 0.76, + ours)\n%s", diff(texts[0], texts[1]))
	}
	return nil
}
