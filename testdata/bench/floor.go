package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// floor is the least that a logger of the first row has to do: it reads all there is,
// writes as many bytes as there are in the lines and their stamps, and puts
// each file on disk beside the next one, which may not end before. It keeps ten
// files, as s16777215 and n10 say. It looks for no line, makes no stamp, and survives
// nothing.
func floor(dir string) error {
	const size, stamps, setPipeSize = 16777215, 26. / 99, 1031 // the last is F_SETPIPE_SZ, of Linux
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	// As multilog does, so that the writer waits less often. It may be refused.
	_, _, _ = syscall.Syscall(syscall.SYS_FCNTL, 0, setPipeSize, 512<<10)
	buf := make([]byte, 1<<20)
	var written int64
	name := func(i int) string { return filepath.Join(dir, fmt.Sprint(i)) }
	last := make(chan error, 1)
	last <- nil
	f, err := os.Create(name(0))
	if err != nil {
		return err
	}
	for i := 0; ; {
		n, err := os.Stdin.Read(buf[:512<<10])
		if errors.Is(err, io.EOF) {
			return errors.Join(<-last, f.Sync(), f.Close())
		} else if err != nil {
			return err
		}
		m, err := f.Write(buf[:n+int(float64(n)*stamps)])
		if err != nil {
			return err
		}
		if written += int64(m); written < size-int64(m) {
			continue
		}
		if err := <-last; err != nil {
			return err
		}
		old := i
		go func(f *os.File) {
			last <- errors.Join(f.Sync(), f.Close())
			if old >= 9 {
				_ = os.Remove(name(old - 9)) // nobody waits for it
			}
		}(f)
		i, written = i+1, 0
		if f, err = os.Create(name(i)); err != nil {
			return err
		}
	}
}
