//go:build race

package rotate

// raced says that the race detector is on. What is tried out at every call takes ten
// times as long under it and is no more exact, so it is tried at fewer.
const raced = true
