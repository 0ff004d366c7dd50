//go:build linux

package main

import (
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tailight/tailight/supervise"
)

// The test binary under the name run is a service that tells on standard output
// what happens to it: "start", and the name of every signal. INT ends it with
// exit code 1, TERM with 0, if there is no file stubborn in its directory.
const witnessName = "run"

func init() { players[witnessName], players[maskedName] = witness, masked }

func witness() {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGALRM,
		syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH)
	say("start")
	for s := range signals {
		say(strings.TrimPrefix(unix.SignalName(s.(syscall.Signal)), "SIG"))
		_, err := os.Lstat("stubborn")
		switch {
		case s == syscall.SIGINT:
			os.Exit(1)
		case s == syscall.SIGTERM && err != nil:
			os.Exit(0)
		}
	}
}

// The test binary under the name masked blocks PWR, ignores HUP, and becomes
// the program of its arguments.
const maskedName = "masked"

func masked() {
	runtime.LockOSThread()
	signal.Ignore(syscall.SIGHUP)
	set := uint64(1) << (syscall.SIGPWR - 1)
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, 0, uintptr(unsafe.Pointer(&set)), 0, 8, 0, 0)
	if errno == 0 {
		errno, _ = syscall.Exec(os.Args[1], os.Args[1:], os.Environ()).(syscall.Errno)
	}
	say(errno.Error())
	os.Exit(111)
}

func say(text string) { _, _ = os.Stdout.WriteString(text + "\n") }

// putWitness makes a service directory whose run is the witness.
func putWitness(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.Symlink(self, filepath.Join(dir, witnessName))
}

// statusText is a status record without what no two runs have in common.
func statusText(record string) string {
	switch len(record) {
	case 18, 20:
	case 40:
		return statusText(record[:20]) + "; log " + statusText(record[20:])
	default:
		return record // the error of a file that could not be read
	}
	text := "down"
	if record[12:16] != "\x00\x00\x00\x00" {
		text = "up"
	}
	text += map[byte]string{'u': ", want up", 'd': ", want down", 0: ", want once"}[record[17]]
	if record[16] != 0 {
		text += ", paused"
	}
	if len(record) == 20 {
		text += ", " + supervise.Phase(record[18]).String()
	}
	return text
}
