//go:build !linux

package supervise

// Here nobody can tell one process from the next of the same pid.

func bornOf(int) uint64 { return 0 }

func (id identity) lives() bool { return false }

func ticks() uint64 { return 0 }

func world() (w [16]byte) { return w }
