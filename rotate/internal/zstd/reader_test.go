package zstd

import (
	"bytes"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	peer "github.com/klauspost/compress/zstd"
)

// packed compresses with the encoder of somebody else.
func packed(t testing.TB, b []byte, opt ...peer.EOption) []byte {
	t.Helper()
	w, err := peer.NewWriter(nil, append(opt, peer.WithEncoderConcurrency(1))...)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

// text is log-like, with some that repeats and some that does not.
func text(size int) []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for b.Len() < size {
		b.WriteString("GET /" + strings.Repeat("path/", rnd.IntN(5)))
		for range rnd.IntN(20) {
			b.WriteByte(byte(rnd.IntN(256)))
		}
		b.WriteByte('\n')
	}
	return b.Bytes()[:size]
}

func TestWhatOthersCompressIsRead(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 100, 1 << 17, 1<<17 + 1, 1 << 20} {
		want := text(size)
		for _, level := range []peer.EncoderLevel{peer.SpeedFastest, peer.SpeedDefault, peer.SpeedBetterCompression, peer.SpeedBestCompression} {
			for _, opt := range [][]peer.EOption{
				{},
				{peer.WithEncoderCRC(false)},
				{peer.WithSingleSegment(true)},
				{peer.WithWindowSize(peer.MinWindowSize)},
				{peer.WithWindowSize(1 << 20)},
			} {
				if size > 1<<17+1 && len(opt) > 0 && level > peer.SpeedDefault {
					continue // it takes long
				}
				z := packed(t, want, append(opt, peer.WithEncoderLevel(level), peer.WithZeroFrames(true))...)
				got, err := io.ReadAll(NewReader(bytes.NewReader(append(z, z...))))
				if err != nil || !bytes.Equal(got, append(bytes.Clone(want), want...)) {
					t.Fatalf("%d bytes, level %v: %d bytes, %v", size, level, len(got), err)
				}
			}
		}
	}
}

// What lies far back is found in a window beyond that of the original package.
func TestALargeWindowIsRead(t *testing.T) {
	t.Parallel()
	want := append(text(1<<20), make([]byte, 20<<20)...)
	want = append(want, text(1<<20)...)
	z := packed(t, want, peer.WithWindowSize(64<<20))
	got, err := io.ReadAll(NewReader(bytes.NewReader(z)))
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, %v, want %d", len(got), err, len(want))
	}
}

func TestAWindowThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	z := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 18 << 3, 1, 0, 0} // 2^28 bytes
	if _, err := io.ReadAll(NewReader(bytes.NewReader(z))); err == nil {
		t.Error("it is taken")
	}
}

// FuzzReader proves that no input makes the decoder panic, hang, or say anything
// else than the other decoder does.
func FuzzReader(f *testing.F) {
	f.Add(packed(f, text(1000)))
	f.Add(packed(f, text(3000), peer.WithWindowSize(1024), peer.WithEncoderLevel(peer.SpeedBestCompression)))
	f.Add(packed(f, bytes.Repeat([]byte("ab"), 5000)))
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd})
	d, err := peer.NewReader(nil, peer.WithDecoderConcurrency(1), peer.WithDecoderMaxMemory(64<<20))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		start := time.Now()
		got, err := io.ReadAll(io.LimitReader(NewReader(bytes.NewReader(b)), 64<<20))
		if took := time.Since(start); took > 20*time.Second {
			t.Fatalf("it took %v", took)
		}
		want, peerErr := d.DecodeAll(b, nil)
		if err == nil && peerErr == nil && len(got) < 64<<20 && !bytes.Equal(got, want) {
			t.Fatalf("%d bytes, the other has %d", len(got), len(want))
		}
	})
}
