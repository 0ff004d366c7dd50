package supervise

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// A walker lets a machine live and holds it to what has to be true whatever
// happens. It keeps its own account of the one process there may be.
type walker struct {
	moment
	pid     int       // of the process that lives; 0: none
	script  string    // of that, or of the last one asked for
	killed  bool      // it has been sent KILL by a deadline
	lastRun time.Time // of the last start of run, or try of it
	told    Want      // by the last of u, o and d
	left    bool
	past    []step
}

// A step is a moment and what happened in it.
type step struct {
	moment
	what string
}

// story tells the last steps.
func (w *walker) story() string {
	var b strings.Builder
	for _, s := range w.past[max(0, len(w.past)-20):] {
		fmt.Fprintf(&b, "%-8v %-40s %s\n", s.now.Sub(epoch), s.situation(), s.what)
	}
	return b.String()
}

func newWalker(encore, normallyDown bool, timeoutKill time.Duration) (*walker, error) {
	w := &walker{moment: moment{now: epoch}, told: Up}
	if normallyDown {
		w.told = Down
	}
	w.m.rules = rules{encore: encore, limit: 5 * time.Second, timeoutKill: timeoutKill}
	w.m.begin(normallyDown, w.now)
	return w, w.did()
}

// walk lets as many events happen as there are numbers.
func (w *walker) walk(numbers []uint64) error {
	for _, n := range numbers {
		w.now = w.now.Add(time.Duration(n>>32%1400) * time.Millisecond)
		all := w.happenings()
		if err := w.live(all[n%uint64(len(all))]); err != nil {
			return fmt.Errorf("%w\n%s", err, w.story())
		}
	}
	return nil
}

// live lets one thing happen.
func (w *walker) live(h happening) error {
	w.now = w.now.Add(h.later)
	w.past = append(w.past, step{w.moment, h.name})
	switch h.kind {
	case launched, inherited:
		w.pid, w.killed = h.pid, false
	case exited:
		w.pid = 0
	case told:
		if wants, ok := map[byte]Want{'u': Up, 'o': Once, 'd': Down}[h.to]; ok {
			w.told = wants
		}
	}
	if w.pending && w.script == scriptRun && (h.kind == launched || h.kind == exited) {
		w.lastRun = w.now
	}
	w.m.step(h.event, w.now)
	return w.did()
}

// did checks what is to be done, and the state in which it leaves the machine.
func (w *walker) did() error {
	actions := w.take()
	for i, a := range actions {
		if err := w.allowed(a, actions[i+1:]); err != nil {
			return fmt.Errorf("%v: %w", a, err)
		}
	}
	return w.consistent()
}

func (w *walker) allowed(a action, rest []action) error {
	switch {
	case w.left:
		return errors.New("done after the end")
	case a.kind == launch:
		return w.mayLaunch(a.script, rest)
	case a.kind == kill:
		w.killed = w.killed || a.signal == sigKill
		return w.maySend(a, rest)
	case a.kind == leave:
		w.left = true
		if w.pid != 0 {
			return errors.New("a process lives")
		}
	}
	return nil
}

func (w *walker) mayLaunch(script string, rest []action) error {
	started := w.script == scriptStart // and has done its work
	w.script = script
	switch {
	case w.pid != 0:
		return errors.New("a second process")
	case len(rest) > 0:
		return errors.New("followed by something that does not wait for what comes of it")
	case !w.m.rules.encore && script != scriptRun && script != scriptFinish:
		return errors.New("0.76 has no such script")
	case script == scriptFinish, script == scriptStop:
		return nil
	case w.m.leaving:
		return errors.New("a start after x")
	case w.told == Down:
		return errors.New("a start although it is wanted down")
	case !w.lastRun.IsZero() && w.now.Sub(w.lastRun) < startGap && !started:
		return fmt.Errorf("%v after the last start", w.now.Sub(w.lastRun))
	}
	return nil
}

func (w *walker) maySend(a action, rest []action) error {
	switch {
	case w.pid == 0:
		return errors.New("nobody to get it")
	case w.script == scriptFinish && a.signal != sigKill:
		return errors.New("finish gets the signal of a service")
	case a.signal == sigDown && (len(rest) == 0 || rest[0] != action{kind: kill, signal: sigCont, group: a.group}):
		return errors.New("CONT does not follow")
	}
	return nil
}

// consistent checks what holds between two steps.
func (w *walker) consistent() error {
	m, due := &w.m, !w.m.deadline().IsZero()
	runs := !w.pending && (m.state == up || m.state == starting || m.state == finishing || m.state == stopping)
	switch {
	case runs != (m.pid != 0), m.pid != w.pid:
		return fmt.Errorf("%v with pid %d, and %d lives", m.state, m.pid, w.pid)
	case w.left != (m.state == gone):
		return fmt.Errorf("%v, and has it left? %v", m.state, w.left)
	case m.leaving && !runs && !w.pending && !w.left:
		return fmt.Errorf("%v, and x does not end it", m.state)
	case m.paused && !m.serving():
		return fmt.Errorf("%v, and paused", m.state)
	case m.state == waiting && !due, m.state == finishing && !w.pending && !due && !w.killed:
		return fmt.Errorf("%v for ever", m.state)
	case due && !runs && m.state != waiting && !w.pending:
		return fmt.Errorf("%v, and something is due", m.state)
	case m.state == down && m.want == Up, m.state == failed && m.want != Down, m.state == waiting && m.want == Down:
		return fmt.Errorf("%v, and wanted %v", m.state, m.want)
	}
	return nil
}

func TestRandomWalksKeepTheInvariants(t *testing.T) {
	t.Parallel()
	walks := 2000
	if testing.Short() {
		walks /= 10
	}
	for seed := range uint64(walks) {
		r := rand.New(rand.NewPCG(seed, 3))
		numbers := make([]uint64, 300)
		for i := range numbers {
			numbers[i] = r.Uint64()
		}
		w, err := newWalker(seed%2 == 0, seed%4 < 2, time.Duration(seed%3)*time.Second)
		if err == nil {
			err = w.walk(numbers)
		}
		if err != nil {
			t.Fatalf("walk %d: %v", seed, err)
		}
	}
}

// The low byte of a pair chooses what happens, the high one when.
func FuzzEventsKeepTheInvariants(f *testing.F) {
	f.Add(byte(0), []byte("udxu"))
	f.Add(byte(1), []byte("oooddd"))
	f.Add(byte(7), []byte("\x00\x00\x10\x00\xff\x02\x00\x0f\x00\x11\x12"))
	f.Fuzz(func(t *testing.T, how byte, what []byte) {
		w, err := newWalker(how&1 != 0, how&2 != 0, time.Duration(how>>2%4)*time.Second)
		for i := 0; i+1 < len(what) && err == nil; i += 2 {
			err = w.walk([]uint64{uint64(what[i]) | uint64(what[i+1])*6<<32})
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}
