//go:build !linux

package rotate

import "syscall"

func (o *osFile) born() int64 { return 0 }

// bootID would tell one run of the system from another. Without it there is no
// spool.
func bootID() (id [16]byte) { return id }

func (o *osFile) free() int64 { return 0 }

func (o *osFile) splice(int, cell, int) (int, error) { return 0, syscall.ENOSYS }
