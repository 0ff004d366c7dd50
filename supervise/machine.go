package supervise

import "time"

// machine is the state of one supervised process and the rules by which it
// changes. It is pure: an event and the time go in, actions come out; it knows
// no file, no process and no clock. Its hand, [Service], does the actions and
// brings what came of them as further events.
type machine struct {
	rules rules
	state state
	pid   int       // of the process of this state; 0: none
	since time.Time // of the last change of the pid that is recorded
	want  Want

	paused  bool
	leaving bool // told to end: the next death is the last
	owed    bool // told o when run had ended already: it is to run once more
	fresh   bool // the script start is to run before run
	stopped bool // the script stop has run since the service was last told to end while it ran

	next   time.Time // nothing starts before
	kill   time.Time // when the process is killed; zero: it is not
	status exit      // of the last end of run

	todo []action // what the hand has to do, in order
}

// rules are what a service directory asks for beyond 0.76. The zero value is
// 0.76, but for finish, which a directory has or has not.
type rules struct {
	encore      bool          // start, stop, exit 100, a missing run
	timeoutKill time.Duration // from the signal of d to KILL; 0: never
	limit       time.Duration // of finish
}

// startGap is the time between two starts. A test makes it shorter.
var startGap = time.Second

const (
	forkGap = 60 * time.Second // after a fork that failed
	// permanent is the exit code of run that means "do not restart" to
	// daemontools-encore.
	permanent = 100
)

// state is what a service is doing.
type state uint8

const (
	down      state = iota // nothing, until it is told to
	waiting                // nothing, until the next start
	starting               // running start (encore)
	up                     // running run
	started                // nothing: run is missing (encore)
	finishing              // running finish
	stopping               // running stop (encore)
	failed                 // nothing: start failed, or run said so (encore)
	gone                   // nothing, for good
	states    = int(gone) + 1
)

var stateNames = [states]string{"down", "waiting", "starting", "up", "started", "finishing", "stopping", "failed", "gone"}

func (s state) String() string { return stateNames[s] }

// script is what runs in a state; "" is nothing.
func (s state) script() string {
	switch s {
	case starting:
		return scriptStart
	case up:
		return scriptRun
	case finishing:
		return scriptFinish
	case stopping:
		return scriptStop
	}
	return ""
}

// step makes the machine live through an event. Afterwards todo holds what the
// hand has to do. Nothing comes of anything once the service is gone.
func (m *machine) step(e event, now time.Time) {
	if m.state == gone {
		return
	}
	switch e.kind {
	case told:
		m.told(e.to, e.group, now)
	case launched:
		m.launched(e.pid, now)
	case absent:
		m.absent(now)
	case refused:
		m.refused(now)
	case exited:
		m.exited(e.exit, now)
	case inherited:
		m.inherited(e.pid, now)
	case ticked:
		m.ticked(now)
	case adopted:
		m.adopted()
	}
}

// begin is the first step: the service starts unless it is normally down.
func (m *machine) begin(normallyDown bool, now time.Time) {
	m.since, m.fresh, m.want = now, m.rules.encore, Up
	if normallyDown {
		m.want = Down
	}
	m.do(record)
	if m.want == Up {
		m.start(now)
	}
}

// adopted is the first step of a machine that goes on with the state in which
// another supervise was killed. A script that was asked for, and of which no
// process came, is asked for again.
func (m *machine) adopted() {
	m.do(record)
	if script := m.state.script(); script != "" && m.pid == 0 {
		m.run(m.state, script)
	}
}

// deadline is when ticked has something to do; the zero time means never.
func (m *machine) deadline() time.Time {
	if m.state == waiting {
		return m.next
	}
	return m.kill
}

// phase is the state as daemontools-encore records it.
func (m *machine) phase() Phase {
	switch m.state {
	case starting, waiting:
		return PhaseStarting
	case started:
		return PhaseStarted
	case up:
		return PhaseRunning
	case finishing, stopping:
		return PhaseStopping
	case failed:
		return PhaseFailed
	}
	return PhaseStopped
}

// serving reports whether there is a process that is the service's own: it is
// in the record and takes signals. finish is not, its time is limited instead.
func (m *machine) serving() bool {
	return m.pid != 0 && m.state != finishing
}

func (m *machine) do(k actionKind) {
	if n := len(m.todo); n > 0 && k == record && m.todo[n-1].kind == record {
		return // one says it all
	}
	m.todo = append(m.todo, action{kind: k})
}

func (m *machine) send(s signal, group bool) {
	m.todo = append(m.todo, action{kind: kill, signal: s, group: group})
}

// run launches the script of a new state.
func (m *machine) run(s state, script string) {
	m.state = s
	m.owed = m.owed && s != up
	m.todo = append(m.todo, action{kind: launch, script: script})
}

// start starts the service, now or when it may.
func (m *machine) start(now time.Time) {
	switch {
	case now.Before(m.next):
		m.settle(waiting)
	case m.fresh:
		m.run(starting, scriptStart)
	default:
		m.run(up, scriptRun)
	}
}

func (m *machine) launched(pid int, now time.Time) {
	m.pid = pid
	switch m.state {
	case up, starting:
		m.next = now.Add(startGap)
	case finishing:
		m.kill = now.Add(m.rules.limit)
		return // to the record nothing has changed
	}
	m.since, m.paused = now, false
	m.do(record)
}

// absent goes on without a script: only run is one that has to exist, and of
// that only encore can be told that it does not.
func (m *machine) absent(now time.Time) {
	if m.state == up {
		m.want = Once
		m.settle(started)
		return
	}
	m.over(exit{}, now)
}

// refused waits longer than after any other failure: the process table is full.
// Only a start is worth waiting for.
func (m *machine) refused(now time.Time) {
	if m.state == up || m.state == starting {
		m.next = now.Add(forkGap)
		m.settle(waiting)
		return
	}
	m.over(exit{}, now)
}

// exited also comes of a script that could not be executed: nothing was
// launched then, but the next try keeps its distance as if it had been.
func (m *machine) exited(e exit, now time.Time) {
	if m.pid == 0 && (m.state == up || m.state == starting) {
		m.next = now.Add(startGap)
	}
	m.pid, m.kill = 0, time.Time{}
	if m.state != finishing {
		m.since, m.paused = now, false
		m.do(record)
	}
	m.over(e, now)
}

// inherited goes on with a process that run has left behind. It has not heard of
// what its predecessor was told.
func (m *machine) inherited(pid int, now time.Time) {
	m.pid, m.paused = pid, false
	if m.want == Down {
		m.end(false, now)
	}
	m.do(record)
}

// over goes on after the script of the present state.
func (m *machine) over(e exit, now time.Time) {
	switch m.state {
	case starting:
		if e.unknown { // rather twice than not at all
			m.owed = m.owed || m.want == Once
			m.rest(now)
			return
		}
		m.fresh = false
		switch {
		case !e.ok():
			m.fail()
		case m.want == Down || m.leaving:
			m.rest(now)
		default:
			m.run(up, scriptRun)
		}
	case up:
		m.status = e
		m.run(finishing, scriptFinish)
	case finishing:
		if m.rules.encore && m.status == (exit{code: permanent}) {
			m.fail()
			return
		}
		m.rest(now)
	case stopping:
		m.stopped = true
		m.rest(now)
	}
}

// rest is what follows when nothing runs: a restart, the end, or stop and then
// nothing.
func (m *machine) rest(now time.Time) {
	switch {
	case (m.want == Up || m.owed) && !m.leaving:
		m.start(now)
	case m.rules.encore && !m.stopped:
		m.run(stopping, scriptStop)
	default:
		m.settle(down)
	}
}

// fail gives the service up until it is told to go on.
func (m *machine) fail() {
	m.want = Down
	m.settle(failed)
}

// settle enters a state in which nothing runs. For one that is leaving, that
// is the end.
func (m *machine) settle(s state) {
	if m.leaving {
		s = gone
	}
	m.state = s
	m.do(record)
	if s == gone {
		m.do(leave)
	}
}

func (m *machine) ticked(now time.Time) {
	switch {
	case m.state == waiting && !now.Before(m.next):
		m.start(now)
	case m.state != waiting && !m.kill.IsZero() && !now.Before(m.kill):
		m.kill = time.Time{}
		m.send(sigKill, false)
	}
}
