package tai64

import "fmt"

const hexDigits = "0123456789abcdef" // on disk; fixed

// hexPairs holds the two digits of each byte value, one after the other.
var hexPairs = func() (p [512]byte) {
	for i := range 256 {
		p[2*i], p[2*i+1] = hexDigits[i>>4], hexDigits[i&15]
	}
	return p
}()

// hexValues holds the value of each digit, and notHex for any other byte.
// Upper-case digits are no digits: labels are lower case only.
var hexValues = func() (v [256]byte) {
	for i := range v {
		v[i] = notHex
	}
	for i, c := range []byte(hexDigits) {
		v[c] = byte(i)
	}
	return v
}()

const notHex = 0xff

func isHex(c byte) bool { return hexValues[c] != notHex }

// appendHex32 appends the 8 digits of v.
func appendHex32(b []byte, v uint32) []byte {
	var d [8]byte
	putHex32(&d, v)
	return append(b, d[:]...)
}

// appendHex64 appends the 16 digits of v.
func appendHex64(b []byte, v uint64) []byte {
	return appendHex32(appendHex32(b, uint32(v>>32)), uint32(v))
}

// putHex32 writes the 8 digits of v.
func putHex32(d *[8]byte, v uint32) {
	for i := 6; i >= 0; i -= 2 {
		p := 2 * (v & 0xff)
		d[i], d[i+1] = hexPairs[p], hexPairs[p+1]
		v >>= 8
	}
}

// parseHex reads the digits of s, at most 16 of them; the caller has checked
// each one.
func parseHex[T string | []byte](s T) (v uint64) {
	for i := range len(s) {
		v = v<<4 | uint64(hexValues[s[i]])
	}
	return v
}

// checkText tells why s is not "@" and n lower-case hexadecimal digits.
func checkText[T string | []byte](s T, n int) error {
	if len(s) == 0 || s[0] != '@' {
		return fmt.Errorf("label %s: does not begin with @", quote(s))
	}
	if len(s) != 1+n {
		return fmt.Errorf("label %s: has %d bytes after @, want %d", quote(s), len(s)-1, n)
	}
	for i := 1; i < len(s); i++ {
		if !isHex(s[i]) {
			return fmt.Errorf("label %s: byte %d is not one of 0-9a-f", quote(s), i)
		}
	}
	return nil
}

// quote shows s in a message, cut where it is too long for one.
func quote[T string | []byte](s T) string {
	const most = 40
	if len(s) > most {
		return fmt.Sprintf("%q...", string(s[:most]))
	}
	return fmt.Sprintf("%q", string(s))
}

// checkFields tells which field of a label is out of its range.
func checkFields(sec uint64, nano, atto uint32) error {
	switch {
	case sec >= reserved:
		return fmt.Errorf("label seconds %#x: reserved, must be below 2^63", sec)
	case nano >= billion:
		return fmt.Errorf("label nanoseconds %d: must be below 1000000000", nano)
	case atto >= billion:
		return fmt.Errorf("label attoseconds %d: must be below 1000000000", atto)
	}
	return nil
}
