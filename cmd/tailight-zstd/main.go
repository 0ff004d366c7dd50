// Tailight-zstd packs a log with zstd, and unpacks what zstd has packed.
//
//	tailight-zstd
//	tailight-zstd -d
//
// # What it does
//
// It reads a log from standard input and writes it to standard output as a row of
// frames of zstd. Each holds at most 262144 bytes of the log, ends with a line,
// unless one is longer, and can be unpacked without the others. In front of it stands a
// skippable frame, which says where the next one is and which stamp the lines begin
// with: svlog goes by it, zstd and zstdcat pass over it. An empty log becomes a
// frame of nothing. Every frame has a checksum.
//
// With -d it unpacks: what it has packed itself, and what any other zstd has, with a
// window of up to 128 MiB.
//
// multilog runs it for compress=zstd, and svlog for archives of zstd. Both look for it
// in the directory that they are installed in, then in PATH.
//
// # Exit codes
//
// 0 when all is done, 100 wrong call, 111 the system failed or the input is not
// zstd's. What was written until then is no use as an archive.
//
// # Why it is a program of its own
//
// The library brings 32 MiB of address space to every process that it is part of.
// Nothing of the toolkit would start under a tight limit any more.
package main

import (
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/zstd"
)

func main() { cli.Main("tailight-zstd", zstd.Zstd) }
