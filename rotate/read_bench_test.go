package rotate

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tailight/tailight/tai64"
)

// services makes log directories of about size bytes each, whose lines lie
// among those of the others.
func services(b *testing.B, count, size int) (dirs []string, total int64) {
	b.Helper()
	text := make([]bytes.Buffer, count)
	for n := 0; text[0].Len() < size; n++ {
		t := &text[n*7%count]
		fmt.Fprintf(t, "%s GET /path/%d of a service 200 1234 bytes in 17 ms, as a line is\n",
			tai64.TAI64N{Sec: 1<<62 + 1000 + uint64(n/1000), Nano: uint32(n % 1000 * 1000)}, n)
	}
	for i := range text {
		dir := filepath.Join(b.TempDir(), "main")
		if err := os.Mkdir(dir, 0o700); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "current"), text[i].Bytes(), 0o644); err != nil {
			b.Fatal(err)
		}
		dirs, total = append(dirs, dir), total+int64(text[i].Len())
	}
	return dirs, total
}

func BenchmarkReader(b *testing.B) {
	for _, count := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("directories=%d", count), func(b *testing.B) {
			dirs, total := services(b, count, 64<<20/count)
			b.SetBytes(total)
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for l, err := range NewReader(dirs, ReadOptions{}).Lines(b.Context()) {
					if err != nil {
						b.Fatal(err)
					}
					n += len(l.Text) + 1
				}
				if int64(n) != total {
					b.Fatalf("%d bytes, want %d", n, total)
				}
			}
		})
	}
}

// 10 GB in files of one, with a line every mebibyte and a hole between, which is
// a line too: what is searched is as far apart as in full ones.
func BenchmarkReaderFindsARangeIn10GB(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "main")
	last := hugeDir(b, dir, 10<<10)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for l := range NewReader([]string{dir}, ReadOptions{Since: labelAt(last / 2), Until: labelAt(last/2 + 3)}).Lines(b.Context()) {
			n += min(l.Lead, 1)
		}
		if n != 3 {
			b.Fatalf("%d lines", n)
		}
	}
}

// hugeDir makes a directory of archives of a gibibyte and returns the number of
// lines.
func hugeDir(t testing.TB, dir string, lines int) int {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	const each = 1 << 10 // lines of a file
	for first := 0; first < lines; first += each {
		name := "current"
		if first+each < lines {
			name = archive(labelAt(first+each-1), "s")
		}
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for i := range min(each, lines-first) {
			if _, err := f.WriteAt([]byte("\n"+stampAt(first+i)+" line\n"), int64(i)<<20+1<<19); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return lines
}
