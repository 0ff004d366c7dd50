//go:build race

package rotate_test

// raced says that the race detector is on, under which what is tried out at every
// call takes ten times as long and is no more exact.
const raced = true
