package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// form is what the lines of a storm look like. Both ends know it, so that
// whatever is not exactly a line of it has been torn.
type form struct {
	numbered bool
	long     int // bytes of filler in every line
}

// text is line number n, with its newline. One line in three has a capital A,
// and no line another one: selections go by it.
func (f form) text(b []byte, n int) []byte {
	if !f.numbered {
		return append(b, "all lines are the same\n"...)
	}
	const filler = "the quick brown fox jumps over the lazy dog, and over the sleeping cat as well"
	b = fmt.Appendf(b, "%08d %c ", n, "Abc"[n%3])
	b = append(b, filler[:n%len(filler)]...)
	for l := f.long; l > 0; l -= len(filler) {
		b = append(b, filler[:min(l, len(filler))]...)
	}
	return fmt.Appendf(b, " %08d\n", n)
}

// number is the number a line claims; text says whether the claim is true.
func (f form) number(line []byte) int {
	if !f.numbered {
		return 0
	}
	n, err := strconv.Atoi(string(line[:min(8, len(line))]))
	if err != nil {
		return -1
	}
	return n
}

// count is what became of the lines that went in.
type count struct {
	in, lost, doubled int
	torn              int // neither whole nor in its place
}

func (c *count) add(o count) {
	c.in += o.in
	c.lost += o.lost
	c.doubled += o.doubled
	c.torn += o.torn
}

func (c count) clean() bool { return c.lost == 0 && c.doubled == 0 && c.torn == 0 }

// tally reads a log back: of in lines of the form, those with wanted numbers
// have to be there, once, whole and in their order. With stamped, a stamp and a
// blank are before every line. Lines that are all the same can only be counted.
func tally(log io.Reader, f form, in int, stamped bool, wanted func(n int) bool) (count, error) {
	seen := make([]int32, in)
	c := count{}
	whole, last := 0, -1
	var text []byte
	var buf []byte
	for r := bufio.NewReaderSize(log, 256<<10); ; {
		line, err := nextLine(r, &buf)
		if err != nil && err != io.EOF {
			return c, err
		}
		if len(line) > 0 {
			if stamped {
				line = unstamped(line)
			}
			n := f.number(line)
			if text = text[:0]; n >= 0 {
				text = f.text(text, n)
			}
			switch {
			case n < 0 || string(text) != string(line), f.numbered && (n >= in || !wanted(n)):
				c.torn++
			case !f.numbered:
				whole++
			default:
				if seen[n]++; seen[n] == 1 && n < last {
					c.torn++
				}
				last = max(last, n)
			}
		}
		if err == io.EOF {
			break
		}
	}
	if !f.numbered {
		c.in, c.lost, c.doubled = in, max(in-whole, 0), max(whole-in, 0)
		return c, nil
	}
	for n, times := range seen {
		if !wanted(n) {
			continue
		}
		c.in++
		if times == 0 {
			c.lost++
		} else {
			c.doubled += int(times) - 1
		}
	}
	return c, nil
}

// nextLine is the next line, of any length, until the next call.
func nextLine(r *bufio.Reader, buf *[]byte) ([]byte, error) {
	for *buf = (*buf)[:0]; ; {
		piece, err := r.ReadSlice('\n')
		if err == nil && len(*buf) == 0 {
			return piece, nil
		}
		*buf = append(*buf, piece...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return *buf, err
		}
	}
}

// unstamped takes the stamp away. A line without one stays as it is, and is torn.
func unstamped(line []byte) []byte {
	if len(line) < 26 || line[0] != '@' || line[25] != ' ' {
		return nil
	}
	return line[26:]
}

func every(int) bool { return true }

// marked are the lines with a capital A.
func marked(n int) bool { return n%3 == 0 }

// logOf opens a log directory as one stream: its archives in their order, what
// a rotation has not named yet, and current.
func logOf(dir string) (io.Reader, func(), error) {
	names, err := filepath.Glob(filepath.Join(dir, "@*"))
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(names)
	var files []io.Reader
	var open []*os.File
	done := func() {
		for _, f := range open {
			f.Close()
		}
	}
	var before fs.FileInfo
	for _, name := range append(names, filepath.Join(dir, "previous"), filepath.Join(dir, "current")) {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			done()
			return nil, nil, err
		}
		open = append(open, f)
		info, err := f.Stat()
		if err != nil {
			done()
			return nil, nil, err
		}
		if before != nil && os.SameFile(before, info) {
			continue // previous, which has its name already
		}
		before = info
		files = append(files, f)
	}
	return io.MultiReader(files...), done, nil
}

// tallyDir is tally of a log directory.
func tallyDir(dir string, f form, in int, stamped bool, wanted func(n int) bool) (count, error) {
	r, done, err := logOf(dir)
	if err != nil {
		return count{}, err
	}
	defer done()
	return tally(r, f, in, stamped, wanted)
}

// sizeOf is how much is in a log directory: whether it still grows.
func sizeOf(dir string) (size int64) {
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, name := range names {
		if base := filepath.Base(name); base != "current" && !strings.HasPrefix(base, "@") {
			continue
		}
		if info, err := os.Stat(name); err == nil {
			size += info.Size()
		}
	}
	return size
}
