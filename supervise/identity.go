package supervise

// identity tells a process from all others that ever have its pid in one world.
type identity struct {
	pid  int
	born uint64 // when it was started, in ticks since the boot; 0: not known
}
