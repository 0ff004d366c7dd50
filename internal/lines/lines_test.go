package lines

import (
	"bytes"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// found are the places of the newlines of text that Ends tells of.
func found(room []uint64, text []byte) (at []int) {
	for i, word := range Ends(room, text) {
		for ; word != 0; word &= word - 1 {
			at = append(at, i*Word+bits.TrailingZeros64(word))
		}
	}
	return at
}

// want are the places of the newlines of text, byte by byte.
func want(text []byte) (at []int) {
	for i, c := range text {
		if c == '\n' {
			at = append(at, i)
		}
	}
	return at
}

func check(t *testing.T, text []byte) {
	t.Helper()
	if got, want := found(nil, text), want(text); !slices.Equal(got, want) {
		t.Errorf("%q: newlines at %v, want %v", text, got, want)
	}
	n := len(text) / Word
	got, reference := make([]uint64, n), slices.Repeat([]uint64{^uint64(0)}, n)
	newlines(got, text)
	if search(reference, text); !slices.Equal(got, reference) {
		t.Errorf("%q: %x, the portable search has %x", text, got, reference)
	}
}

func TestEveryByteAtEveryPlace(t *testing.T) {
	t.Parallel()
	for _, around := range []string{"x", "\n", "\x00", "\x0b"} {
		for c := range 256 {
			for at := range 2*Word + 2 {
				text := []byte(strings.Repeat(around, 2*Word+2))
				text[at] = byte(c)
				check(t, text)
			}
		}
	}
}

// TestTextOfAnyLengthAndAlignment: what lies before and behind the text are newlines, of
// which none may be told.
func TestTextOfAnyLengthAndAlignment(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	for size := range 5*Word + 1 {
		for from := range 20 {
			b := bytes.Repeat([]byte("\n"), from+size+Word)
			text := b[from : from+size]
			for i := range text {
				if rnd.IntN(4) > 0 {
					text[i] = byte(rnd.Uint32())
				}
			}
			check(t, text)
		}
	}
}

func TestRoomIsUsedAgain(t *testing.T) {
	text := []byte(strings.Repeat("one line\n", 100))
	room := Ends(nil, text)
	for i := range room {
		room[i] = ^uint64(0)
	}
	if n := testing.AllocsPerRun(10, func() { Ends(room[:0], text) }); n != 0 {
		t.Errorf("%v allocations with room enough", n)
	}
	if got, want := found(room[:0], text), want(text); !slices.Equal(got, want) {
		t.Errorf("newlines at %v, want %v", got, want)
	}
	if got := found(room[:0], nil); got != nil {
		t.Errorf("newlines at %v of no text", got)
	}
}

func FuzzEnds(f *testing.F) {
	f.Add([]byte("a\nb"))
	f.Add(bytes.Repeat([]byte("line\n"), 40))
	f.Fuzz(check)
}

// BenchmarkEnds walks over lines of 57 to 166 bytes; one operation is one line.
func BenchmarkEnds(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var text []byte
	for len(text) < 4<<10 {
		text = append(append(text, strings.Repeat("x", 56+rnd.IntN(110))...), '\n')
	}
	n := len(want(text))
	b.Run("bits", func(b *testing.B) {
		var room []uint64
		b.ReportAllocs()
		for left := b.N; left > 0; left -= n {
			room = Ends(room, text)
			for _, word := range room {
				for ; word != 0; word &= word - 1 {
					sink += bits.TrailingZeros64(word)
				}
			}
		}
	})
	b.Run("one by one", func(b *testing.B) {
		b.ReportAllocs()
		for left := b.N; left > 0; left -= n {
			for rest := text; len(rest) > 0; {
				end := bytes.IndexByte(rest, '\n') + 1
				rest = rest[end:]
				sink += end
			}
		}
	})
}

var sink int
