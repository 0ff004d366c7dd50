package supervise

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tailight/tailight/tai64"
)

// finishLimit is how long finish may run, if no file timeout-finish says
// otherwise.
const finishLimit = 5 * time.Second

// process is a machine and its hand: what it takes to do its actions.
type process struct {
	machine
	of    *Service
	child child
	files []uintptr // its descriptors 0, 1 and 2

	script    string // run, or log for encore's logger
	running   string // the script that the child is
	down      bool   // normally down
	begun     bool
	continued bool   // from another supervise
	asked     uint64 // when the script was asked for of which it is not known yet what came, in ticks
}

func newProcess(s *Service, script string, normallyDown bool) process {
	p := process{of: s, child: noChild, files: []uintptr{0, 1, 2}, script: script, down: normallyDown}
	p.since = time.Now()
	if p.want = Up; normallyDown {
		p.want = Down
	}
	return p
}

func (p *process) begin(now time.Time) {
	p.begun = true
	if p.continued {
		p.step(event{kind: adopted}, now)
		return
	}
	p.machine.begin(p.down, now)
}

// tell brings an event to the machine and does what comes of it.
func (p *process) tell(e event, now time.Time) {
	if e.kind == told && e.to == 'd' {
		p.rules.timeoutKill = p.timeout("timeout-kill", 0)
	}
	p.step(e, now)
	p.act(now)
}

// act does what there is to do. Launching brings a further event, and so
// perhaps further actions, at once.
func (p *process) act(now time.Time) {
	for len(p.todo) > 0 {
		p.of.save()
		a := p.todo[0]
		p.todo = p.todo[1:]
		switch a.kind {
		case record:
			p.of.writeStatus()
		case kill:
			p.child.send(p.number(a.signal), a.group)
		case launch:
			p.step(p.launch(a.script), now)
		}
	}
	p.todo = nil
	p.of.save()
}

// launch starts a script and returns what came of it.
func (p *process) launch(script string) event {
	s := p.of
	path := p.path(script)
	if script != scriptRun && (p.script != scriptRun || !s.dir.runnable(script)) {
		return event{kind: absent} // only the service itself has further scripts
	}
	c := command{dir: s.dir.path, path: "./" + path, files: p.files, own: s.ownSession()}
	if script == scriptFinish {
		c.args = finishArgs(p.machine.status)
		p.rules.limit = p.timeout("timeout-finish", finishLimit)
	}
	at("asking")
	c.cell = p.ask()
	at("asked")
	ch, err := spawn(c)
	at("made")
	p.asked = 0
	var unforked *forkError
	switch {
	case err == nil:
		p.child, p.running = ch, path
		s.notify(path, "start", ch.pid, 0)
		return event{kind: launched, pid: ch.pid}
	case errors.As(err, &unforked):
		s.warn(fmt.Errorf("unable to fork for %s, sleeping 60 seconds: %w", s.name, unforked.errno))
		return event{kind: refused}
	case s.encore && script == scriptRun && path == scriptRun && errors.Is(err, fs.ErrNotExist) && s.missing(path):
		return event{kind: absent}
	}
	s.unable(fmt.Errorf("unable to start %s/%s: %w", s.name, path, errnoOf(err)))
	return event{kind: exited, exit: exit{code: unstarted}}
}

// path is the file that a script is.
func (p *process) path(script string) string {
	if script == scriptRun {
		return p.script
	}
	return script
}

// ask says in the file running that a process is about to be made, and returns
// where the kernel is to write which. The cell is emptied first: a crash in
// between leaves what was true before, of which the pid is known.
func (p *process) ask() *uint32 {
	if p.of.running == nil {
		return nil
	}
	i := 0
	if p == p.of.log {
		i = 1
	}
	cell := p.of.running.cell(i)
	p.asked = ticks()
	p.of.save()
	return cell
}

// unstarted is the exit code of a child of 0.76 that could not execute run.
const unstarted = 111

// missing tells a script that is not there from one whose interpreter is not.
func (s *Service) missing(script string) bool {
	has, err := s.dir.has(script)
	return err == nil && !has
}

// unknownCode stands for an exit code that nobody can know.
const unknownCode = -1

// finishArgs are the exit code and the signal number. As in s6, the code of a
// process that was killed is 256.
func finishArgs(e exit) []string {
	code := e.code
	switch {
	case e.unknown:
		code = unknownCode
	case e.signal != 0:
		code = 256
	}
	return []string{strconv.Itoa(code), strconv.Itoa(e.signal)}
}

// ownSession reports whether children lead a session of their own, as those of
// daemontools-encore do.
func (s *Service) ownSession() bool {
	if !s.encore {
		return false
	}
	no, err := s.dir.has("no-setsid")
	return err == nil && !no
}

// timeout reads a file with a time; one that makes no sense is said, and is
// as good as none.
func (p *process) timeout(name string, otherwise time.Duration) time.Duration {
	d, err := p.of.dir.timeout(name)
	p.of.judge(name, err)
	if err != nil || d == 0 {
		return otherwise
	}
	return d
}

// number is the signal as the system knows it.
func (p *process) number(s signal) syscall.Signal {
	if s != sigDown {
		return numbers[s]
	}
	own, err := p.of.dir.signal("down-signal")
	p.of.judge("down-signal", err)
	if err != nil || own == 0 {
		return unix.SIGTERM
	}
	return own
}

var numbers = [...]syscall.Signal{
	sigCont: unix.SIGCONT, sigStop: unix.SIGSTOP, sigKill: unix.SIGKILL, sigHup: unix.SIGHUP,
	sigAlrm: unix.SIGALRM, sigInt: unix.SIGINT, sigTerm: unix.SIGTERM, sigQuit: unix.SIGQUIT,
	sigUsr1: unix.SIGUSR1, sigUsr2: unix.SIGUSR2, sigWinch: unix.SIGWINCH,
}

// status is the process's part of the record.
func (p *process) status() Status {
	s := Status{Phase: p.phase(), Record: Record{Since: tai64.At(p.since), Paused: p.paused, Want: p.want}}
	if p.serving() {
		s.PID = p.pid // finish does not count: the service is down
	}
	return s
}
