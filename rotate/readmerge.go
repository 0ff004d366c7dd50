package rotate

// merge is a heap of the sources that have a line, by its label; sources with
// the same label, in their order. Labels that step back make the order of the
// result step back too, and nothing else.
type merge []*source

func (m merge) less(i, j int) bool {
	a, b := &m[i].line, &m[j].line
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
	*m = append(*m, s)
	h := *m
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if !h.less(i, parent) {
			return
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

// pop removes the first source.
func (m *merge) pop() {
	h := *m
	last := len(h) - 1
	h[0], h[last] = h[last], nil
	*m = h[:last]
	m.fix()
}

// fix puts the first source, which has another line now, in its place.
func (m merge) fix() {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(m) {
			return
		}
		if child+1 < len(m) && m.less(child+1, child) {
			child++
		}
		if !m.less(child, i) {
			return
		}
		m[i], m[child] = m[child], m[i]
		i = child
	}
}
