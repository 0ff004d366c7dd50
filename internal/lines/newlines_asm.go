//go:build amd64 || arm64

package lines

// newlines sets the bits of ends for as much of text as they stand for.
//
//go:noescape
func newlines(ends []uint64, text []byte)
