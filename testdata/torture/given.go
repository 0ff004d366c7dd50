//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// stampLen is a stamp and its blank.
const stampLen = 26

// account reads the log back. Lines that were given up for space are the first
// ones, and as many bytes as the logger says: these are not lost.
func (d *disk) account(res *result, lines int, b flood) error {
	dir := filepath.Join(d.dir, "d")
	if !b.drops {
		c, err := tallyDir(dir, d.script.form, lines, true, every)
		res.add(c)
		return err
	}
	r, done, err := logOf(dir)
	if err != nil {
		return err
	}
	defer done()
	log, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	log, notices := withoutNotices(log)
	first := lines
	if line, _, _ := bytes.Cut(log, []byte("\n")); len(line) >= stampLen {
		first = max(d.script.form.number(line[stampLen:]), 0)
	}
	c, err := tally(bytes.NewReader(log), d.script.form, lines, true, func(n int) bool { return n >= first })
	c.in = lines
	res.add(c)
	given := int64(0)
	for n := range first {
		given += int64(stampLen + len(d.script.form.text(nil, n)))
	}
	said, err2 := readDropped(filepath.Join(dir, "dropped"))
	if err == nil {
		err = err2
	}
	// The notices are in the log themselves, and some of them were dropped with it.
	const longest = 200
	if given > said.bytes || said.bytes > given+longest*said.archives {
		res.torn++
	}
	res.note("%d lines of %d bytes given up; the logger says %d bytes in %d archives, and %d notices are left", first, given, said.bytes, said.archives, notices)
	return err
}

// withoutNotices takes out what the logger says of itself.
func withoutNotices(log []byte) (rest []byte, notices int) {
	for line := range bytes.Lines(log) {
		if len(line) > stampLen && bytes.HasPrefix(line[stampLen:], []byte("tailight: dropped ")) {
			notices++
			continue
		}
		rest = append(rest, line...)
	}
	return rest, notices
}

// dropped is the account that a log directory keeps of it.
type dropped struct{ bytes, archives int64 }

func (d dropped) text() []byte {
	return fmt.Appendf(nil, "bytes %d\narchives %d\n", d.bytes, d.archives)
}

func readDropped(path string) (d dropped, err error) {
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return d, nil // nothing was
	}
	if err == nil {
		_, err = fmt.Sscanf(string(b), "bytes %d\narchives %d\n", &d.bytes, &d.archives)
	}
	return d, err
}
