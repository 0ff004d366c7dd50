package rotate

import (
	"encoding/hex"
	"math"
	"os"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

func (o *osFile) born() int64 {
	var st unix.Statx_t
	err := unix.Statx(int(o.fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &st)
	if err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return 0
	}
	return st.Btime.Sec*1e9 + int64(st.Btime.Nsec)
}

// bootID tells one run of the system from another. It is all zero where that
// cannot be told.
func bootID() (id [16]byte) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return id
	}
	b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(string(text)), "-", ""))
	if err == nil && len(b) == len(id) {
		copy(id[:], b)
	}
	return id
}

// free goes by what users may use. A file system that has no size tells of no
// blocks, and takes as much as there is memory.
func (o *osFile) free() int64 {
	var st unix.Statfs_t
	switch err := unix.Fstatfs(int(o.fd()), &st); {
	case err != nil:
		return 0
	case st.Blocks == 0:
		return math.MaxInt64 / 2
	}
	return int64(min(st.Bavail, math.MaxInt64/2/uint64(st.Bsize))) * int64(st.Bsize)
}

// splice is one step of the kernel for each stretch of bytes: they are in the
// file before they leave the pipe, and nothing ends it in between. The offset is
// counted up in the same call: a kill takes effect when it returns.
func (o *osFile) splice(pipe int, end cell, most int) (int, error) {
	off := unsafe.Pointer(unsafe.SliceData(end.(*osCell).m))
	n, _, errno := syscall.RawSyscall6(unix.SYS_SPLICE, uintptr(pipe), 0, o.fd(),
		uintptr(off), uintptr(most), unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
