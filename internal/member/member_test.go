package member

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tailight/tailight/tai64"
)

// Members here hold their text as it is: heads and the walk over them do not look
// into it. That programs understand what is around them, the tests of rotate show.

func labelAt(n int) tai64.TAI64N { return tai64.TAI64N{Sec: 1<<62 + 1000, Nano: uint32(n)} }

// stored is a log in members of at most so many bytes of it, and their heads.
func stored(t testing.TB, log []byte, most int) (archive []byte, heads []Head) {
	t.Helper()
	var texts []byte
	for c := NewCutter(iotest.OneByteReader(bytes.NewReader(log)), int64(most)); ; {
		text, h, err := c.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(text) > most || int64(len(text)) != h.Text {
			t.Fatalf("a text of %d bytes, at most %d, said to have %d: %v", len(text), most, h.Text, err)
		}
		texts = append(texts, text...)
		if len(texts) < len(log) && bytes.ContainsRune(text, '\n') && text[len(text)-1] != '\n' {
			t.Fatalf("a text ends within a line: %q", text)
		}
		archive = append(AppendZstd(archive, len(text), h), text...)
		heads = append(heads, h)
	}
	if !bytes.Equal(texts, log) || len(heads) == 0 {
		t.Fatalf("%d texts are not the log:\n%q\n%q", len(heads), texts, log)
	}
	return archive, heads
}

// labelsOf are the labels of the lines that begin in a log, with their places.
func labelsOf(log []byte) (labels []tai64.TAI64N, at []int64) {
	off := int64(0)
	for line := range bytes.Lines(log) {
		if l, _, ok := tai64.ParseStamp(bytes.TrimSuffix(line, []byte("\n"))); ok {
			labels, at = append(labels, l), append(at, off)
		}
		off += int64(len(line))
	}
	return labels, at
}

// checkFind holds that nothing of a range lies before what is found.
func checkFind(t testing.TB, log, archive []byte, from tai64.TAI64N) Place {
	t.Helper()
	found, ok := Find(bytes.NewReader(archive), int64(len(archive)), from)
	if !ok {
		if found != (Place{}) {
			t.Fatalf("%+v, and not ok", found)
		}
		return found
	}
	labels, at := labelsOf(log)
	for i, l := range labels {
		if at[i] < found.Text && l.Compare(from) >= 0 {
			t.Fatalf("%v from %v begins at %+v, but %v stands at %d", labels, from, found, l, at[i])
		}
	}
	if found.Archive > 0 && FirstLabel(log[found.Text:]) != found.First {
		t.Fatalf("at %+v stands %.60q", found, log[found.Text:])
	}
	return found
}

func TestTheLastMemberBeforeALabelIsFound(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	for i := range 1000 {
		fmt.Fprintf(&log, "%v line\n", labelAt(i))
	}
	archive, heads := stored(t, log.Bytes(), 310) // ten lines
	if len(heads) != 100 {
		t.Fatalf("%d members", len(heads))
	}
	for from := range 1100 {
		found := checkFind(t, log.Bytes(), archive, labelAt(from))
		if want := int64(min(max(from-1, 0)/10, 99)) * 310; found.Text != want {
			t.Errorf("from %d: %+v, want the member at %d", from, found, want)
		}
	}
}

// TestAHeadHasNoLabelWhereReadingMayNotBegin has a log whose members are known.
func TestAHeadHasNoLabelWhereReadingMayNotBegin(t *testing.T) {
	t.Parallel()
	stamp := func(n int) string { return labelAt(n).String() + " " }
	members := []struct {
		text  string
		first int // 0: none
	}{
		{"no label\n" + stamp(5) + "five\n", 5},
		{"none\n", 0},
		{stamp(9) + strings.Repeat("x", 70), 9},
		{strings.Repeat("x", 50) + "\n" + stamp(10) + "begins within a line\n", 0},
		{stamp(8) + "the clock was set back\n" + stamp(11) + "\n", 0},
		{stamp(10) + "there was eleven\n", 0},
		{stamp(11) + "as high as before\n", 11},
	}
	c := NewCutter(nil, Size)
	for i, m := range members {
		want := tai64.TAI64N{}
		if m.first > 0 {
			want = labelAt(m.first)
		}
		if got := c.first([]byte(m.text)); got != want {
			t.Errorf("member %d has %v, want %v", i, got, want)
		}
	}
}

func TestHeadsAreReadBack(t *testing.T) {
	t.Parallel()
	for _, h := range []Head{
		{Text: 0}, {Text: Size, First: labelAt(7)}, {Text: 5, First: tai64.TAI64N{Sec: 1<<63 - 1, Nano: 999999999}},
	} {
		packed := append(AppendZstd(nil, 100, h), make([]byte, 100)...)
		h.Length = int64(len(packed))
		if got, ok := parse(packed); !ok || got != h {
			t.Errorf("%+v became %+v, %t", h, got, ok)
		}
		packed = append([]byte(gzipFixed+"\x00\x00\x00\x00\x00\xff\x20\x00"), GzipExtra()...)
		packed = append(packed, 1, 2, 3)
		SealGzip(packed, h)
		h.Length = int64(len(packed))
		if got, ok := parse(packed); !ok || got != h {
			t.Errorf("%+v became %+v, %t", h, got, ok)
		}
	}
}

// TestADamagedHeadIsNone changes every bit of a head, and cuts it short.
func TestADamagedHeadIsNone(t *testing.T) {
	t.Parallel()
	whole := append(AppendZstd(nil, 9, Head{Text: 9, First: labelAt(3)}), "some text"...)
	for bit := range 8 * zstdSize {
		b := bytes.Clone(whole)
		b[bit/8] ^= 1 << (bit % 8)
		if h, ok := parse(b); ok {
			t.Errorf("bit %d changed: %+v", bit, h)
		}
	}
	for n := range zstdSize {
		if h, ok := parse(whole[:n]); ok {
			t.Errorf("%d bytes: %+v", n, h)
		}
	}
}

// lie is an archive of members that say what they please.
func lie(heads ...Head) (archive []byte) {
	for _, h := range heads {
		length := h.Length
		at := len(archive)
		archive = append(AppendZstd(archive, 10, h), "some text."...)
		if length != 0 {
			h.Length = max(length, 0)
			fixed, rest := h.fields()
			copy(archive[at+len(zstdFixed):], append(fixed[:], rest[:]...))
		}
	}
	return archive
}

func TestHeadsThatLieAreNotBelieved(t *testing.T) {
	t.Parallel()
	one, two := Head{Text: 10, First: labelAt(1)}, Head{Text: 10, First: labelAt(2)}
	for name, archive := range map[string][]byte{
		"no length":           lie(one, Head{Length: -1, Text: 10, First: labelAt(2)}, two),
		"a length of a head":  lie(one, Head{Length: int64(zstdSize), Text: 10, First: labelAt(2)}, two),
		"past the end":        lie(one, Head{Length: 1 << 20, Text: 10, First: labelAt(2)}),
		"a byte past the end": lie(one, two)[:2*(zstdSize+10)-1],
		"into the middle":     lie(one, Head{Length: int64(zstdSize) + 5, Text: 10, First: labelAt(2)}, two),
		"more text":           lie(one, Head{Text: Size + 1, First: labelAt(2)}),
		"a step back":         lie(two, one, two),
		"another log":         append(lie(one, two, Head{Text: 10, First: labelAt(9)}), lie(one, two)...),
		"foreign at the end":  append(lie(one, two), "\x28\xb5\x2f\xfd and so on, of another program"...),
		"no label anywhere":   lie(Head{Text: 10}, Head{Text: 10}),
		"nothing":             nil,
	} {
		if found, ok := Find(bytes.NewReader(archive), int64(len(archive)), labelAt(50)); ok {
			t.Errorf("%s: %+v", name, found)
		}
	}
	if found, ok := Find(bytes.NewReader(lie(one, two)), int64(len(lie(one, two))), labelAt(50)); !ok || found.First != labelAt(2) {
		t.Errorf("the truth: %+v, %t", found, ok)
	}
}

func TestAReadErrorIsReported(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	c := NewCutter(io.MultiReader(strings.NewReader("a line\n"), iotest.ErrReader(broken)), Size)
	if text, _, err := c.Next(); !errors.Is(err, broken) {
		t.Errorf("%q, %v", text, err)
	}
}

// FuzzFind looks into anything.
func FuzzFind(f *testing.F) {
	f.Add(lie(Head{Text: 10, First: labelAt(1)}, Head{Text: 10, First: labelAt(2)}), uint32(2))
	f.Add([]byte(gzipFixed+"123456"+gzipExtra+"1234"+gzipSecond+"12345678901234567890x"), uint32(1))
	f.Fuzz(func(t *testing.T, archive []byte, from uint32) {
		found, ok := Find(bytes.NewReader(archive), int64(len(archive)), labelAt(int(from)))
		if found.Archive < 0 || found.Archive > 0 && (!ok || found.Archive >= int64(len(archive))) {
			t.Errorf("%+v, %t", found, ok)
		}
		if h, whole := parse(archive[found.Archive:]); ok && found.Archive > 0 && (!whole || h.First != found.First) {
			t.Errorf("at %+v is %+v", found, h)
		}
	})
}

// FuzzMembers cuts any log and looks for labels in it.
func FuzzMembers(f *testing.F) {
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var log bytes.Buffer
		for n := 0; n < 50; n += 1 + rnd.IntN(3) - rnd.IntN(2) {
			fmt.Fprintf(&log, "%v %s\n", labelAt(n), strings.Repeat("x", rnd.IntN(60)))
			if rnd.IntN(4) == 0 {
				log.WriteString("no label\n")
			}
		}
		f.Add(log.Bytes(), uint16(rnd.IntN(300)), uint8(rnd.IntN(60)))
	}
	f.Fuzz(func(t *testing.T, log []byte, most uint16, from uint8) {
		archive, _ := stored(t, log, int(most)+1)
		checkFind(t, log, archive, labelAt(int(from)))
	})
}
