//go:build !linux

package cli

// initLimits has nothing to do where there is no entry.
func initLimits(string) {}
