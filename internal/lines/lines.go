// Package lines finds the ends of lines in text that is in memory.
package lines

// Word is the number of bytes of text that have their bits in one number.
const Word = 64

// Ends returns a bit for each byte of text, set if that is a newline: bit b of number
// w stands for byte 64*w+b. Bits behind the end of the text are not set. The numbers
// overwrite room, or a new slice where room is too small.
//
// A loop over the bits takes half the time of a bytes.IndexByte for each line, which
// for lines of usual length is busy with its beginning and its end.
func Ends(room []uint64, text []byte) []uint64 {
	n := (len(text) + Word - 1) / Word
	if cap(room) < n {
		room = make([]uint64, n)
	}
	room = room[:n]
	whole := len(text) / Word
	newlines(room[:whole], text)
	if whole < n {
		var last [Word]byte
		copy(last[:], text[whole*Word:])
		newlines(room[whole:], last[:])
	}
	return room
}
