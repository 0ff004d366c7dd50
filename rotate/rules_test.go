package rotate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// lines returns n lines of a size, newline included, each with its number.
func lines(n, size int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%0*d\n", size-1, i)
	}
	return b.String()
}

func TestSizesAndNumbersAreBroughtIntoTheirLimits(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		in, size int64
		num, n   int
	}{
		{0, 99999, 0, 10}, {1, 4096, 1, 2}, {4096, 4096, 2, 2}, {4097, 4097, 3, 3}, {-5, 4096, -1, 2},
		{16777216, 16777216, 1000, 1000}, {2147483647, 2147483647, 10, 10}, {2147483648, 2147483647, 10, 10}, {1 << 40, 2147483647, 0, 10},
	} {
		got := Options{Size: row.in, Num: row.num}.filled()
		if got.Size != row.size || got.Num != row.n {
			t.Errorf("size %d, num %d: became %d, %d, want %d, %d", row.in, row.num, got.Size, got.Num, row.size, row.n)
		}
	}
}

// TestAFileEndsWithTheLastLineNearItsSize goes through rule 2.9: sizes of the
// files that come of lines of one size.
func TestAFileEndsWithTheLastLineNearItsSize(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		size  int64
		text  string
		batch int // bytes of a Write, 0: all at once
		want  []int
	}{
		{"61-byte lines one by one end as soon as 2000 bytes are left", 4096, lines(100, 61), 61, []int{2135, 2135, 1830}},
		{"61-byte lines in one batch fill the file up", 4096, lines(100, 61), 0, []int{4087, 2013}},
		{"600-byte lines", 4096, lines(9, 600), 600, []int{2400, 2400, 600}},
		{"1500-byte lines", 4096, lines(5, 1500), 1500, []int{3000, 3000, 1500}},
		{"3000-byte lines", 4096, lines(3, 3000), 3000, []int{3000, 3000, 3000, 0}},
		{"a line that ends at 2000 bytes below the size ends the file", 4096, lines(2, 2096), 2096, []int{2096, 2096, 0}},
		{"a line that ends one byte earlier does not", 4096, lines(2, 2095), 2095, []int{4096, 94}},
		{"a line as long as the size", 4096, lines(1, 4096), 0, []int{4096, 0}},
		{"a line one byte longer than the size is cut there", 4096, lines(1, 4097), 0, []int{4096, 1}},
		{"20000 bytes without a line end are cut at the size", 4096, strings.Repeat("x", 20000) + "\n", 1024, []int{4096, 4096, 4096, 4096, 3617, 0}},
		{"the same at once", 4096, strings.Repeat("x", 20000) + "\n", 0, []int{4096, 4096, 4096, 4096, 3617, 0}},
		{"a long line after a short one starts a new file only at the size", 4096, "short\n" + strings.Repeat("x", 5000) + "\n", 1, []int{4096, 911}},
		{"the default size with 100-byte lines one by one", 0, lines(2000, 100), 100, []int{98000, 98000, 4000}},
		{"the default size with 100-byte lines at once", 0, lines(2000, 100), 0, []int{99900, 99900, 200}},
		{"the largest size of 0.76", 16777215, lines(180000, 100), 1 << 18, []int{16777200, 1222800}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			l := newLogDir(t)
			l.opt.Size = row.size
			d := l.open()
			if row.batch == 0 {
				row.batch = len(row.text)
			}
			for part := range slices.Chunk([]byte(row.text), row.batch) {
				l.write(d, string(part))
			}
			l.close(d)
			var got []int
			for _, text := range l.contents() {
				got = append(got, len(text))
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("files of %v bytes, want %v", got, row.want)
			}
			if strings.Join(l.contents(), "") != row.text {
				t.Error("the files together are not the input")
			}
			l.wantTold()
		})
	}
}

func TestAnEmptyCurrentIsNotRotated(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	d := l.open()
	l.rotate(d)
	l.write(d, "one\n")
	l.rotate(d)
	l.rotate(d)
	l.write(d, "")
	l.rotate(d)
	l.close(d)
	l.wantContents("one\n", "")
}

func TestACleanStartGoesOnWithCurrent(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	d := l.open()
	l.write(d, lines(20, 100))
	l.close(d)
	d = l.open()
	l.write(d, lines(1, 100)) // 2100 bytes: that is near enough to 4096
	l.write(d, "next\n")
	l.close(d)
	l.wantContents(lines(20, 100)+lines(1, 100), "next\n")
}

func TestAnUncleanEndIsArchivedAsUnfinished(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	d := l.open()
	l.write(d, "half a li")
	d.Abandon()
	d = l.open()
	l.write(d, "ne\n")
	l.close(d)
	l.wantContents("half a li", "ne\n")
	if names := l.archives(); names[0][labelSize:] != ".u" {
		t.Errorf("archive %s", names[0])
	}
}

func TestCallsAfterCloseFail(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	d := l.open()
	l.close(d)
	l.close(d)
	d.Abandon()
	_, err1 := d.Write([]byte("x"))
	_, err2 := d.Append([]byte("x"))
	if err1 == nil || err2 == nil || d.Rotate() == nil {
		t.Errorf("Write %v, Append %v", err1, err2)
	}
	if d.Name() != l.name {
		t.Errorf("Name %s", d.Name())
	}
}

func TestOldFilesAreKeptByNumber(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ num, want int }{{2, 1}, {3, 2}, {0, 9}} {
		l := newLogDir(t)
		for i := range 48 {
			l.put(fmt.Sprintf("@400000003b9aca%02x00000000.s", i), fmt.Sprint(i), 0o744)
		}
		l.opt.Num = row.num
		d := l.open()
		l.close(d)
		d = l.open() // a clean start removes nothing
		if n := len(l.archives()); n != 48 {
			t.Errorf("num %d: %d archives after clean starts", row.num, n)
		}
		l.write(d, "new\n")
		l.rotate(d)
		l.close(d)
		got := l.contents()
		if len(got) != row.want+1 || got[len(got)-2] != "new\n" {
			t.Errorf("num %d: %q", row.num, got)
		}
	}
}
