//go:build race

package main

// raced says that the race detector is on, in the programs under test, too: they are this
// binary. To start them takes several times as long then, so of the golden cases only a
// quarter is run.
const raced = true
