//go:build linux && peer

package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var turnsFlag = flag.Int("turns", 8, "how many times the programs take turns on one directory")

// TestMixedDirectories lets 0.76 and ours take turns on one log directory,
// ended in every way and killed at any moment. At the end every line that
// was acknowledged is there, once, in order. Acknowledged is a line when its
// program has emptied the pipe and waits for more, or when ours has taken any
// of it: what SIGKILL takes from a buffer of 0.76 is not part of this test.
//
// When 0.76 takes over after a kill of ours, what was in the spool comes behind
// its lines: then only their order is not looked at. It does not take over in
// the middle of a line, which only ours could complete.
func TestMixedDirectories(t *testing.T) {
	theirs, ours := peer(t), ours(t)
	eachSeed(t, max(*casesFlag/10, 1), func(seed uint64, scratch string) error {
		r := newRand(seed)
		m := &mixed{r: r, bins: map[string]string{"0.76": theirs, "ours": ours}}
		err := m.play(scratch)
		if err == nil {
			err = m.check()
		}
		if err != nil {
			return fmt.Errorf("%w\n%s\n%s", err, strings.Join(m.story, "\n"), listing(filepath.Join(scratch, "w", "d")))
		}
		return nil
	})
}

// mixed is one directory and what it should hold.
type mixed struct {
	r     *rand.Rand
	bins  map[string]string
	w     *world
	story []string
	next  int // number of the next line
	sure  []bool
	texts []string

	from  int    // the first line of the present program
	who   string // runs, or ran last
	tail  string // of a line that a killed one of ours has the start of
	held  bool   // a killed one of ours may have left lines in its spool
	mixed bool   // and then 0.76 took over
}

func (m *mixed) tell(format string, args ...any) {
	m.story = append(m.story, fmt.Sprintf(format, args...))
}

func (m *mixed) play(scratch string) error {
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		return err
	}
	var err error
	if m.w, err = newWorld(scratch, ""); err != nil {
		return err
	}
	defer m.w.close()
	words := []string{"s" + strconv.Itoa(4096+m.r.IntN(3000)), "n1000000", "./d"}
	if m.r.IntN(4) == 0 {
		words = slices.Insert(words, 0, "!cat")
	}
	if m.r.IntN(4) == 0 {
		words = slices.Insert(words, 0, pick(m.r, "wgz", "w")) // for ours only
	}
	if m.r.IntN(2) == 0 {
		words = slices.Insert(words, 0, "t")
	}
	m.tell("multilog %s", strings.Join(words, " "))
	for range *turnsFlag {
		if err := m.turn(words); err != nil {
			return err
		}
	}
	// The last turn ends in good order, so that all leftovers are finished.
	if err := m.startAndSettle(words, "ours"); err != nil {
		return err
	}
	return m.end()
}

func (m *mixed) start(words []string, who string) error {
	if m.tail != "" {
		who = "ours"
	}
	m.who, m.mixed = who, m.mixed || m.held && who == "0.76"
	m.held = m.held && who == "0.76"
	m.w.bin = m.bins[who]
	m.tell("%s starts", who)
	m.from = m.next
	if err := m.newPipe(); err != nil {
		return err
	}
	return m.w.start(append([]string{"multilog"}, words...))
}

// startAndSettle starts again as long as the lock is held: the processor of
// a killed multilog has it between fork and exec.
func (m *mixed) startAndSettle(words []string, who string) error {
	for end := time.Now().Add(limit); ; {
		if err := m.start(words, who); err != nil {
			return err
		}
		if err := m.w.pipe.settle(m.w.job); err != nil || !m.w.job.gone() {
			m.tail = "" // it has been read
			return err
		}
		said := readAll(m.w.stderr.Name())
		if !strings.HasSuffix(said, "unable to lock directory ./d: temporary failure\n") || time.Now().After(end) {
			return fmt.Errorf("%s does not start: %s\n%s", who, m.w.job.end(), said)
		}
	}
}

// newPipe leaves behind what a killed program did not read.
func (m *mixed) newPipe() error {
	m.w.pipe.close()
	var err error
	if m.w.pipe, err = newConduit(); err != nil {
		return err
	}
	_, err = m.w.pipe.w.WriteString(m.tail)
	return err
}

func (m *mixed) turn(words []string) error {
	who := pick(m.r, "0.76", "ours")
	if m.r.IntN(8) == 0 {
		if err := m.start(words, who); err != nil {
			return err
		}
		pause := time.Duration(m.r.IntN(3000)) * time.Microsecond
		time.Sleep(pause) // as in burst
		m.tell("KILL after %v", pause)
		return m.kill()
	}
	if err := m.startAndSettle(words, who); err != nil {
		return err
	}
	for range m.r.IntN(50) {
		if err := m.w.pipe.feed(m.w.job, m.lines(1, true)); err != nil {
			return err
		}
	}
	m.tell("lines up to %d", m.next-1)
	switch m.r.IntN(5) {
	case 0:
		return m.end()
	case 1:
		m.tell("TERM")
		if err := m.w.job.signal(syscall.SIGTERM); err != nil {
			return err
		}
		return m.gone()
	case 2:
		m.tell("KILL")
		return m.kill()
	}
	return m.burst()
}

// burst pours lines that rotate more than once and kills in the middle.
func (m *mixed) burst() error {
	first := m.next
	if err := m.w.pipe.pour(m.w.job, m.lines(10+m.r.IntN(100), false)); err != nil {
		return err
	}
	pause := time.Duration(m.r.IntN(4000)) * time.Microsecond
	if m.r.IntN(3) == 0 {
		pause = 0
	}
	time.Sleep(pause) // not to wait for anything: the kill is to hit any moment
	m.tell("lines %d to %d at once, KILL after %v", first, m.next-1, pause)
	return m.kill()
}

func (m *mixed) kill() error {
	if err := m.w.job.signal(syscall.SIGKILL); err != nil && !m.w.job.gone() {
		return err
	}
	if err := m.gone(); err != nil || m.who != "ours" {
		return err
	}
	return m.taken()
}

// taken makes sure of what a killed one of ours has taken out of the pipe.
func (m *mixed) taken() error {
	rest, err := m.w.pipe.rest()
	if err != nil {
		return err
	}
	left := strings.SplitAfter(string(rest), "\n")
	m.tail = ""
	if left = left[:len(left)-1]; len(left) > 0 && left[0] != m.texts[m.next-len(left)] {
		m.tail, left = left[0], left[1:]
	}
	m.held = true
	for n := range m.next - len(left) {
		m.sure[n] = m.sure[n] || n >= m.from
	}
	return nil
}

func (m *mixed) gone() error {
	err := m.w.job.wait()
	m.w.job = nil
	return err
}

func (m *mixed) end() error {
	m.tell("end of input")
	return m.w.finish()
}

// lines makes numbered lines; sure ones must be there at the end.
func (m *mixed) lines(count int, sure bool) []byte {
	var b strings.Builder
	for range count {
		text := fmt.Sprintf("line %06d %s\n", m.next, filler(m.r.IntN(340)))
		b.WriteString(text)
		m.texts = append(m.texts, text)
		m.next++
		m.sure = append(m.sure, sure)
	}
	return []byte(b.String())
}

// check reads the directory as its reader would: archives by name, current.
func (m *mixed) check() error {
	dir := filepath.Join(m.w.dir, "d")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	names := []string{}
	for _, e := range entries {
		switch name := e.Name(); {
		case labelName.MatchString(name):
			names = append(names, name)
		case name == "previous", name == "processed":
			return fmt.Errorf("%s is left over", name)
		}
	}
	slices.Sort(names)
	last := -1
	seen := make([]bool, m.next)
	for _, name := range append(names, "current") {
		for text := range strings.Lines(readAll(filepath.Join(dir, name))) {
			n, whole, err := lineNumber(text)
			switch {
			case err != nil && whole:
				return fmt.Errorf("%s: %w: %q", name, err, text)
			case err != nil, !whole && !m.sure[n]:
				continue // cut by a kill
			case !whole:
				return fmt.Errorf("%s: line %d was acknowledged and is cut: %q", name, n, text)
			case seen[n]:
				return fmt.Errorf("%s: line %d is there twice", name, n)
			case n <= last && !m.mixed:
				return fmt.Errorf("%s: line %d after %d", name, n, last)
			}
			last, seen[n] = n, true
		}
	}
	for n, ok := range seen {
		if m.sure[n] && !ok {
			return fmt.Errorf("line %d was acknowledged and is missing", n)
		}
	}
	return nil
}

// lineNumber is the number of a line, stamped or not, and whether its end is
// there.
func lineNumber(text string) (n int, whole bool, err error) {
	text, whole = strings.CutSuffix(text, "\n")
	if strings.HasPrefix(text, "@") {
		_, text, _ = strings.Cut(text, " ")
	}
	fields := strings.Fields(text)
	if len(fields) < 2 || fields[0] != "line" || len(fields[1]) != 6 {
		return 0, whole, errors.New("no numbered line")
	}
	n, err = strconv.Atoi(fields[1])
	return n, whole, err
}

func listing(dir string) string {
	var b strings.Builder
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			fmt.Fprintln(&b, err)
			return nil
		}
		if info, err := d.Info(); err == nil {
			fmt.Fprintf(&b, "%04o %6d %s\n", info.Mode().Perm(), info.Size(), d.Name())
		}
		return nil
	})
	return b.String()
}
