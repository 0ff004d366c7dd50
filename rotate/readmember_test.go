package rotate

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tailight/tailight/tai64"
)

// bigLog has lines that cannot be made much less.
func bigLog(n int) (lines []string) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		var b strings.Builder
		for range 8 {
			fmt.Fprintf(&b, "%016x", rnd.Uint64())
		}
		lines = append(lines, fmt.Sprintf("%s %d %s", labelAt(i), i, b.String()))
	}
	return lines
}

func asText(lines []string) []byte { return []byte(strings.Join(lines, "\n") + "\n") }

// packedDir is a directory with one archive.
func packedDir(t *testing.T, archived []byte) *logDir {
	l := newLogDir(t)
	l.put(archive(labelAt(1<<20), "s"), string(archived), 0o744)
	return l
}

func TestARangeUnpacksItsMembersAndNothingBefore(t *testing.T) {
	t.Parallel()
	lines := bigLog(40000) // 6 MB
	for _, c := range []Compression{Gzip, Zstd} {
		packed := inMembers(c, asText(lines), MemberSize)
		if len(packed) < 8*MemberSize {
			t.Fatalf("%d bytes", len(packed))
		}
		for _, from := range []int{0, 1, 20000, 39999, 40000} {
			opened, told := 0, int64(0)
			var first int64
			opt := ReadOptions{
				Since: labelAt(from), Until: labelAt(from + 10),
				Zstd: func(in io.Reader) (io.ReadCloser, error) { opened++; return zstdReader(in) },
				Progress: func(_ string, read, _ int64) {
					if told++; first == 0 {
						first = read
					}
				},
			}
			got := readAllLines(t, []string{packedDir(t, packed).name}, opt)
			if want := lines[from:min(from+10, len(lines))]; !slices.Equal(got, want) {
				t.Errorf("by %d from %d: %d lines, want %d", c, from, len(got), len(want))
			}
			if told > 4 || from == 40000 && first != 0 && first < int64(len(packed))-2*MemberSize {
				t.Errorf("by %d from %d: told %d times, first at %d of %d", c, from, told, first, len(packed))
			}
			if c == Zstd && opened != 1 {
				t.Errorf("from %d: %d decoders", from, opened)
			}
		}
	}
}

// damages are what may become of the heads of an archive. Each is given the places
// of all heads.
var damages = map[string]func(b []byte, at []int) []byte{
	"a head without its check": func(b []byte, at []int) []byte { b[at[5]+30] ^= 1; return b },
	"a length of nothing":      func(b []byte, at []int) []byte { return reseal(b, at[5], 0, tai64.TAI64N{}) },
	"a length past the end":    func(b []byte, at []int) []byte { return reseal(b, at[5], 1<<31, tai64.TAI64N{}) },
	"a length of another":      func(b []byte, at []int) []byte { return reseal(b, at[5], at[7]-at[5], tai64.TAI64N{}) },
	"a label that is too low":  func(b []byte, at []int) []byte { return reseal(b, at[5], 0, labelAt(165)) },
	"a label that is too high": func(b []byte, at []int) []byte { return reseal(b, at[3], 0, labelAt(126)) },
	"a label from the end":     func(b []byte, at []int) []byte { return reseal(b, at[3], 0, labelAt(390)) },
	"labels that step back":    func(b []byte, at []int) []byte { return reseal(b, at[6], 0, labelAt(1)) },
	"another log before":       func(b []byte, at []int) []byte { return slices.Concat(b[at[5]:], b[:at[5]]) },
	"the last member cut off":  func(b []byte, at []int) []byte { return b[:at[9]] },
}

// reseal changes the length and the label of a head of zstd, if they are not zero.
func reseal(b []byte, at, length int, label tai64.TAI64N) []byte {
	if label == (tai64.TAI64N{}) {
		binary.LittleEndian.PutUint32(b[at+12:], uint32(length))
	}
	if label != (tai64.TAI64N{}) {
		binary.BigEndian.PutUint64(b[at+16:], label.Sec)
		binary.BigEndian.PutUint32(b[at+24:], label.Nano)
	}
	binary.LittleEndian.PutUint32(b[at+32:], crc32.ChecksumIEEE(b[at+12:at+32]))
	return b
}

func TestHeadsThatAreDamagedOrLieGiveTheSameLines(t *testing.T) {
	t.Parallel()
	var log []string
	for i := range 400 {
		log = append(log, fmt.Sprintf("%s line %d", labelAt(i), i))
	}
	packed := inMembers(Zstd, asText(log), len(asText(log))/10+40)
	var at []int
	for off := 0; off < len(packed); off += int(binary.LittleEndian.Uint32(packed[off+12:])) {
		at = append(at, off)
	}
	if len(at) != 10 {
		t.Fatalf("%d members", len(at))
	}
	for name, damage := range damages {
		b := damage(bytes.Clone(packed), at)
		content := must(plainText(b))
		for from := 0; from <= 400; from += 7 {
			var want []string
			for line := range bytes.Lines(content) {
				if l, _ := stampOf(line); l.Compare(labelAt(from)) >= 0 {
					want = append(want, string(bytes.TrimSuffix(line, []byte("\n"))))
				}
			}
			got := readAllLines(t, []string{packedDir(t, b).name}, ReadOptions{Since: labelAt(from)})
			if !slices.Equal(got, want) {
				t.Errorf("%s, from %d: %d lines, want %d: %s", name, from, len(got), len(want), brief(got, want))
			}
		}
	}
}

// TestACursorInAMemberGoesOnBehindItsLine stops after every number of lines of a
// range, and reads on.
func TestACursorInAMemberGoesOnBehindItsLine(t *testing.T) {
	t.Parallel()
	var log []string
	for i := range 60 {
		log = append(log, fmt.Sprintf("%s line %d%s", labelAt(i/2), i, strings.Repeat("\nno label", i%2)))
	}
	log = strings.Split(strings.Join(log, "\n"), "\n")
	for _, c := range []Compression{Gzip, Zstd} {
		l := packedDir(t, inMembers(c, asText(log), 200))
		l.put("current", stampAt(1<<20+1)+" last\n", 0o644)
		for _, since := range []int{0, 13, 29} {
			opt := ReadOptions{Since: labelAt(since), After: new(Cursor)}
			all := readAllLines(t, []string{l.name}, opt)
			for stop := 1; stop < len(all); stop++ {
				var got []string
				r := NewReader([]string{l.name}, opt)
				for line, err := range r.Lines(t.Context()) {
					l.ok(err)
					if got = append(got, string(line.Text)); len(got) == stop {
						break
					}
				}
				got = append(got, readAllLines(t, []string{l.name}, ReadOptions{After: r.Cursor()})...)
				if !slices.Equal(got, all) {
					t.Fatalf("by %d since %d, after %d: %s", c, since, stop, brief(got, all))
				}
			}
		}
	}
}
