//go:build !linux

package logpipe

const bytesWaiting = 0x4004667f // FIONREAD, which x/sys has no name for
