package zstd

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"github.com/tailight/tailight/internal/member"
	"github.com/tailight/tailight/tai64"
)

// What a user types is in testdata/script/multilog-zstd.txtar; that the program zstd
// reads such frames, in the tests of rotate.

func packed(t testing.TB, log []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := pack(&out, iotest.HalfReader(bytes.NewReader(log))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func checkRoundTrip(t testing.TB, log []byte) {
	t.Helper()
	var out bytes.Buffer
	if err := unpack(&out, bytes.NewReader(packed(t, log))); err != nil || !bytes.Equal(out.Bytes(), log) {
		t.Errorf("%d bytes became %d, %v", len(log), out.Len(), err)
	}
}

func TestWhatIsPackedIsUnpacked(t *testing.T) {
	t.Parallel()
	for _, log := range []string{
		"", "x", "\n", "a line\n", strings.Repeat("a line\n", member.Size), strings.Repeat("x", 3*member.Size),
		strings.Repeat("y", member.Size-1) + "\n", strings.Repeat("y", member.Size) + "\n", strings.Repeat("z", member.Size+1),
	} {
		checkRoundTrip(t, []byte(log))
	}
}

// TestAFrameIsReadFromItsPlace finds one by its label and unpacks what follows.
func TestAFrameIsReadFromItsPlace(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	label := func(n int) tai64.TAI64N { return tai64.TAI64N{Sec: 1<<62 + uint64(n)} }
	for n := range 40000 {
		fmt.Fprintf(&log, "%v line\n", label(n))
	}
	archive := packed(t, log.Bytes())
	for _, from := range []int{0, 1, 20000, 39999, 50000} {
		at, ok := member.Find(bytes.NewReader(archive), int64(len(archive)), label(from))
		var out bytes.Buffer
		err := unpack(&out, bytes.NewReader(archive[at.Archive:]))
		if !ok || err != nil || !bytes.Equal(out.Bytes(), log.Bytes()[at.Text:]) {
			t.Errorf("from %d at %+v, %t: %d bytes, %v", from, at, ok, out.Len(), err)
		}
		if from >= 20000 && at.Archive == 0 {
			t.Errorf("from %d it begins at the beginning", from)
		}
	}
}

func TestWhatOthersHavePackedIsUnpacked(t *testing.T) {
	t.Parallel()
	log := strings.Repeat("a line of another program\n", 1<<18)
	for _, level := range []zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedBestCompression} {
		var archive bytes.Buffer
		z, err := zstd.NewWriter(&archive, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(maxWindow))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = z.Write([]byte(log))
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := unpack(&out, &archive); err != nil || out.String() != log {
			t.Errorf("level %v: %d bytes of %d, %v", level, out.Len(), len(log), err)
		}
	}
}

func TestWhatFailsIsSaid(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	whole := packed(t, bytes.Repeat([]byte("a line\n"), 100))
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-1] ^= 1 // the checksum
	for _, c := range []struct {
		name, want string
		err        error
	}{
		{"packing, no input", "unable to read input: broken", pack(new(bytes.Buffer), iotest.ErrReader(broken))},
		{"packing, no output", "unable to write output: broken", pack(full{broken}, strings.NewReader("x"))},
		{"unpacking, no input", "unable to read input: broken", unpack(new(bytes.Buffer), iotest.ErrReader(broken))},
		{"unpacking, no output", "unable to write output: broken", unpack(full{broken}, bytes.NewReader(whole))},
		{"unpacking a half", "unable to unpack input: unexpected EOF", unpack(new(bytes.Buffer), bytes.NewReader(whole[:len(whole)-5]))},
		{"unpacking a half head", "unable to unpack input: ", unpack(new(bytes.Buffer), bytes.NewReader(whole[:20]))},
		{"unpacking what was changed", "unable to unpack input: ", unpack(new(bytes.Buffer), bytes.NewReader(damaged))},
		{"unpacking a log", "unable to unpack input: ", unpack(new(bytes.Buffer), strings.NewReader("a line\n"))},
	} {
		if c.err == nil || !strings.HasPrefix(c.err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, c.err, c.want)
		}
	}
}

// full takes nothing.
type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("a line\nand a half"), uint16(3))
	f.Fuzz(func(t *testing.T, log []byte, times uint16) {
		if n := len(log) * (int(times) + 1); n < 1<<20 {
			log = bytes.Repeat(log, int(times)+1)
		}
		checkRoundTrip(t, log)
	})
}

// FuzzUnpack is to come to an end on anything.
func FuzzUnpack(f *testing.F) {
	f.Add(packed(f, []byte("a line\n")))
	f.Fuzz(func(t *testing.T, archive []byte) {
		_ = unpack(&limited{left: 1 << 24}, bytes.NewReader(archive))
	})
}

type limited struct{ left int }

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errors.New("enough")
	}
	return len(p), nil
}
