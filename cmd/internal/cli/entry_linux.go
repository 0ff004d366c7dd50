//go:build amd64 || arm64

package cli

// entry is where the kernel starts a process that was linked with
//
//	-ldflags='-E github.com/tailight/tailight/cmd/internal/cli.entry'
//
// It is no function to call: it has no return address. The Makefile sets the
// flag where there is an entry_GOOS_GOARCH.s.
//
//lint:ignore U1000 the linker is told of it
func entry()
