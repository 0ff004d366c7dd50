//go:build !linux

package supervise

// fionread asks how many bytes a pipe holds: the FIONREAD of the BSDs.
const fionread = 0x4004667f

// workingDir is not told here.
func workingDir(int) string { return "" }

// watchChanges tells of no changes here: the sweep has to do.
func watchChanges(string) int { return -1 }
