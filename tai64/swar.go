package tai64

import (
	"encoding/binary"
	"math/bits"
)

// parseLabel reads "@" and the first 24 digits after it, several times as fast as
// ParseTAI64N. b has that many bytes.
func parseLabel(b []byte) (l TAI64N, ok bool) {
	b = b[:stampSize-1]
	high, ok1 := hex8(binary.LittleEndian.Uint64(b[1:]))
	low, ok2 := hex8(binary.LittleEndian.Uint64(b[9:]))
	nano, ok3 := hex8(binary.LittleEndian.Uint64(b[17:]))
	ok = b[0] == '@' && ok1 && ok2 && ok3 && high < reserved>>32 && nano < billion
	return TAI64N{uint64(high)<<32 | uint64(low), nano}, ok
}

// hex8 reads 8 digits at once, the first of them in the lowest byte.
func hex8(x uint64) (v uint32, ok bool) {
	const ones = 0x0101010101010101 // times a byte: that byte, eight times
	letter := x >> 6 & ones         // of each byte: 1 if it is a letter, if it is a digit
	n := x&(0x0f*ones) + 9*letter   // its value
	written := n + '0'*ones + ('a'-'0'-10)*letter
	ok = written == x && n&(0xf0*ones) == 0 && (n+6*ones)>>4&ones == letter
	n = bits.ReverseBytes64(n)
	n = (n | n>>4) & 0x00ff00ff00ff00ff
	n = (n | n>>8) & 0x0000ffff0000ffff
	return uint32(n | n>>16), ok
}
