package supervise

import (
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// These are what syscall.StartProcess has around its fork: no handler of the
// runtime runs in the child, whose signals become default unless they are
// ignored.
//
//go:linkname beforeFork syscall.runtime_BeforeFork
func beforeFork()

//go:linkname afterFork syscall.runtime_AfterFork
func afterFork()

//go:linkname afterForkInChild syscall.runtime_AfterForkInChild
func afterForkInChild()

// A program is what execve takes, in memory.
type program struct {
	dir, path  *byte
	argv, envv []*byte
	files      []uintptr
	own        bool
	cell       *uint32
}

// fork starts a process as syscall.StartProcess does, except that the kernel
// writes its pid to the cell before it can do anything; and its limit of open
// files is ours.
func (c command) fork() (pid int, err error) {
	p := program{files: c.files, own: c.own, cell: c.cell}
	for _, s := range []struct {
		to   **byte
		text string
	}{{&p.dir, c.dir}, {&p.path, c.path}} {
		if *s.to, err = syscall.BytePtrFromString(s.text); err != nil {
			return 0, err
		}
	}
	if p.argv, err = syscall.SlicePtrFromStrings(append([]string{c.path}, c.args...)); err != nil {
		return 0, err
	}
	if p.envv, err = syscall.SlicePtrFromStrings(c.env); err != nil {
		return 0, err
	}
	if p.cell == nil {
		p.cell = new(uint32)
	}
	// As with vfork(2), nobody sees a child that has what is open here.
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
	var why [2]int
	if err := pipe(why[:]); err != nil {
		return 0, err
	}
	pid, errno := p.fork(uintptr(why[1]))
	_ = unix.Close(why[1])
	defer unix.Close(why[0])
	if errno != 0 {
		return 0, errno
	}
	at("forked")
	// The pipe ends by the exec, unless the child says why there is none.
	var b [unsafe.Sizeof(errno)]byte
	n, err := again(func() (int, error) { return unix.Read(why[0], b[:]) })
	if err == nil && n == len(b) {
		_, _ = wait(pid, 0)
		return 0, *(*syscall.Errno)(unsafe.Pointer(&b))
	}
	return pid, nil
}

// fork does what has to be done without memory or a stack that grows, and in the
// child never returns.
//
//go:noinline
//go:norace
//go:nocheckptr
func (p *program) fork(why uintptr) (pid int, errno syscall.Errno) {
	var child uintptr
	flags := uintptr(syscall.SIGCHLD | syscall.CLONE_PARENT_SETTID)
	beforeFork()
	if runtime.GOARCH == "s390x" {
		child, _, errno = syscall.RawSyscall6(syscall.SYS_CLONE, 0, flags, uintptr(unsafe.Pointer(p.cell)), 0, 0, 0)
	} else {
		child, _, errno = syscall.RawSyscall6(syscall.SYS_CLONE, flags, 0, uintptr(unsafe.Pointer(p.cell)), 0, 0, 0)
	}
	if errno != 0 || child != 0 {
		afterFork()
		runtime.KeepAlive(p)
		return int(child), errno
	}
	afterForkInChild()
	if p.own {
		if _, _, errno = syscall.RawSyscall(syscall.SYS_SETSID, 0, 0, 0); errno != 0 {
			goto failed
		}
	}
	if _, _, errno = syscall.RawSyscall(syscall.SYS_CHDIR, uintptr(unsafe.Pointer(p.dir)), 0, 0); errno != 0 {
		goto failed
	}
	for to := uintptr(0); to < uintptr(len(p.files)); to++ {
		if from := p.files[to]; from != to {
			_, _, errno = syscall.RawSyscall(syscall.SYS_DUP3, from, to, 0)
		} else {
			_, _, errno = syscall.RawSyscall(syscall.SYS_FCNTL, from, syscall.F_SETFD, 0)
		}
		if errno != 0 {
			goto failed
		}
	}
	_, _, errno = syscall.RawSyscall(syscall.SYS_EXECVE, uintptr(unsafe.Pointer(p.path)),
		uintptr(unsafe.Pointer(&p.argv[0])), uintptr(unsafe.Pointer(&p.envv[0])))
failed:
	_, _, _ = syscall.RawSyscall(syscall.SYS_WRITE, why, uintptr(unsafe.Pointer(&errno)), unsafe.Sizeof(errno))
	for {
		_, _, _ = syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 253, 0, 0)
	}
}

// cellOf is the place of a cell in memory, which the kernel writes.
func cellOf(memory []byte, i int) *uint32 {
	if memory == nil {
		return nil
	}
	cell := (*uint32)(unsafe.Pointer(&memory[cellsAt+cellSize*i]))
	return cell
}
