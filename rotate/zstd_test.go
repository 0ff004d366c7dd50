package rotate

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/tailight/tailight/internal/member"
)

// Packing by zstd in this process. That the program does the same, its own tests show.

// Both have channels, which must not be those of a bubble: several use them.
var (
	encoder = func() *zstd.Encoder {
		e := must(zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(member.Size), zstd.WithZeroFrames(true)))
		e.EncodeAll(nil, nil) // makes them
		return e
	}()
	decoder = must(zstd.NewReader(nil, zstd.WithDecoderConcurrency(1)))
)

func zstded(b []byte) []byte { return encoder.EncodeAll(b, nil) }

func zstdMember(text []byte, h member.Head) []byte {
	frame := zstded(text)
	return append(member.AppendZstd(nil, len(frame), h), frame...)
}

// compressing is what a directory does for a Compression, without another process.
func compressing(c Compression) func(*processing) error {
	if c == Zstd {
		return func(p *processing) error { return p.pack(zstdMember) }
	}
	return c.compress
}

// inMembers packs a text in members of at most so many bytes of it.
func inMembers(c Compression, text []byte, most int) []byte {
	one := new(gzipPacker).member
	if c == Zstd {
		one = zstdMember
	}
	var packed []byte
	for cut := member.NewCutter(bytes.NewReader(text), int64(most)); ; {
		text, head, err := cut.Next()
		if err == io.EOF {
			return packed
		}
		packed = append(packed, one(text, head)...)
	}
}
