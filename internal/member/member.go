// Package member is the form of compressed archives: a row of members, each of
// which can be unpacked without the others and holds at most Size bytes of a log.
//
// A member ends with a line, unless a line is longer than Size. It has a head, which
// tells where the next member begins and which label its lines begin with. So a
// reader finds a time by a short read per member, and unpacks nothing that lies
// before it.
//
// For programs that know nothing of heads they are not there: that of a member of
// gzip is two subfields of its extra field, that of a frame of zstd is a skippable
// frame in front of it. Numbers are little-endian, the label is that of tai64.
//
//	gzip   TL  4 bytes   length of the member in the archive, head and all
//	       TF 20 bytes   label (12), length of the text (4), check (4)
//	zstd   28 bytes      "TLTF", length (4), label (12), length of the text (4), check (4)
//
// The check is the CRC-32 of length, label and length of the text, in this order.
package member

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"github.com/tailight/tailight/tai64"
)

// Size is how much of a log is compressed together.
const Size = 256 << 10

// Head is what a member says of itself.
type Head struct {
	Length int64 // in the archive, head and all
	Text   int64 // bytes of the log
	// First is the first label of the member. It is zero where nobody may begin to
	// read: in a member without a label, in one that begins within a line, and in
	// one before which there is a higher label.
	First tai64.TAI64N
}

const (
	gzipFixed  = "\x1f\x8b\x08\x04"                     // on disk; fixed: there is an extra field
	gzipExtra  = "\x20\x00TL\x04\x00"                   // on disk; fixed: its length, TL with its length
	gzipSecond = "TF\x14\x00"                           // on disk; fixed: TF with its length
	zstdFixed  = "\x54\x2a\x4d\x18\x1c\x00\x00\x00TLTF" // on disk; fixed: a skippable frame of 28 bytes

	gzipTL   = 10 + len(gzipExtra) // where the length is
	gzipTF   = gzipTL + 4 + len(gzipSecond)
	gzipSize = gzipTF + 20
	zstdSize = len(zstdFixed) + 24

	// HeadSize is that of the longer head, the fixed part of gzip's among it.
	HeadSize = gzipSize
)

// fields are the length, and what is behind it: label, length of the text, check.
func (h Head) fields() (length [4]byte, rest [20]byte) {
	le := binary.LittleEndian
	le.PutUint32(length[:], uint32(h.Length))
	_, _ = h.First.AppendBinary(rest[:0]) // never fails
	le.PutUint32(rest[12:], uint32(h.Text))
	le.PutUint32(rest[16:], check(length[:], rest[:16]))
	return length, rest
}

func check(length, rest []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE(length), crc32.IEEETable, rest)
}

// GzipExtra is an extra field with room for the head.
func GzipExtra() []byte {
	return append([]byte(gzipExtra[2:]+"\x00\x00\x00\x00"+gzipSecond), make([]byte, 20)...)
}

// SealGzip fills in the head of a member that has GzipExtra.
func SealGzip(packed []byte, h Head) {
	h.Length = int64(len(packed))
	length, rest := h.fields()
	copy(packed[gzipTL:], length[:])
	copy(packed[gzipTF:], rest[:])
}

// AppendZstd appends the head of a frame that has so many bytes.
func AppendZstd(dst []byte, frame int, h Head) []byte {
	h.Length = int64(zstdSize + frame)
	length, rest := h.fields()
	return append(append(append(dst, zstdFixed...), length[:]...), rest[:]...)
}

// parse reads the head at the start of b. ok is false if there is none, or one
// that is damaged.
func parse(b []byte) (h Head, ok bool) {
	var length, rest []byte
	least := int64(zstdSize)
	switch {
	case len(b) >= zstdSize && bytes.HasPrefix(b, []byte(zstdFixed)):
		length, rest = b[len(zstdFixed):], b[len(zstdFixed)+4:]
	case len(b) >= gzipSize && bytes.HasPrefix(b, []byte(gzipFixed)) &&
		string(b[10:gzipTL]) == gzipExtra && string(b[gzipTL+4:gzipTF]) == gzipSecond:
		length, rest, least = b[gzipTL:], b[gzipTF:], int64(gzipSize)
	default:
		return h, false
	}
	le := binary.LittleEndian
	if le.Uint32(rest[16:]) != check(length[:4], rest[:16]) {
		return h, false
	}
	h.Length, h.Text = int64(le.Uint32(length)), int64(le.Uint32(rest[12:]))
	err := h.First.UnmarshalBinary(rest[:12])
	return h, err == nil && h.Length > least && h.Text <= Size
}
