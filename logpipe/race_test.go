//go:build race

package logpipe

// raced says that the race detector is on, under which a sync.Pool forgets things
// by chance: what uses one, as regexp does, then allocates.
const raced = true
