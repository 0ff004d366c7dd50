package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// gap are the signals that are blocked from the last moment of the old program
// until the new one listens to them. Go's runtime, as it starts, unblocks those
// of them that end a program: one of HUP, INT, QUIT and TERM that comes in that
// millisecond does end it. What happens to children is looked up afterwards.
const gap = 1<<(syscall.SIGHUP-1) | 1<<(syscall.SIGINT-1) | 1<<(syscall.SIGQUIT-1) | 1<<(syscall.SIGTERM-1) |
	1<<(syscall.SIGUSR1-1) | 1<<(syscall.SIGUSR2-1) | 1<<(syscall.SIGALRM-1)

// tryLimit is how long a new program may take to start.
const tryLimit = 10 * time.Second

// startedAs is the path that was given to execve(2), if it can be known.
func startedAs() []string {
	const execfn = 31                                                                 // AT_EXECFN
	fd, err := syscall.Open("/proc/self/auxv", syscall.O_RDONLY|syscall.O_CLOEXEC, 0) // an os.File sets up the poller
	if err != nil {
		return nil
	}
	var auxv [64][2]uintptr // it has some 20
	n, err := syscall.Read(fd, unsafe.Slice((*byte)(unsafe.Pointer(&auxv)), unsafe.Sizeof(auxv)))
	_ = syscall.Close(fd)
	if err != nil {
		return nil
	}
	for i := range n / int(unsafe.Sizeof(auxv[0])) {
		if auxv[i][0] != execfn {
			continue
		}
		// It is in the memory that the kernel has made, like the arguments.
		text := *(**[4096]byte)(unsafe.Pointer(&auxv[i][1]))
		for n := range text {
			if text[n] == 0 {
				return []string{string(text[:n])}
			}
		}
	}
	return nil
}

// executable is the program of this process. Where another has taken its place,
// Linux says that it is deleted.
func executable() []string {
	path, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return nil
	}
	return []string{strings.TrimSuffix(path, " (deleted)")}
}

// tried is the program that Try has found to be good: only that is executed.
type tried struct {
	path     string
	dev, ino uint64
	changed  syscall.Timespec
}

func stated(path string) (t tried) {
	var st syscall.Stat_t
	if syscall.Stat(path, &st) != nil {
		return tried{}
	}
	return tried{path, uint64(st.Dev), uint64(st.Ino), st.Ctim}
}

// errReplaced is the error of a program that has taken the place of the one that
// was tried.
var errReplaced = errors.New("it was replaced meanwhile")

// Try starts the new program with other arguments, to see whether it can start
// and what it is: it has to say just that, and end.
func (r *Renewal) Try(want string, check ...string) error {
	out, in, err := os.Pipe()
	if err != nil {
		return err
	}
	defer out.Close()
	var cmd *exec.Cmd
	err = Search(r.paths, func(path string) error {
		r.tried = stated(path)
		cmd = &exec.Cmd{Path: path, Args: append(r.argv[:r.own:r.own], check...), Stdout: in}
		return Errno(cmd.Start())
	})
	_ = in.Close()
	if err != nil {
		return err
	}
	over := time.AfterFunc(tryLimit, func() { _ = cmd.Process.Kill() })
	defer over.Stop()
	_ = out.SetReadDeadline(time.Now().Add(tryLimit))
	said := make([]byte, len(want)+1)
	n := 0
	for n < len(said) {
		m, err := out.Read(said[n:])
		if n += m; err != nil {
			break
		}
	}
	// Whoever else waits for all children may have been faster.
	if err := cmd.Wait(); err != nil && !errors.Is(err, syscall.ECHILD) {
		return fmt.Errorf("%s: %w", cmd.Path, err)
	}
	if string(said[:n]) != want {
		return fmt.Errorf("%s: %w", cmd.Path, syscall.ENOEXEC)
	}
	return nil
}

// Exec makes the process the new program. That finds what can be read from the
// descriptor state in Env.Renewed, and the descriptors of keep open. When no
// signal is delivered any more Exec asks sure whether nothing has come before. It
// returns if sure says no, or it fails; then everything is as it was.
func (r *Renewal) Exec(keep []int, state int, sure func() bool) error {
	runtime.LockOSThread()
	before := uint64(0)
	setMask(nil, &before)
	block(0, gap) // SIG_BLOCK
	defer func() {
		block(1, gap) // SIG_UNBLOCK
		setMask(&before, nil)
	}()
	deliver()
	block(0, gap) // also on threads that there have not been before
	if !sure() {
		return ErrBusy
	}
	env := append(Environ(), fmt.Sprintf("%s=%d %d", renewal, state, before))
	img := load([]string{r.tried.path}, r.argv, env)
	keep = append(keep[:len(keep):len(keep)], state)
	for _, fd := range keep {
		setCloexec(fd, false)
	}
	InheritOpenFiles()
	err := errReplaced
	if r.tried != (tried{}) && stated(r.tried.path) == r.tried {
		err = Search(img.paths, img.execve)
	}
	for _, fd := range keep {
		setCloexec(fd, true)
	}
	return err
}

var blocking uint64 // what block changes: every thread reads it

// block changes the signal mask of every thread.
func block(how uintptr, mask uint64) {
	blocking = mask
	_, _, errno := syscall.AllThreadsSyscall6(syscall.SYS_RT_SIGPROCMASK, how, uintptr(unsafe.Pointer(&blocking)), 0, 8, 0, 0)
	if errno != 0 { // with cgo there is no such call; then this thread has to do
		_, _, _ = syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, how, uintptr(unsafe.Pointer(&blocking)), 0, 8, 0, 0)
	}
}

func setCloexec(fd int, on bool) {
	flag := uintptr(0)
	if on {
		flag = syscall.FD_CLOEXEC
	}
	_, _, _ = syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_SETFD, flag)
}

// deliver waits until every signal that was caught is in its channel.
func deliver() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTERM)
	signal.Stop(c)
}

// renewed tells whether a program has become this one, and the mask that it was
// given.
var renewed struct {
	is   bool
	mask uint64
}

// takeRenewal reads the state that the program before has left, if any, and
// takes it out of sight.
func takeRenewal() (state string) {
	value := given(environ())
	if value == "" {
		return ""
	}
	_ = os.Unsetenv(renewal)
	number, mask, _ := strings.Cut(value, " ")
	fd, err := strconv.Atoi(number)
	if err != nil || fd < 3 {
		return ""
	}
	renewed.mask, err = strconv.ParseUint(mask, 10, 64)
	if err != nil {
		return ""
	}
	renewed.is = true
	setCloexec(fd, true)
	defer syscall.Close(fd)
	blocked = renewed.mask
	var text strings.Builder
	for {
		var b [4096]byte
		n, err := syscall.Read(fd, b[:])
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 || err != nil {
			return text.String()
		}
		text.Write(b[:n])
	}
}

// isGap reports whether a signal may have come in the gap. Its action stays what
// the runtime has made it until Listening, or it would be lost, or end this.
func isGap(sig syscall.Signal) bool { return renewed.is && sig < 64 && gap>>(sig-1)&1 != 0 }

// Listening has to be called when a renewed process listens to these signals:
// what came in the gap comes now. It keeps the goroutine on its thread, from
// which children inherit the mask that the process was first given.
func Listening(to ...os.Signal) {
	if !renewed.is {
		return
	}
	for sig := syscall.Signal(1); sig <= lastSignal; sig++ {
		if isGap(sig) && !slices.Contains(to, os.Signal(sig)) && !signal.Ignored(sig) {
			signal.Ignore(sig)
			setAction(sig, sigDefault)
		}
	}
	runtime.LockOSThread()
	setMask(&renewed.mask, nil)
}
