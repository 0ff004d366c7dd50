//go:build !linux

package cli

import (
	"os"
	"syscall"
)

type tried struct{}

func startedAs() []string { return nil }

func executable() []string { return nil }

// Try and Exec are not to be had here.
func (r *Renewal) Try(string, ...string) error { return syscall.ENOSYS }

func (r *Renewal) Exec([]int, int, func() bool) error { return syscall.ENOSYS }

func takeRenewal() string { return "" }

func Listening(...os.Signal) {}
