package supervise

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tailight/tailight/tai64"
)

// at is called between two steps that a kill may separate. Tests set it.
var at = func(string) {}

// save brings the file running up to date. It comes before whatever the next
// supervise would have to know of: a process, a letter obeyed, a status record.
func (s *Service) save() {
	if s.running == nil {
		return
	}
	if err := s.running.write(s.saved()); err != nil || len(s.wrong) > 0 {
		s.once("write "+s.ctlSay+"/running", err)
	}
}

// saved is what there is to keep.
func (s *Service) saved() saved {
	sv := s.kept
	sv.status[1] = s.statusSum()
	for i, p := range s.both() {
		if p != nil {
			sv.processes[i] = p.saved()
		}
	}
	return sv
}

// both are the two places of the file.
func (s *Service) both() [2]*process { return [2]*process{&s.main, s.log} }

func (p *process) saved() savedProcess {
	r := p.of.running
	return savedProcess{
		exists: p.begun, state: p.state, want: p.want, paused: p.paused, leaving: p.leaving, owed: p.owed,
		fresh: p.fresh, stopped: p.stopped, id: identity{p.pid, p.child.born}, since: tai64.At(p.since),
		status: p.machine.status, next: r.toMono(p.next), kill: r.toMono(p.kill), asked: p.asked,
	}
}

// statusSum is the sum of the record that writeStatus would write now.
func (s *Service) statusSum() uint32 {
	var room [loggedSize]byte
	b, err := s.status().AppendBinary(room[:0])
	if err != nil {
		return 0
	}
	return sumOf(b)
}

// openRunning finds out what another supervise has left, and gets ready to
// leave something oneself. Without that supervise is as good as that of 0.76.
func (s *Service) openRunning(fd int) (left *saved) {
	name := s.ctlSay + "/running"
	r, ok, err := openRunning(s.ctl+"/running", fd)
	if err != nil {
		s.warn(fmt.Errorf("unable to open %s: %w", name, err))
		return nil
	}
	if r == nil {
		return nil
	}
	here := world()
	me := identity{os.Getpid(), bornOf(os.Getpid())}
	if here == [16]byte{} || me.born == 0 {
		if ok {
			s.warn(fmt.Errorf("unable to tell whether %s still runs: no /proc", s.name))
		}
		r.close()
		_ = unix.Unlink(s.ctl + "/running")
		return nil
	}
	s.running = r
	s.kept = saved{world: here, keeper: me, stdin: idOfFD(0), stdout: idOfFD(1)}
	if !ok || r.last.world != here {
		return nil
	}
	sv := r.last
	return &sv
}

// isStale reports whether what a supervise has left is of no use any more: it
// has left nothing to go on with, or another one that knows nothing of it has
// run since, such as that of 0.76.
func (s *Service) isStale(left *saved) bool {
	over := true
	for i := range left.processes {
		p := &left.processes[i]
		if p.exists && p.lives() {
			return false
		}
		over = over && (!p.exists || p.state == gone)
	}
	sum := s.sumOnDisk()
	return over || sum != left.status[0] && sum != left.status[1]
}

// sumOnDisk is the sum of the status record that is there; 0: none.
func (s *Service) sumOnDisk() uint32 {
	b, err := readWhole(s.ctl + "/status")
	if err != nil {
		return 0
	}
	return sumOf(b)
}

// adopt goes on where another supervise was killed, or this one was before it
// became another program.
func (s *Service) adopt(left *saved, now time.Time) {
	s.kept.status[0] = s.sumOnDisk()
	own := left.keeper == s.kept.keeper
	for i, p := range s.both() {
		if p != nil && left.processes[i].exists {
			p.adopt(&left.processes[i], !own, now)
		}
	}
	if s.log != nil && s.main.state == gone {
		closeFD(&s.pipe[1])
		s.drain = now.Add(drainLimit)
	}
}

func (p *process) adopt(left *savedProcess, foreign bool, now time.Time) {
	r := p.of.running
	p.begun, p.continued = true, true
	p.state, p.want, p.paused, p.leaving = left.state, left.want, left.paused, left.leaving
	p.owed, p.fresh, p.stopped = left.owed, left.fresh, left.stopped
	p.since, p.machine.status = left.since.Time(), left.status
	p.next, p.kill = r.fromMono(left.next), r.fromMono(left.kill)
	script := left.state.script()
	if script == "" {
		return
	}
	p.running = p.path(script)
	if left.id.pid == 0 {
		return // it was asked for, and not made
	}
	p.child = takeUp(left.who(), foreign, now)
	if !left.pending() {
		p.pid = left.id.pid
		return
	}
	if script == scriptFinish {
		p.rules.limit = p.timeout("timeout-finish", finishLimit)
	}
	p.step(event{kind: launched, pid: left.id.pid}, sinceTicks(left.asked, ticks(), now))
}

// adoptPipe gets the pipe between service and log back from those of the two
// that live.
func (s *Service) adoptPipe(left *saved) {
	if left.pipe == (fileID{}) {
		return
	}
	var from []identity
	for i := range left.processes {
		if who := left.processes[i].who(); who.lives() {
			from = append(from, who)
		}
	}
	p, err := findPipe(left.pipe, from...)
	switch {
	case err == nil:
		s.pipe = p
	case !errors.Is(err, unix.ENOENT):
		s.warn(fmt.Errorf("unable to take back the pipe of %s: %w", s.name, err))
	}
}

// dropRunning removes the file when there is nothing in it that a next supervise
// would have to know.
func (s *Service) dropRunning() {
	if s.running == nil {
		return
	}
	if s.gone() || s.fresh {
		at("closing")
		_ = unix.Unlink(s.ctl + "/running")
		at("removed")
	}
	s.running.close()
	s.running = nil
}
