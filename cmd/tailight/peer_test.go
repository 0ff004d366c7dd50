//go:build linux && peer

package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The tests of the build tag peer run daemontools 0.76 and ours side by side:
//
//	go test -tags peer ./cmd/tailight -run 'Peer|Mixed' [-cases N] [-seed N] [-peer DIR]
//
// A failure names the seed of its case; -seed with it, and -cases 1, repeats
// just that one.
//
// Not compared here: restarts of 0.76 with an empty current, pauses after an
// error, and ends of multilog in the middle of a rotation (see
// TestMixedDirectories).

var (
	casesFlag = flag.Int("cases", 2000, "how many random cases")
	seedFlag  = flag.Uint64("seed", 0, "seed of the first random case (default: from the clock)")
)

// eachSeed runs a case for every seed, several at a time, until ten have
// failed.
func eachSeed(t *testing.T, cases int, run func(seed uint64, scratch string) error) {
	first := *seedFlag
	if first == 0 {
		first = uint64(time.Now().UnixNano()) % 1e9 * 1e4
	}
	t.Logf("seeds %d to %d", first, first+uint64(cases)-1)
	base := t.TempDir()
	var next, failures atomic.Int64
	var workers sync.WaitGroup
	for range 3 * runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for {
				i := next.Add(1) - 1
				if i >= int64(cases) || failures.Load() >= 10 {
					return
				}
				seed := first + uint64(i)
				scratch := filepath.Join(base, fmt.Sprint(seed))
				if err := run(seed, scratch); err != nil {
					failures.Add(1)
					t.Errorf("seed %d: %v", seed, err)
				}
				_ = os.RemoveAll(scratch)
			}
		})
	}
	workers.Wait()
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 76)) }

// TestPeerMultilog gives both multilogs the same random script, input and end.
func TestPeerMultilog(t *testing.T) {
	theirs, ours := peer(t), ours(t)
	eachSeed(t, *casesFlag, func(seed uint64, scratch string) error {
		s := newScenario(newRand(seed))
		want, _, err := s.play(theirs, filepath.Join(scratch, "theirs"))
		if err != nil {
			return fmt.Errorf("0.76: %w\n%s", err, s)
		}
		got, w, err := s.play(ours, filepath.Join(scratch, "ours"))
		if err != nil {
			return fmt.Errorf("ours: %w\n%s", err, s)
		}
		if err := checkRising(w.dir); err != nil {
			return fmt.Errorf("%w\n%s", err, s)
		}
		c := &golden{joined: s.loose}
		if a, b := want.text(c), got.text(c); a != b {
			return fmt.Errorf("(- 0.76, + ours)\n%s%s", s, diff(a, b))
		}
		return nil
	})
}

// A scenario is a random script and what happens to the program.
type scenario struct {
	words []string
	acts  []act
	loose bool // fed without regard to reads: files part at other places
}

type act struct {
	kind actKind
	data []byte
	void bool // could not be done with 0.76, so not with ours either
}

type actKind int

const (
	fed    actKind = iota // data, and wait
	poured                // data
	alarmed
	terminated
	killed // and started again
)

func (k actKind) String() string {
	return [...]string{"feed", "pour", "signal ALRM", "signal TERM", "kill and restart"}[k]
}

func (s *scenario) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "multilog %q\n", s.words)
	for _, a := range s.acts {
		fmt.Fprint(&b, a.kind)
		if a.data != nil {
			fmt.Fprint(&b, " ", quote(string(a.data)))
		}
		if a.void {
			fmt.Fprint(&b, " (left out)")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// play runs the scenario with the programs in bin.
func (s *scenario) play(bin, scratch string) (*record, *world, error) {
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		return nil, nil, err
	}
	w, err := newWorld(scratch, bin)
	if err != nil {
		return nil, nil, err
	}
	defer w.close()
	words := append([]string{"multilog"}, s.words...)
	if err := w.start(words); err != nil {
		return nil, nil, err
	}
	if err := w.pipe.settle(w.job); err != nil { // a start that fails has read nothing
		return nil, nil, err
	}
	for i := range s.acts {
		if w.job.gone() {
			break
		}
		if err := s.acts[i].do(w, words); err != nil && !w.job.gone() {
			return nil, nil, fmt.Errorf("act %d: %w", i, err)
		}
	}
	if err := w.finish(); err != nil {
		return nil, nil, err
	}
	w.collect()
	return &w.record, w, nil
}

func (a *act) do(w *world, words []string) error {
	if a.void {
		return nil
	}
	switch a.kind {
	case fed:
		return w.pipe.feed(w.job, a.data)
	case poured:
		return w.pipe.pour(w.job, a.data)
	case alarmed:
		return sig(syscall.SIGALRM).do(w)
	case terminated:
		return sig(syscall.SIGTERM).do(w)
	}
	if err := w.pipe.settle(w.job); err != nil {
		return err
	}
	// An empty current is an archive to 0.76 and nothing to us: such a
	// kill is not compared.
	if empty, err := filepath.Glob(filepath.Join(w.dir, "*", "current")); err != nil || anyEmpty(empty) {
		a.void = true
		return err
	}
	if err := sig(syscall.SIGKILL).do(w); err != nil {
		return err
	}
	if err := outage(w.dir); err != nil {
		return err
	}
	return w.start(words)
}

// outage turns a kill into what a power loss leaves, after which the rules of
// 0.76 apply: a spool of another boot counts for nothing.
func outage(dir string) error {
	for _, name := range []string{"spool", "progress"} {
		files, err := filepath.Glob(filepath.Join(dir, "*", name))
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := os.Remove(f); err != nil {
				return err
			}
		}
	}
	return nil
}

func anyEmpty(files []string) bool {
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Size() == 0 {
			return true
		}
	}
	return false
}

// checkRising checks that the stamps in every log directory rise strictly, over
// all its files.
func checkRising(dir string) error {
	currents, err := filepath.Glob(filepath.Join(dir, "*", "current"))
	if err != nil {
		return err
	}
	for _, current := range currents {
		files, err := filepath.Glob(filepath.Join(filepath.Dir(current), "@*"))
		if err != nil {
			return err
		}
		last := ""
		for _, name := range append(files, current) {
			for _, l := range labelText.FindAllString("\n"+readAll(name), -1) {
				if l <= last {
					return fmt.Errorf("%s: stamp %s is behind %s", name, l, last)
				}
				last = l
			}
		}
	}
	return nil
}
