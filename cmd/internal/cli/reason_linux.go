package cli

import "syscall"

// systemReason has the rows of the table that only Linux has errnos for.
func systemReason(errno syscall.Errno) string {
	switch errno {
	case syscall.ENOSTR:
		return "not a stream device"
	case syscall.ETIME:
		return "timer expired"
	case syscall.ENOSR:
		return "out of stream resources"
	case syscall.ENONET:
		return "machine not on network"
	case syscall.EADV:
		return "advertise error"
	case syscall.ESRMNT:
		return "srmount error"
	case syscall.ECOMM:
		return "communication error"
	case syscall.EREMCHG:
		return "remote address changed"
	}
	return ""
}
