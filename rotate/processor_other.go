//go:build !linux

package rotate

import "syscall"

// attributes make a processor a group of its own, which can be killed whole.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
