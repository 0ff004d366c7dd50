//go:build !linux

package tree

import (
	"os"
	"syscall"
)

// takePlaceOfStandard makes descriptors 0, 1 and 2 of this process copies of f.
func takePlaceOfStandard(f *os.File) error {
	for fd := range 3 {
		if err := syscall.Dup2(int(f.Fd()), fd); err != nil {
			return err
		}
	}
	return nil
}
