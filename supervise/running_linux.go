package supervise

import (
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// runningFile is the file running of a control directory that we hold. It is
// written and not mapped, but for the cells, which only the kernel writes
// there: so a full disk is an error and no signal.
type runningFile struct {
	fd     int
	memory []byte // mapped; nil where that cannot be had
	last   saved
	slot   [slotSize]byte

	// The same moment twice: the monotonic clock of Go begins anew with every
	// process.
	moment time.Time
	mono   int64
}

// openRunning opens the file of a control directory whose lock is held, or takes
// the descriptor that was handed over. What it says is in last; ok is false if
// that is of another world, or nothing.
func openRunning(path string, fd int) (r *runningFile, ok bool, err error) {
	r = &runningFile{fd: fd, moment: time.Now()}
	if fd < 0 {
		r.fd, err = again(func() (int, error) {
			return unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o644)
		})
		if err != nil {
			return nil, false, err
		}
	}
	var st unix.Stat_t
	if err := unix.Fstat(r.fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		r.close()
		return nil, false, unix.EINVAL
	}
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		r.close()
		return nil, false, err
	}
	r.mono = t.Nano()
	r.last, ok = readSaved(r.fd)
	if err := r.grow(st.Size); err != nil {
		r.close()
		return nil, false, err
	}
	return r, ok, nil
}

func readSaved(fd int) (saved, bool) {
	var b [runningSize]byte
	n, err := again(func() (int, error) { return unix.Pread(fd, b[:], 0) })
	if err != nil {
		return saved{}, false
	}
	return parseRunning(b[:n])
}

// grow makes the file as long as it has to be, with blocks of its own, and maps
// it. A file that cannot be mapped does without cells.
func (r *runningFile) grow(size int64) error {
	if size < runningSize {
		zeros := make([]byte, runningSize-size)
		n, err := again(func() (int, error) { return unix.Pwrite(r.fd, zeros, size) })
		if err != nil {
			return err
		}
		if n < len(zeros) {
			return unix.ENOSPC
		}
	}
	if b, err := unix.Mmap(r.fd, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err == nil {
		r.memory = b
	}
	return nil
}

// cell makes the cell of a process empty, and returns where the kernel is to
// write its pid.
func (r *runningFile) cell(i int) *uint32 {
	var zero [cellSize]byte
	if r == nil || r.memory == nil {
		return nil
	}
	if _, err := unix.Pwrite(r.fd, zero[:], int64(cellsAt+cellSize*i)); err != nil {
		return nil // the slot has room, and so has this
	}
	// In memory now, the kernel's store cannot fail. Before Linux 5.14 it is
	// there anyway, as a rule.
	_ = unix.Madvise(r.memory, unix.MADV_POPULATE_WRITE)
	return cellOf(r.memory, i)
}

// write writes a slot, if there is something new.
func (r *runningFile) write(s saved) error {
	s.seq = r.last.seq
	if s == r.last {
		return nil
	}
	s.seq++
	s.encode(&r.slot)
	n, err := again(func() (int, error) {
		return unix.Pwrite(r.fd, r.slot[:], int64(s.seq%2*slotSize))
	})
	if err != nil {
		return err
	}
	if n < len(r.slot) {
		return unix.ENOSPC
	}
	r.last = s
	return nil
}

// toMono and fromMono translate times for the file.
func (r *runningFile) toMono(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return r.mono + int64(t.Sub(r.moment))
}

func (r *runningFile) fromMono(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return r.moment.Add(time.Duration(ns - r.mono))
}

func (r *runningFile) close() {
	if r.memory != nil {
		_ = unix.Munmap(r.memory)
		r.memory = nil
	}
	closeFD(&r.fd)
}

// idOfFD is the file of a descriptor.
func idOfFD(fd int) fileID {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return fileID{}
	}
	return fileID{uint64(st.Dev), uint64(st.Ino)}
}

// findPipe opens both ends of a pipe that one of these processes has: a pipe
// can be opened in either direction, whatever they have of it.
func findPipe(id fileID, from ...identity) (p [2]int, err error) {
	p = [2]int{-1, -1}
	err = unix.ENOENT
	for _, who := range from {
		if who.pid == 0 {
			continue
		}
		fd, serr := searchPipe(id, who)
		if serr != nil {
			if serr != unix.ENOENT {
				err = serr
			}
			continue
		}
		defer unix.Close(fd)
		for i, mode := range []int{unix.O_RDONLY, unix.O_WRONLY} {
			if p[i], err = open(ownFD(fd), mode); err == nil {
				err = unix.SetNonblock(p[i], false)
			}
			if err != nil {
				closeFD(&p[0])
				closeFD(&p[1])
				return p, errnoOf(err)
			}
		}
		return p, nil
	}
	return p, err
}

// searchPipe looks for a file among the descriptors of a process.
func searchPipe(id fileID, who identity) (int, error) {
	pidfd, err := openPidfd(who)
	if err != nil {
		pidfd = -1
	}
	defer closeFD(&pidfd)
	err = unix.ENOENT
	for _, n := range descriptorsOf(who.pid) {
		fd, gerr := descriptorOf(who.pid, pidfd, n)
		if gerr != nil {
			if gerr != unix.ENOENT {
				err = gerr
			}
			continue
		}
		if idOfFD(fd) == id && who.lives() {
			return fd, nil
		}
		_ = unix.Close(fd)
	}
	return -1, err
}

// descriptorsOf lists the descriptors of a process, or the usual ones where that
// cannot be had.
func descriptorsOf(pid int) (all []int) {
	usual := []int{0, 1, 2}
	fd, err := again(func() (int, error) { // an os.File of os.Open sets up the poller
		return unix.Open("/proc/"+strconv.Itoa(pid)+"/fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return usual
	}
	d := os.NewFile(uintptr(fd), "fd")
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil || missing.procFD {
		return usual
	}
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil {
			all = append(all, n)
		}
	}
	return all
}
