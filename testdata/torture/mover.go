//go:build linux

package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// mover is the service: it writes what comes out of a FIFO to its standard
// output. splice(2) takes and gives in one step, so that a kill of the service
// itself neither loses nor doubles a byte: what is missing or double at the end
// is somebody else's fault.
//
// It has the file lock to itself for as long as it lives. One that does not get
// it has been started beside another: it says so in twice, and waits its turn.
func mover() {
	err := moves()
	fmt.Fprintln(os.Stderr, "mover:", err)
	os.Exit(111)
}

func moves() error {
	lock, err := os.OpenFile("lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if err := mark("twice"); err != nil {
			return err
		}
		for err = unix.EINTR; err == unix.EINTR; {
			err = unix.Flock(int(lock.Fd()), unix.LOCK_EX)
		}
		if err != nil {
			return err
		}
	}
	if err := mark("starts"); err != nil {
		return err
	}
	in, err := unix.Open("fifo", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	for err == nil || err == unix.EINTR {
		var n int64
		if n, err = unix.Splice(in, nil, 1, nil, 4096, 0); n == 0 && err == nil {
			err = io.EOF // nobody writes to it any more
		}
	}
	return err
}

// mark makes a file one byte longer.
func mark(name string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString("x")
	return err
}

// marks is how often.
func marks(path string) int {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return int(info.Size())
}
