//go:build !linux || !(amd64 || arm64)

package main

// disposed has a meaning only where there is an entry.
func disposed() { panic("not on this system") }
