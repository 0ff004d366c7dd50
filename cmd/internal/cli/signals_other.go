//go:build !linux

package cli

// initSignals leaves the signals as Go's runtime handles them.
func initSignals() {}

// inheritMask and restoreMask leave the signal mask as Go's runtime has it.
func inheritMask() uint64 { return 0 }

func restoreMask(uint64) {}
