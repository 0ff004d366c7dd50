package rotate

import (
	"bytes"
	"path/filepath"
	"testing"
)

// batchOf is n bytes of 97-byte lines.
func batchOf(n int) []byte {
	line := append(bytes.Repeat([]byte("x"), 96), '\n')
	return bytes.Repeat(line, n/len(line))
}

func benchDir(tb testing.TB) *Dir {
	tb.Helper()
	d, err := Open(filepath.Join(tb.TempDir(), "main"), Options{Size: 16777215, Num: 2})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Error(err)
		}
	})
	return d
}

func benchWrite(b *testing.B, p []byte) {
	d := benchDir(b)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Write(p); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWriteBatch has the rotations of its amount, with their syncs.
func BenchmarkWriteBatch(b *testing.B) { benchWrite(b, batchOf(256<<10)) }

func BenchmarkWriteLine(b *testing.B) { benchWrite(b, batchOf(97)) }

func BenchmarkRotate(b *testing.B) {
	d := benchDir(b)
	p := batchOf(4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Write(p); err != nil {
			b.Fatal(err)
		}
		if err := d.Rotate(); err != nil {
			b.Fatal(err)
		}
	}
}

// TestWritingDoesNotAllocate holds for what happens at every line; a rotation
// may allocate. It runs alone, or the others' allocations would count.
func TestWritingDoesNotAllocate(t *testing.T) {
	for _, p := range [][]byte{batchOf(97), batchOf(64 << 10)} {
		d := benchDir(t)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := d.Write(p); err != nil {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("%v allocations for a write of %d bytes", n, len(p))
		}
	}
}
