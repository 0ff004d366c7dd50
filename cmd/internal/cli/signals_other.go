//go:build !linux

package cli

// defaultSignals leaves the signals as Go's runtime handles them.
func defaultSignals() {}
