package supervise

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// A moment is a machine at a time. Between its steps a machine that has just
// asked for a script is pending: what comes next is what came of that.
type moment struct {
	m       machine
	now     time.Time
	pending bool
}

var epoch = time.Date(2001, 7, 12, 0, 0, 0, 0, time.UTC)

// births are the machines as they begin, with everything that a directory can
// ask for, so that every rule is at work.
func births() []moment {
	var all []moment
	for _, encore := range []bool{false, true} {
		for _, normallyDown := range []bool{false, true} {
			b := moment{now: epoch}
			b.m.rules = rules{encore: encore, timeoutKill: 3 * time.Second, limit: 5 * time.Second}
			b.m.begin(normallyDown, b.now)
			b.take()
			all = append(all, b)
		}
	}
	return all
}

// take takes what there is to do out of the machine, as the hand does.
func (t *moment) take() []action {
	todo := t.m.todo
	t.m.todo = nil
	t.pending = len(todo) > 0 && todo[len(todo)-1].kind == launch
	return todo
}

// after is what becomes of a moment when something happens.
func (t moment) after(h happening) (moment, []action) {
	t, h = t.wait(h)
	t.m.step(h.event, t.now)
	return t, t.take()
}

// wait is the moment just before something happens.
func (t moment) wait(h happening) (moment, happening) {
	t.now = t.now.Add(h.later)
	h.later = 0
	return t, h
}

// A happening is an event, at once or some time later.
type happening struct {
	event
	later time.Duration
	name  string
}

const (
	letters = "uodxpchaitkq12wz" // z stands for all that mean nothing
	onePID  = 4711
	heirPID = 4712
)

// happenings are the events that can come in a moment.
func (t moment) happenings() []happening {
	var all []happening
	if t.pending {
		all = append(all, happening{event: event{kind: launched, pid: onePID}, name: "launched"},
			happening{event: event{kind: exited, exit: exit{code: unstarted}}, name: "not executable"},
			happening{event: event{kind: refused}, name: "no process"}, happening{event: event{kind: adopted}, name: "adopted"})
		if t.m.state != up || t.m.rules.encore { // to 0.76 a run that is missing is not executable
			all = append(all, happening{event: event{kind: absent}, name: "absent"})
		}
		return all
	}
	for _, l := range []byte(letters) {
		all = append(all, happening{event: event{kind: told, to: l}, name: string(l)})
	}
	all = append(all, happening{event: event{kind: told, to: 't', group: true}, name: "+t"},
		happening{event: event{kind: told, to: 'd', group: true}, name: "+d"})
	if t.m.pid != 0 {
		for _, e := range []exit{{}, {code: 1}, {code: permanent}, {signal: 15}, {unknown: true}} {
			all = append(all, happening{event: event{kind: exited, exit: e}, name: "exited " + e.String()})
		}
		if t.m.state == up {
			all = append(all, happening{event: event{kind: inherited, pid: heirPID}, name: "inherited"})
		}
	}
	all = append(all, happening{event: event{kind: adopted}, name: "adopted"})
	if d := t.m.deadline(); !d.IsZero() {
		all = append(all, happening{event: event{kind: ticked}, name: "too early", later: max(d.Sub(t.now)-1, 0)},
			happening{event: event{kind: ticked}, name: "deadline", later: max(d.Sub(t.now), 0)})
	}
	return all
}

// core is the larger part of a situation.
func (t moment) core() string {
	text := t.m.state.String()
	if t.pending {
		text += "?"
	}
	if t.m.state != gone {
		text += ", want " + t.m.want.String()
		if t.m.leaving {
			text += ", leaving"
		}
	}
	return text
}

// flags is the smaller one.
func (t moment) flags() []string {
	m := &t.m
	var words []string
	for _, f := range []struct {
		is   bool
		word string
	}{
		{m.paused, "paused"}, {m.fresh, "fresh"}, {m.owed, "owed a run"}, {m.stopped, "stop has run"},
		{m.rules.encore && m.state == finishing && m.status.code == permanent, "run exited 100"},
		{t.now.Before(m.next), "within the second"}, {!m.kill.IsZero(), "to be killed"},
	} {
		if f.is {
			words = append(words, f.word)
		}
	}
	return words
}

// situation is all that matters of a moment: moments in the same situation
// behave in the same way.
func (t moment) situation() string { return t.core() + "; " + strings.Join(t.flags(), ", ") }

// everywhere visits every situation that can come about, in the order of the
// distance from birth, and has see look at each moment with its situation.
func everywhere(see func(t moment)) {
	for _, encore := range []bool{false, true} {
		seen := map[string]bool{}
		var queue []moment
		visit := func(t moment) {
			if s := t.situation(); !seen[s] {
				seen[s] = true
				queue = append(queue, t)
			}
		}
		for _, b := range births() {
			if b.m.rules.encore == encore {
				visit(b)
			}
		}
		for len(queue) > 0 {
			t := queue[0]
			queue = queue[1:]
			see(t)
			for _, next := range t.nexts() {
				visit(next)
			}
		}
	}
}

// nexts are the moments that can follow: by an event now, or by nothing for more
// than a second.
func (t moment) nexts() []moment {
	var all []moment
	for _, h := range t.happenings() {
		next, _ := t.after(h)
		all = append(all, next)
	}
	if !t.pending {
		quiet := t
		quiet.now = t.now.Add(startGap)
		if d := t.m.deadline(); d.IsZero() || quiet.now.Before(d) {
			all = append(all, quiet)
		}
	}
	return all
}

func TestEveryStateIsReached(t *testing.T) {
	t.Parallel()
	var reached [2][states]bool
	everywhere(func(m moment) {
		i := 0
		if m.m.rules.encore {
			i = 1
		}
		reached[i][m.m.state] = true
	})
	for s := range state(states) {
		plain := slices.Contains([]state{down, waiting, up, finishing, gone}, s)
		if reached[0][s] != plain {
			t.Errorf("0.76: %v reached: %v, want %v", s, reached[0][s], plain)
		}
		if !reached[1][s] {
			t.Errorf("encore: %v is never reached", s)
		}
	}
}
