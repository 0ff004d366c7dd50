package rotate

// merge is a heap of the sources that have a line, by its label; sources with
// the same label, in their order. Labels that step back make the order of the
// result step back too, and nothing else.
type merge struct {
	s    []*source
	down bool // the last one comes first
}

func (m *merge) less(i, j int) bool {
	if m.down {
		i, j = j, i
	}
	a, b := &m.s[i].line, &m.s[j].line
	if a.Label.Sec != b.Label.Sec {
		return a.Label.Sec < b.Label.Sec
	}
	if a.Label.Nano != b.Label.Nano {
		return a.Label.Nano < b.Label.Nano
	}
	return a.Source < b.Source
}

// push adds a source.
func (m *merge) push(s *source) {
	m.s = append(m.s, s)
	for i := len(m.s) - 1; i > 0; {
		parent := (i - 1) / 2
		if !m.less(i, parent) {
			return
		}
		m.s[i], m.s[parent] = m.s[parent], m.s[i]
		i = parent
	}
}

// pop removes the first source.
func (m *merge) pop() {
	last := len(m.s) - 1
	m.s[0], m.s[last] = m.s[last], nil
	m.s = m.s[:last]
	m.fix()
}

// fix puts the first source, which has another line now, in its place.
func (m *merge) fix() {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(m.s) {
			return
		}
		if child+1 < len(m.s) && m.less(child+1, child) {
			child++
		}
		if !m.less(child, i) {
			return
		}
		m.s[i], m.s[child] = m.s[child], m.s[i]
		i = child
	}
}
