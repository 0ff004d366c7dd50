//go:build !linux

package cli

import "syscall"

// systemReason has the rows of the table that only some systems have errnos
// for: none here.
func systemReason(syscall.Errno) string { return "" }
