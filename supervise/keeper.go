package supervise

// Keeper tells which supervise of ours holds a control directory, as far as it
// lives; ok is false if none does, or it is one of another kind, or the system
// cannot tell one process from the next.
func Keeper(control string) (pid int, ok bool) {
	s, ok := readRunning(control)
	return s.keeper.pid, ok && s.keeper.lives()
}

// kept are the processes of a service that live, whether their supervise does
// or not, and what the supervise had as descriptors 0 and 1. A process that
// does not live has the pid 0.
func kept(control string) (main, log identity, stdin, stdout fileID) {
	s, ok := readRunning(control)
	if !ok {
		return main, log, stdin, stdout
	}
	for i, id := range [2]*identity{&main, &log} {
		if p := &s.processes[i]; p.known() {
			*id = p.id
		}
	}
	return main, log, s.stdin, s.stdout
}

// known completes the identity of a process that has just been made, and reports
// whether it lives.
func (p *savedProcess) known() bool {
	if p.pending() && p.id.pid != 0 {
		// The pid may only be another's if this one has ended meanwhile.
		if born := bornOf(p.id.pid); born >= p.asked {
			p.id.born = born
		}
	}
	return p.id.lives()
}

// readRunning reads the file running of a control directory; ok is false for
// one of another world.
func readRunning(control string) (s saved, ok bool) {
	b, err := readWhole(control + "/running")
	if err != nil {
		return s, false
	}
	s, ok = parseRunning(b)
	return s, ok && s.world == world() && s.world != [16]byte{}
}
