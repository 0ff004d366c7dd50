package cli

import (
	"os"
	"syscall"
	"unsafe"
)

// An image is what execve takes, in memory: everything it points to ends in
// a zero.
type image struct {
	paths      []*byte
	argv, envv []*byte
}

func load(paths, argv, envv []string) *image {
	return &image{cStrings(paths), append(cStrings(argv), nil), append(cStrings(envv), nil)}
}

func cStrings(all []string) []*byte {
	ptrs := make([]*byte, len(all), len(all)+1)
	for i, s := range all {
		ptrs[i] = &append([]byte(s), 0)[0]
	}
	return ptrs
}

// exec replaces the process. It allocates nothing, and returns only if it
// fails. The mask is that of the thread, so nothing comes between it and the
// exec that could take the goroutine to another thread.
func (img *image) exec() syscall.Errno {
	inheritMask()
	err := Search(img.paths, img.execve)
	return err.(syscall.Errno) // of execve there is no other kind
}

func (img *image) execve(path *byte) error {
	_, _, errno := syscall.RawSyscall(syscall.SYS_EXECVE, uintptr(unsafe.Pointer(path)),
		uintptr(unsafe.Pointer(&img.argv[0])), uintptr(unsafe.Pointer(&img.envv[0])))
	return errno
}

// inherit gives the process back what it was started with where Go's runtime
// or the entry has changed it: limits, ignored signals, closed descriptors. It
// allocates nothing.
func inherit() {
	inheritLimits()
	inheritIgnored()
	for fd := range 3 {
		if Closed(fd) {
			_, _, _ = syscall.RawSyscall(syscall.SYS_CLOSE, uintptr(fd), 0, 0)
		}
	}
}

// descriptor is the number of an open file. (File.Fd would make it blocking.)
func descriptor(f *os.File) int {
	number := -1
	if raw, err := f.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { number = int(fd) })
	}
	return number
}

// write writes without a word to the runtime, which might otherwise start a
// thread to take this one's place.
func write(fd int, b []byte) {
	_, _, _ = syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
}
