package supervise

import "time"

// signal names what is sent; the hand knows the numbers, and which one
// sigDown is.
type signal uint8

const (
	sigDown signal = iota // TERM, or what the file down-signal says
	sigCont
	sigStop
	sigKill
	sigHup
	sigAlrm
	sigInt
	sigTerm
	sigQuit
	sigUsr1
	sigUsr2
	sigWinch
)

// plain maps the letters that do nothing but send a signal. Those of the
// second line are daemontools-encore's; 0.76 ignores them.
var plain = map[byte]signal{
	'h': sigHup, 'a': sigAlrm, 'i': sigInt, 't': sigTerm, 'k': sigKill,
	'q': sigQuit, '1': sigUsr1, '2': sigUsr2, 'w': sigWinch,
}

// told obeys a command letter. A letter that means nothing does nothing.
func (m *machine) told(letter byte, group bool, now time.Time) {
	if s, ok := plain[letter]; ok {
		if m.takesSignals() {
			m.send(s, group)
		}
		return
	}
	switch letter {
	case 'u':
		m.toldUp(Up, now)
	case 'o':
		m.toldUp(Once, now)
	case 'd':
		m.toldDown(group, now)
	case 'x':
		m.toldExit()
	case 'p':
		m.paused = m.takesSignals() // 0.76 forgets it at the next start
		m.do(record)
		if m.paused {
			m.send(sigStop, group)
		}
	case 'c':
		m.paused = false
		m.do(record)
		if m.takesSignals() {
			m.send(sigCont, group)
		}
	}
}

// toldUp starts a service that is down. One that waits goes on waiting, and
// one that is about to end is looked at when it has.
func (m *machine) toldUp(w Want, now time.Time) {
	m.fresh = m.fresh || m.rules.encore && m.want == Down
	m.want = w
	m.do(record)
	switch m.state {
	case down, failed, started:
		m.stopped = false
		m.start(now)
	}
}

func (m *machine) toldDown(group bool, now time.Time) {
	m.want = Down
	switch m.state {
	case up, starting:
		// CONT follows, or a paused process would not notice.
		m.send(sigDown, group)
		m.send(sigCont, group)
		m.paused, m.stopped = false, false
		if m.rules.timeoutKill > 0 {
			m.kill = now.Add(m.rules.timeoutKill)
		}
	case down, waiting, started, failed:
		m.state = down
		if m.rules.encore && !m.stopped {
			m.run(stopping, scriptStop)
		}
	}
	m.do(record)
}

func (m *machine) toldExit() {
	m.leaving = true
	switch m.state {
	case down, waiting, started, failed:
		m.settle(down)
	default:
		m.do(record)
	}
}
