package supervise

import (
	"strings"
	"time"
)

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

// plain are the letters that do nothing but send a signal, and plainSignals
// these signals. The last four are daemontools-encore's; 0.76 ignores them.
const plain = "haitkq12w"

var plainSignals = [len(plain)]signal{sigHup, sigAlrm, sigInt, sigTerm, sigKill, sigQuit, sigUsr1, sigUsr2, sigWinch}

// told obeys a command letter. A letter that means nothing does nothing.
func (m *machine) told(letter byte, group bool, now time.Time) {
	if i := strings.IndexByte(plain, letter); i >= 0 {
		if m.serving() {
			m.send(plainSignals[i], group)
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
		m.paused = m.serving() // 0.76 forgets it at the next start
		m.do(record)
		if m.paused {
			m.send(sigStop, group)
		}
	case 'c':
		m.paused = false
		m.do(record)
		if m.serving() {
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
		m.start(now)
	case finishing, stopping:
		m.owed = w == Once
	}
}

func (m *machine) toldDown(group bool, now time.Time) {
	m.want, m.owed = Down, false
	switch m.state {
	case up, starting:
		m.end(group, now)
		m.do(record)
	case down, waiting, started, failed:
		m.rest(now)
	default: // about to end anyway
		m.do(record)
	}
}

// end tells the process to end. CONT follows the signal, or a process that is
// paused would not notice. A second d does not put off the KILL of the first.
func (m *machine) end(group bool, now time.Time) {
	m.send(sigDown, group)
	m.send(sigCont, group)
	m.paused, m.stopped = false, false
	if m.rules.timeoutKill > 0 && m.kill.IsZero() {
		m.kill = now.Add(m.rules.timeoutKill)
	}
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
