//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A job is a running program under test. Its standard input is a pipe whose
// both ends the test keeps, so that a kill loses nothing that is still in it.
type job struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed after the program is gone
	state  *os.ProcessState
}

func startJob(cmd *exec.Cmd) (*job, error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	j := &job{cmd: cmd, exited: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // the state says it all
		j.state = cmd.ProcessState
		close(j.exited)
	}()
	return j, nil
}

func (j *job) gone() bool {
	select {
	case <-j.exited:
		return true
	default:
		return false
	}
}

func (j *job) signal(sig syscall.Signal) error {
	if j.gone() {
		return fmt.Errorf("signal %v: the program is gone", sig)
	}
	return j.cmd.Process.Signal(sig)
}

// wait waits until the program is gone.
func (j *job) wait() error {
	select {
	case <-j.exited:
		return nil
	case <-time.After(limit):
		_ = j.cmd.Process.Kill()
		return fmt.Errorf("still running after %v", limit)
	}
}

// end says how the program ended: "exit 0", "killed by SEGV".
func (j *job) end() string {
	status, ok := j.state.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		return "killed by " + strings.TrimPrefix(unix.SignalName(status.Signal()), "SIG")
	}
	return "exit " + strconv.Itoa(j.state.ExitCode())
}

// idle reports whether the program has nothing to do until input, a signal
// or a timer comes: every thread sleeps in a call that waits for these, no
// thread ran between two looks at all of them, and it has no child.
func (j *job) idle() bool {
	first, ok := j.look()
	if !ok {
		return false
	}
	if bytes.Count(first, []byte("\n")) == 1 {
		return true // one thread cannot be woken by another
	}
	second, ok := j.look()
	return ok && bytes.Equal(first, second)
}

// look returns what the scheduler has counted for every thread.
func (j *job) look() (counts []byte, ok bool) {
	dir := fmt.Sprintf("/proc/%d/task", j.cmd.Process.Pid)
	threads, err := os.ReadDir(dir)
	if err != nil || len(threads) == 0 {
		return nil, false
	}
	forInput := false
	for _, t := range threads {
		task := filepath.Join(dir, t.Name())
		// A thread that was woken and does not run yet is an R here, and
		// still in its call for the file syscall: so this look comes first.
		stat, err := os.ReadFile(filepath.Join(task, "stat"))
		if err != nil || !bytes.Contains(stat, []byte(") S ")) {
			return nil, false
		}
		call, err := os.ReadFile(filepath.Join(task, "syscall"))
		if err != nil || !waiting(string(call)) {
			return nil, false
		}
		forInput = forInput || waitsForInput(string(call))
		children, err := os.ReadFile(filepath.Join(task, "children"))
		if err != nil || len(bytes.TrimSpace(children)) > 0 {
			return nil, false
		}
		ran, err := os.ReadFile(filepath.Join(task, "schedstat"))
		if err != nil {
			return nil, false
		}
		counts = append(counts, ran...)
	}
	return counts, forInput // a program that is still starting waits for something else
}

// waitsForInput reports whether a line of /proc/PID/syscall is a call in which
// a program waits for its input.
func waitsForInput(line string) bool {
	number, _, _ := strings.Cut(line, " ")
	n, err := strconv.Atoi(number)
	return err == nil && (n == unix.SYS_READ || n == unix.SYS_EPOLL_PWAIT || n == unix.SYS_PPOLL)
}

// waiting reports whether a line of /proc/PID/syscall is a call that waits
// for input, a signal or a timer.
func waiting(line string) bool {
	number, rest, _ := strings.Cut(line, " ")
	n, err := strconv.Atoi(number)
	if err != nil {
		return false // "running"
	}
	switch n {
	case unix.SYS_READ, unix.SYS_SPLICE, unix.SYS_TEE:
		return strings.HasPrefix(rest, "0x0 ")
	case unix.SYS_FUTEX, unix.SYS_EPOLL_PWAIT, unix.SYS_PPOLL, unix.SYS_RT_SIGTIMEDWAIT, unix.SYS_NANOSLEEP, unix.SYS_RESTART_SYSCALL:
		return true
	}
	return false
}

// A conduit is the pipe that feeds the jobs.
type conduit struct{ r, w *os.File }

func newConduit() (*conduit, error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil, err
	}
	return &conduit{os.NewFile(uintptr(fds[0]), "input"), os.NewFile(uintptr(fds[1]), "input")}, nil
}

func (c *conduit) close() {
	c.closeWriter()
	_ = c.r.Close()
}

func (c *conduit) closeWriter() {
	if c.w != nil {
		_ = c.w.Close()
		c.w = nil
	}
}

// unread is the number of bytes in the pipe.
func (c *conduit) unread() int {
	n, err := unix.IoctlGetInt(int(c.r.Fd()), unix.TIOCINQ)
	if err != nil {
		return -1
	}
	return n
}

// rest takes what nobody has read out of the pipe.
func (c *conduit) rest() ([]byte, error) {
	n := c.unread()
	if n <= 0 {
		return nil, nil
	}
	b := make([]byte, n)
	n, err := c.r.Read(b)
	return b[:n], err
}

// pour writes b in portions that fit the pipe and waits for no reader.
func (c *conduit) pour(j *job, b []byte) error {
	const room = 32 << 10 // of the 64 kB of a pipe; whole pages
	for len(b) > 0 {
		n := min(len(b), room)
		if err := until("room in the pipe", j, func() bool { return c.unread() <= 4096 }); err != nil {
			return err
		}
		if j.gone() {
			return errors.New("the program is gone")
		}
		if _, err := c.w.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// feed writes a piece and waits until the job has taken it and is idle.
func (c *conduit) feed(j *job, b []byte) error {
	if err := c.pour(j, b); err != nil {
		return err
	}
	return c.settle(j)
}

// settle waits until the pipe is empty and the job idle, or gone.
func (c *conduit) settle(j *job) error {
	return until("an empty pipe and an idle reader", j, func() bool {
		return j.gone() || c.unread() == 0 && j.idle() && c.unread() == 0
	})
}

// until waits for a condition; j's end ends the waiting too.
func until(what string, j *job, ok func() bool) error {
	end := time.Now().Add(limit)
	for pause := 20 * time.Microsecond; !ok(); pause = min(2*pause, 2*time.Millisecond) {
		if j != nil && j.gone() {
			if ok() {
				return nil
			}
			return fmt.Errorf("waiting for %s: the program is gone (%s)", what, j.end())
		}
		if time.Now().After(end) {
			return fmt.Errorf("waited %v for %s", limit, what)
		}
		time.Sleep(pause)
	}
	return nil
}

// pieces cuts input so that either program takes a piece with one read and
// writes it with one write: at most 400 bytes, counting extra more for every
// line's stamp, ending behind a line's end where there is one, and never the
// end of a long line together with the next.
func pieces(input []byte, extra int) [][]byte {
	const most = 400
	var all [][]byte
	start, size := 0, 0
	cut := func(end int) {
		if end > start {
			all = append(all, input[start:end])
		}
		start, size = end, 0
	}
	for i := 0; i < len(input); {
		n := len(input) - i
		if nl := bytes.IndexByte(input[i:], '\n'); nl >= 0 {
			n = nl + 1
		}
		long := false
		if size+n+extra > most {
			cut(i)
		}
		for n > most-extra {
			i, n = i+most-extra, n-(most-extra)
			cut(i)
			long = true
		}
		i += n
		size += n + extra
		if long {
			cut(i)
		}
	}
	cut(len(input))
	return all
}

// testEnv is the environment of the programs under test.
func testEnv(tz string) []string {
	env := []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}
	switch tz {
	case "":
	case emptyTZ:
		env = append(env, "TZ=")
	default:
		env = append(env, "TZ="+tz)
	}
	return env
}
