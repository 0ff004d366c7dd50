package rotate

import (
	"bytes"
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"
)

const megabyte = 1 << 20 // the unit of lumberjack's sizes

// FileOptions say how a plain rotated file is kept.
type FileOptions struct {
	// Size is the limit of the file in bytes, rounded up to whole megabytes
	// (2^20 bytes), lumberjack's unit; 0 means DefaultSize, one megabyte.
	Size int64
	// Num is the number of files, the open one among them, as for a Dir:
	// Num-1 old ones are kept. 0 means DefaultNum.
	Num int
	// Age is how long an old file is kept, rounded up to whole days; 0 means
	// for ever.
	Age time.Duration
	// Compress turns old files into .gz files.
	Compress bool
}

// File is a plain rotated log file for tools that expect an app.log, with
// the time (UTC) in the names of the old ones. It is kept by lumberjack and is
// best effort: it syncs nothing, and a crash during a rotation may lose an old
// file's compression or its name. The crash-safe destination is [Dir]. A File
// is for one goroutine.
type File struct {
	log   *lumberjack.Logger
	limit int64     // bytes in a file
	size  int64     // bytes in the present one
	last  time.Time // of the last rotation
}

// OpenFile opens the file for appending, making it (0600) and its directory
// if they are missing. There must be only one File for a path in a process,
// and its clean-up goroutine stays for the life of the process.
func OpenFile(path string, opt FileOptions) (*File, error) {
	if opt.Size == 0 {
		opt.Size = DefaultSize
	}
	if opt.Num == 0 {
		opt.Num = DefaultNum
	}
	megabytes := (max(opt.Size, 1) + megabyte - 1) / megabyte
	f := &File{limit: megabytes * megabyte, log: &lumberjack.Logger{
		Filename:   path,
		MaxSize:    int(megabytes),
		MaxBackups: max(opt.Num, MinNum) - 1,
		MaxAge:     int((opt.Age + 24*time.Hour - 1) / (24 * time.Hour)),
		Compress:   opt.Compress,
	}}
	if err := appendable(path); err != nil {
		return nil, fail(err, "unable to open %s", path)
	}
	// lumberjack opens at its first write: an empty one tells a bad path now.
	// It may rotate at once, when the file is full.
	_, err := f.log.Write(nil)
	f.last = time.Now()
	if err != nil {
		return nil, fail(err, "unable to open %s", path)
	}
	fi, err := os.Stat(path)
	if err != nil {
		_ = f.log.Close()
		return nil, fail(err, "unable to open %s", path)
	}
	f.size = fi.Size()
	return f, nil
}

// appendable checks that path, if it exists, is a file that can be written:
// lumberjack renames whatever it cannot open, even a directory.
func appendable(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|syscall.O_NONBLOCK, 0)
	if err != nil {
		return ignoreMissing(err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	return err
}

// Write appends p, whole lines together where they fit. A line longer than a
// file is split over several. After an error the rest may be written again.
func (f *File) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		piece := f.piece(p[n:])
		if f.size > 0 && f.size+int64(len(piece)) > f.limit {
			if err := f.rotate(true); err != nil {
				return n, err
			}
		}
		var m int
		m, err = f.log.Write(piece)
		n += m
		f.size += int64(m)
		if m == 0 && err == nil {
			err = io.ErrShortWrite
		}
	}
	if err == nil {
		return n, nil
	}
	e := fail(err, "unable to write to %s", f.log.Filename)
	e.Writing = true
	return n, e
}

// piece cuts p to what is written at once: lines that are small together, so
// that a file ends close to its size, or else one line or a file's worth of it.
func (f *File) piece(p []byte) []byte {
	const small = 16 << 10
	if len(p) <= small {
		return p
	}
	if end := bytes.LastIndexByte(p[:small], '\n'); end >= 0 {
		return p[:end+1]
	}
	p = p[:min(int64(len(p)), f.limit)]
	if end := bytes.IndexByte(p, '\n'); end >= 0 {
		return p[:end+1]
	}
	return p
}

// Rotate starts a new file, unless the present one is empty. The names of old
// files have milliseconds, and lumberjack replaces one that exists, so there
// is only one rotation in a millisecond; all go through here.
func (f *File) Rotate() error {
	if f.size == 0 {
		return nil
	}
	return f.rotate(false)
}

// rotate starts a new file; writing says that there are bytes waiting for it.
func (f *File) rotate(writing bool) error {
	for now := time.Now(); now.Truncate(time.Millisecond).Equal(f.last.Truncate(time.Millisecond)); now = time.Now() {
		time.Sleep(now.Truncate(time.Millisecond).Add(time.Millisecond).Sub(now))
	}
	err := f.log.Rotate()
	f.last = time.Now()
	if err != nil {
		e := fail(err, "unable to rotate %s", f.log.Filename)
		e.Writing = writing
		return e
	}
	f.size = 0
	return nil
}

// Close closes the file.
func (f *File) Close() error {
	if err := f.log.Close(); err != nil {
		return fail(err, "unable to close %s", f.log.Filename)
	}
	return nil
}

// Name returns the path the file was opened by.
func (f *File) Name() string { return f.log.Filename }
