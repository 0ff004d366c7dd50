package rotate

import "syscall"

// attributes make a processor a group of its own, which can be killed whole, and
// let its shell die with us: otherwise it would work on beside the processor of the
// next writer. The system looks at the thread that made it, and a thread of ours
// ends with the process: none of our goroutines is locked to one.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
