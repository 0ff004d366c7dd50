package supervise

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// missing are calls that tests pretend not to have, as on an older kernel or in
// a sandbox.
var missing struct {
	pidfdOpen, pidfdGetfd, pidfdInfo, procFD, procLocks, procStat bool
}

// A procStat is what /proc/PID/stat says.
type procStat struct {
	state   byte
	parent  int
	threads uint64
	born    uint64             // in ticks since the boot
	exit    syscall.WaitStatus // of a zombie; 0 if it is not ours to know
}

// isZombie reports whether the process has ended. As long as it has a thread beside
// the first one it has not, whatever has become of that: it has its files and
// locks.
func (s procStat) isZombie() bool { return (s.state == 'Z' || s.state == 'X') && s.threads <= 1 }

// statOf looks a process up; ok is false if there is none, or no /proc.
func statOf(pid int) (st procStat, ok bool) {
	if missing.procStat {
		return st, false
	}
	var room [1024]byte
	b := readSmall("/proc/"+strconv.Itoa(pid)+"/stat", room[:])
	// PID (NAME) STATE ..., and NAME may be anything.
	const state, parent, threads, born, exit = 0, 1, 17, 19, 49
	b = b[bytes.LastIndexByte(b, ')')+1:]
	n := 0
	for ; len(b) > 0; n++ {
		b = bytes.TrimLeft(b, " \n")
		end := bytes.IndexAny(b, " \n")
		if end < 0 {
			break
		}
		switch field := b[:end]; n {
		case state:
			st.state = field[0]
		case parent:
			st.parent = int(number(field))
		case threads:
			st.threads = number(field)
		case born:
			st.born = number(field)
		case exit:
			st.exit = syscall.WaitStatus(number(field))
		}
		b = b[end:]
	}
	return st, n > exit
}

func number(digits []byte) (n uint64) {
	for _, c := range digits {
		n = 10*n + uint64(c-'0')
	}
	return n
}

// readSmall reads a file of /proc into a buffer, without leaving garbage: an idle
// supervise would keep it for ever. Of what cannot be read there is nothing.
func readSmall(path string, b []byte) []byte {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	n, err := unix.Read(fd, b)
	_ = unix.Close(fd)
	if err != nil {
		return nil
	}
	return b[:n]
}

// bornOf is when a process was started; 0 if nobody can tell.
func bornOf(pid int) uint64 {
	st, _ := statOf(pid)
	return st.born
}

// lives reports whether a process still runs.
func (id identity) lives() bool {
	st, ok := statOf(id.pid)
	return ok && id.pid != 0 && st.born == id.born && !st.isZombie()
}

// ticks is the present in the clock of procStat.born.
func ticks() uint64 {
	const perSecond = 100 // USER_HZ, on every architecture of Go
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return uint64(t.Sec)*perSecond + uint64(t.Nsec)/(1e9/perSecond)
}

// world tells apart the lives of process tables: a pid and a time say nothing
// after the next boot, nor in another container. It is all zero where that
// cannot be told.
func world() (w [16]byte) {
	var room [64]byte
	text := bytes.ReplaceAll(bytes.TrimSpace(readSmall("/proc/sys/kernel/random/boot_id", room[:])), []byte("-"), nil)
	if len(text) != hex.EncodedLen(len(w)) {
		return w
	}
	if _, err := hex.Decode(w[:], text); err != nil {
		return [16]byte{}
	}
	// Of two containers one after the other either differs.
	var ns uint64
	if fi, err := os.Stat("/proc/self/ns/pid"); err == nil {
		ns = idOf(fi).ino
	}
	le := binary.LittleEndian
	le.PutUint64(w[:], le.Uint64(w[:])^ns)
	le.PutUint64(w[8:], le.Uint64(w[8:])^bornOf(1))
	return w
}
