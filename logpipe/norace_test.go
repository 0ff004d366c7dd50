//go:build !race

package logpipe

const raced = false
