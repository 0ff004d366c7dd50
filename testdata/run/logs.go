package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tailight/tailight/tai64"
)

// logs follows what the loggers of a tree write.
type logs struct {
	dir    string
	whole  bool // show also what is there at the start
	files  map[string]*follower
	looked time.Time // for new files
	zone   *tai64.Zone
}

func newLogs(dir string, whole bool) *logs {
	return &logs{dir: dir, whole: whole, files: map[string]*follower{}, zone: tai64.LocalZone()}
}

func (l *logs) close() {
	for _, f := range l.files {
		f.close()
	}
}

// show prints the new lines of all logs in local time, behind the name of the
// service, and returns how many.
func (l *logs) show() (lines int) {
	if time.Since(l.looked) >= time.Second {
		l.look()
	}
	for _, path := range slices.Sorted(maps.Keys(l.files)) {
		f := l.files[path]
		for _, line := range f.lines() {
			var local bytes.Buffer
			if err := tai64.Local(&local, strings.NewReader(line+"\n"), l.zone); err == nil {
				fmt.Printf("%-8s %s", f.service, local.Bytes())
				lines++
			}
		}
	}
	return lines
}

// look finds log directories, which are where the manuals put them.
func (l *logs) look() {
	found, _ := filepath.Glob(filepath.Join(l.dir, "*", "log", "*", "current"))
	for _, path := range found {
		if l.files[path] == nil {
			service, _, _ := strings.Cut(strings.TrimPrefix(path, l.dir+"/"), "/")
			l.files[path] = &follower{service: service, path: path, fromEnd: !l.whole && l.looked.IsZero()}
		}
	}
	l.looked = time.Now()
}

// follower reads a log file as it grows, and its successor when it is renamed.
type follower struct {
	service, path string
	fromEnd       bool // of the first file

	file    *os.File
	partial []byte // the start of a line whose end is not there yet
}

func (f *follower) close() {
	if f.file != nil {
		_ = f.file.Close()
		f.file = nil
	}
}

// lines returns the lines that are new. A file that two rotations have passed
// by between two calls is not seen.
func (f *follower) lines() []string {
	if f.file == nil && !f.open() {
		return nil
	}
	f.read()
	if f.renamed() {
		f.read() // what came until then
		f.close()
		if f.open() {
			f.read()
		}
	}
	end := bytes.LastIndexByte(f.partial, '\n')
	if end < 0 {
		return nil
	}
	all := strings.Split(string(f.partial[:end]), "\n")
	f.partial = f.partial[end+1:]
	return all
}

func (f *follower) open() bool {
	file, err := os.Open(f.path)
	if err != nil {
		return false // between two files, or none of ours to read
	}
	if f.fromEnd {
		_, _ = file.Seek(0, io.SeekEnd)
		f.fromEnd = false
	}
	f.file = file
	return true
}

func (f *follower) read() {
	more, _ := io.ReadAll(f.file)
	f.partial = append(f.partial, more...)
}

// renamed reports whether the name belongs to another file now.
func (f *follower) renamed() bool {
	now, err := os.Stat(f.path)
	if err != nil {
		return false
	}
	read, err := f.file.Stat()
	return err == nil && !os.SameFile(now, read)
}
