package supervise

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
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
	state  byte
	parent int
	born   uint64             // in ticks since the boot
	exit   syscall.WaitStatus // of a zombie; 0 if it is not ours to know
}

func (s procStat) isZombie() bool { return s.state == 'Z' || s.state == 'X' }

// statOf looks a process up; ok is false if there is none, or no /proc.
func statOf(pid int) (st procStat, ok bool) {
	if missing.procStat {
		return st, false
	}
	b, err := readWhole("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return st, false
	}
	// PID (NAME) STATE ..., and NAME may be anything.
	const state, parent, born, exit = 0, 1, 19, 49
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) <= exit {
		return st, false
	}
	st.state = f[state][0]
	st.parent, _ = strconv.Atoi(f[parent])
	st.born, err = strconv.ParseUint(f[born], 10, 64)
	code, _ := strconv.Atoi(f[exit])
	st.exit = syscall.WaitStatus(code)
	return st, err == nil
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
	text, err := readWhole("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return w
	}
	b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(string(text)), "-", ""))
	if err != nil || len(b) != len(w) {
		return w
	}
	copy(w[:], b)
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
