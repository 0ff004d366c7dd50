package tai64

// Wall returns what the clock on the wall shows at a Unix time, as the seconds
// from 1970-01-01 00:00:00 to that on the same clock, and how far that is ahead of
// UTC. Within a leap second of a zone below "right/" it shows the second before.
// It is false for a time that the C library cannot show.
func (z *Zone) Wall(unix int64) (wall, east int64, ok bool) {
	wall, _, ok = z.local(unix)
	if !ok {
		return 0, 0, false
	}
	taken, _ := z.leapAt(unix)
	return wall, wall - (unix - taken), true
}

// Unix returns the Unix time at which the clock on the wall shows wall: the first
// one or the last one, where it shows it twice because it is set back. Where it
// never does, because it is set ahead, it is the time at which it would if it had
// not been set yet. It is false where Wall is.
func (z *Zone) Unix(wall int64, last bool) (unix int64, ok bool) {
	// No clock is set twice in so short a time.
	const around = 2 * daySeconds
	if !inCivil(wall-around) || !inCivil(wall+around) {
		return 0, false
	}
	probes := [2]int64{wall - around, wall + around}
	if last {
		probes[0], probes[1] = probes[1], probes[0]
	}
	for _, at := range probes {
		shown, _, ok := z.Wall(at)
		if !ok {
			return 0, false
		}
		unix = wall - shown + at
		if shown, _, ok := z.Wall(unix); ok && shown == wall {
			return unix, true
		}
	}
	shown, _, ok := z.Wall(wall - around)
	return wall - shown + wall - around, ok
}
