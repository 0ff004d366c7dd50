package supervise

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// zombie returns the pid of a child that has ended and is not waited for before
// the test ends.
func zombie(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", "exit 7")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if st, ok := statOf(cmd.Process.Pid); ok && st.isZombie() {
			return cmd.Process.Pid
		}
	}
	t.Fatal("it does not end")
	return 0
}

func TestAPidfdIsThatOfTheSameProcess(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("/bin/cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	id := identity{cmd.Process.Pid, bornOf(cmd.Process.Pid)}
	if _, err := openPidfd(identity{id.pid, id.born - 1}); err != unix.ESRCH {
		t.Errorf("of one with another start time: %v", err)
	}
	fd, err := openPidfd(id)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if hasEnded(fd) || !id.lives() {
		t.Error("has it ended?")
	}
	_ = in.Close()
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if n, err := again(func() (int, error) { return unix.Poll(fds, int(limit/time.Millisecond)) }); n != 1 || err != nil {
		t.Errorf("its end is not seen: %v", err)
	}
	if !hasEnded(fd) || id.lives() {
		t.Error("has it not ended?")
	}
	_ = cmd.Wait()
	if _, err := openPidfd(id); err != unix.ESRCH {
		t.Errorf("of one that has been waited for: %v", err)
	}
}

// The first thread of a process may end before the others, which have its locks.
func TestAProcessLivesAsLongAsOneOfItsThreads(t *testing.T) {
	t.Parallel()
	for text, is := range map[procStat]bool{
		{state: 'S', threads: 3}: false, {state: 'Z', threads: 2}: false, {state: 'Z', threads: 1}: true,
		{state: 'X', threads: 0}: true,
	} {
		if text.isZombie() != is {
			t.Errorf("%+v: %v", text, !is)
		}
	}
	if st, ok := statOf(os.Getpid()); !ok || st.threads < 2 || st.parent != os.Getppid() {
		t.Errorf("this process: %+v, %v", st, ok)
	}
}

func TestTheEndOfAZombieIsKnown(t *testing.T) {
	t.Parallel()
	pid := zombie(t)
	if status, known := endOf(identity{pid, bornOf(pid)}, -1); !known || status.ExitStatus() != 7 {
		t.Errorf("%v, %v, want 7", status, known)
	}
	if status, known := endOf(identity{pid, bornOf(pid) - 1}, -1); known {
		t.Errorf("of another of that pid %v is known", status)
	}
}
