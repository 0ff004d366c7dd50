package supervise

// Keeper tells which supervise of ours holds a control directory, as far as it
// lives; ok is false if none does, or it is one of another kind, or the system
// cannot tell one process from the next.
func Keeper(control string) (pid int, ok bool) {
	s, ok := readRunning(control)
	return s.keeper.pid, ok && s.keeper.lives()
}

// isOrphaned reports whether the supervise that held a control directory last is
// one of ours, and was killed.
func isOrphaned(control string) bool {
	s, ok := readRunning(control)
	return ok && !s.keeper.lives()
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
		if who := s.processes[i].who(); who.lives() {
			*id = who
		}
	}
	return main, log, s.stdin, s.stdout
}

// who is the process. One that has just been made is what has its pid, unless
// that is older: then this one has ended.
func (p *savedProcess) who() identity {
	id := p.id
	if p.pending() && id.pid != 0 {
		if born := bornOf(id.pid); born >= p.asked {
			id.born = born
		}
	}
	return id
}

func (p *savedProcess) lives() bool { return p.who().lives() }

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
