package logpipe

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// destinations are all kinds of sink. A new one gets a row here.
var destinations = []struct {
	name   string
	words  func(path string) []string
	pieces func(t testing.TB, path string) []string // its files, oldest first
	most   int                                      // bytes in one file
}{
	{
		"log directory",
		func(path string) []string { return []string{"s4096", "n1000000", path} },
		func(t testing.TB, path string) []string { return append(archived(t, path), path+"/current") },
		4096,
	}, {
		"large log directory",
		func(path string) []string { return []string{"s16777215", "n1000000", path} },
		func(t testing.TB, path string) []string { return append(archived(t, path), path+"/current") },
		16777215,
	}, {
		"stamped log directory",
		func(path string) []string { return []string{"t", "s10000", "n1000000", path} },
		func(t testing.TB, path string) []string { return append(archived(t, path), path+"/current") },
		10000,
	}, {
		"processed log directory",
		func(path string) []string { return []string{"s1000000", "n1000000", "!cat", path} },
		func(t testing.TB, path string) []string { return append(archived(t, path), path+"/current") },
		1000000,
	}, {
		"standard output",
		func(string) []string { return []string{"tee=1"} },
		func(t testing.TB, path string) []string { return []string{path} },
		1 << 30,
	}, {
		"plain file",
		func(path string) []string { return []string{"n1000000", "file=" + path} },
		plainFiles,
		1 << 20,
	},
}

// plainFiles lists a plain file after its old ones, whose names are dates.
func plainFiles(t testing.TB, path string) []string {
	t.Helper()
	names, err := filepath.Glob(path + "-*")
	must(t, err)
	slices.Sort(names)
	return append(names, path)
}

// A conformist is a sink under test.
type conformist struct {
	sink
	path   string
	p      *Pipe
	pieces func(t testing.TB, path string) []string
	want   []byte // all that was written
}

// eachSink runs a test for every kind of sink, newly opened.
func eachSink(t *testing.T, test func(t *testing.T, c *conformist, most int)) {
	t.Parallel()
	for _, d := range destinations {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "log")
			c := &conformist{path: path, pieces: d.pieces}
			c.open(t, d.words(path))
			test(t, c, d.most)
		})
	}
}

func (c *conformist) open(t *testing.T, words []string) {
	t.Helper()
	var out *os.File
	if words[0] == "tee=1" {
		var err error
		out, err = os.OpenFile(c.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		must(t, err)
		t.Cleanup(func() { _ = out.Close() })
	}
	c.p = opened(t, Options{Out: out, Warn: func(err error, _ bool) { t.Error(err) }}, words...)
	c.sink = c.p.outlets[0].sink
}

// put writes b to the sink.
func (c *conformist) put(b []byte) {
	c.write(b)
	c.want = append(c.want, b...)
}

// holds checks that the files together hold what was written, each but the
// last of whole lines if all lines are shorter than a file.
func (c *conformist) holds(t *testing.T, wholeLines bool, most int) {
	t.Helper()
	var got []byte
	for _, name := range c.pieces(t, c.path) {
		b := slurp(t, name)
		got = append(got, b...)
		if wholeLines && len(b) > 0 && b[len(b)-1] != '\n' {
			t.Errorf("%s does not end with a line", name)
		}
		if len(b) > most {
			t.Errorf("%s has %d bytes, more than %d", name, len(b), most)
		}
	}
	wantBytes(t, c.path, got, c.want)
}

func TestASinkKeepsWholeLinesInOrder(t *testing.T) {
	eachSink(t, func(t *testing.T, c *conformist, most int) {
		var batch []byte
		for i := range 3000 {
			batch = fmt.Appendf(batch, "@400000003b9aca0a%08x line %d %s\n", i, i, bytes.Repeat([]byte("x"), i%60))
			if i%7 == 0 {
				c.put(batch)
				batch = batch[:0]
			}
		}
		c.put(batch)
		must(t, c.close())
		c.holds(t, true, most)
	})
}

func TestASinkTakesBatchesOfAnySize(t *testing.T) {
	eachSink(t, func(t *testing.T, c *conformist, most int) {
		n := 0
		for _, size := range []int{1, 2, 100, 4095, 4096, 4097, 16383, 16384, 16385, 65536, 300000, 2000000} {
			if size > 100*most {
				break
			}
			var batch []byte
			for len(batch) < size {
				batch = fmt.Appendf(batch, "@400000003b9aca0a%08x %06d\n", n, n)
				n++
			}
			c.put(batch)
		}
		must(t, c.close())
		c.holds(t, true, most)
	})
}

func TestASinkTakesLinesLongerThanItsFiles(t *testing.T) {
	eachSink(t, func(t *testing.T, c *conformist, most int) {
		file := min(most, 1<<20)
		for _, n := range []int{1000, 5000, file - 1, file, file + 1, 3 * file} {
			c.put(append(bytes.Repeat([]byte{'x', 0}, n/2+1)[:n-1], '\n'))
			c.put([]byte("@400000003b9aca0a00000000 a short one\n"))
		}
		c.put([]byte("@400000003b9aca0a00000000 an unfinished one"))
		must(t, c.close())
		c.holds(t, false, most)
	})
}

func TestRotateOfAnEmptySinkDoesNothing(t *testing.T) {
	eachSink(t, func(t *testing.T, c *conformist, most int) {
		c.rotate()
		c.rotate()
		must(t, c.close())
		if names := c.pieces(t, c.path); len(names) != 1 {
			t.Errorf("files %q, want one", names)
		}
		c.holds(t, true, most)
	})
}

func TestRotateStartsAnEmptyFile(t *testing.T) {
	eachSink(t, func(t *testing.T, c *conformist, most int) {
		if _, ok := c.sink.(*teeSink); ok {
			return // it has no files
		}
		c.put([]byte("@400000003b9aca0a00000000 one\n"))
		c.rotate()
		c.rotate() // there is nothing in the new file yet
		if names := c.pieces(t, c.path); len(slurp(t, names[len(names)-1])) != 0 {
			t.Errorf("%s is not empty", names[len(names)-1])
		}
		c.put([]byte("@400000003b9aca0a00000001 two\n"))
		must(t, c.close())
		names := c.pieces(t, c.path)
		if len(names) != 2 || string(slurp(t, names[1])) != "@400000003b9aca0a00000001 two\n" {
			t.Errorf("files %q, want an old one, and the second line in the new one", names)
		}
		c.holds(t, true, most)
	})
}

func TestASinkThatWasClosedGoesOnWhenItIsOpenedAgain(t *testing.T) {
	t.Parallel()
	for _, d := range destinations {
		path := filepath.Join(t.TempDir(), "log")
		c := &conformist{path: path, pieces: d.pieces}
		for i := range 5 {
			c.open(t, d.words(path))
			c.put(fmt.Appendf(nil, "@400000003b9aca0a%08x line\n", i))
			must(t, c.close())
		}
		if names := c.pieces(t, path); len(names) != 1 {
			t.Errorf("%s: files %q, want one", d.name, names)
		}
		c.holds(t, true, d.most)
		// A file that was not empty when it was opened can be rotated.
		c.open(t, d.words(path))
		c.rotate()
		must(t, c.close())
		if names := c.pieces(t, path); len(names) != 2 && d.name != "standard output" {
			t.Errorf("%s: files %q after rotate, want two", d.name, names)
		}
		c.holds(t, true, d.most)
	}
}

// What is rotated in quick succession must not replace what was rotated
// before.
func TestRotationsInQuickSuccessionLoseNothing(t *testing.T) {
	eachSink(t, func(t *testing.T, c *conformist, most int) {
		for i := range 50 {
			c.put(fmt.Appendf(nil, "@400000003b9aca0a%08x line %d\n", i, i))
			c.rotate()
		}
		must(t, c.close())
		c.holds(t, true, most)
	})
}

func TestNumberAndCompressionOfPlainFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app.log")
	p := opened(t, Options{}, "n3", "compress=gzip", "file="+path)
	for i := range 6 {
		put(t, p, fmt.Appendf(nil, "line %d\n", i))
		p.outlets[0].sink.rotate()
	}
	eventually(t, "two old files, compressed", func() bool {
		all, err := os.ReadDir(filepath.Dir(path)) // one look: it is being worked on
		must(t, err)
		packed := 0
		for _, e := range all {
			if strings.HasSuffix(e.Name(), ".log.gz") {
				packed++
			}
		}
		return packed == 2 && len(all) == 3
	})
	closed(t, p)
}
