package chain

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// Setlock runs a program that holds a lock.
func Setlock(e *cli.Env) int {
	how, silent := unix.LOCK_EX, false
	operands, ok := e.Options("nNxX", func(letter byte, _ string) {
		switch letter {
		case 'n':
			how = unix.LOCK_EX | unix.LOCK_NB
		case 'N':
			how = unix.LOCK_EX
		case 'x':
			silent = true
		case 'X':
			silent = false
		}
	})
	if !ok || len(operands) < 2 {
		return e.Usage("setlock [ -nNxX ] file program [ arg ... ]")
	}
	fd, err := locked(operands[0], how)
	switch {
	case err != nil && silent:
		return cli.OK
	case err != nil:
		return e.Fatal(err)
	}
	return e.ExecAfter(func() (string, syscall.Errno) { return handOver(fd) }, operands[1:], cli.Environ())
}

// locked opens a file, making it if need be, and locks it.
func locked(name string, how int) (fd int, err error) {
	fd, err = open(name, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_APPEND|unix.O_CREAT|unix.O_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("unable to open %s: %w", name, err)
	}
	for {
		switch err := unix.Flock(fd, how); err {
		case nil:
			return fd, nil
		case unix.EINTR: // by Go's runtime: no signal of anyone else is caught
		default:
			return -1, fmt.Errorf("unable to lock %s: %w", name, err)
		}
	}
}

// handOver gives the program the descriptor at the lowest number that it does
// not use, whichever descriptors of Go's runtime are there: they end with the
// exec that follows. The lock belongs to the open file and stays with it.
func handOver(fd int) (failed string, errno syscall.Errno) {
	to := 0
	for passedOn(to) {
		to++
	}
	var err error
	if to == fd {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0)
	} else {
		err = unix.Dup2(fd, to)
	}
	errno, _ = err.(syscall.Errno)
	return "unable to dup", errno
}
