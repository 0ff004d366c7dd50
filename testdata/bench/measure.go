package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// command makes the contender's command with a new log directory, which
// svlogd wants to exist.
func command(tmp string, c contender) (cmd *exec.Cmd, dir string, err error) {
	dir = filepath.Join(tmp, "log")
	if err := os.RemoveAll(dir); err != nil {
		return nil, "", err
	}
	args := make([]string, len(c.args))
	for i, a := range c.args {
		args[i] = strings.ReplaceAll(a, "DIR", dir)
	}
	if filepath.Base(c.prog) == "svlogd" {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, "", err
		}
		if err := os.WriteFile(filepath.Join(dir, "config"), []byte("s16777215\nn10\n"), 0o600); err != nil {
			return nil, "", err
		}
	}
	cmd = exec.Command(c.prog, args...)
	cmd.Stderr = os.Stderr
	return cmd, dir, nil
}

// timed is the wall time of `cat input | command`, in seconds.
func timed(tmp, input string, c contender) (float64, error) {
	cmd, _, err := command(tmp, c)
	if err != nil {
		return 0, err
	}
	cat := exec.Command("cat", input)
	r, w, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	cat.Stdout, cmd.Stdin = w, r
	// What an earlier run left to be written out must not be this run's wait.
	syscall.Sync()
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	if err := cat.Start(); err != nil {
		return 0, err
	}
	r.Close()
	w.Close()
	if err := cat.Wait(); err != nil {
		return 0, err
	}
	if err := cmd.Wait(); err != nil {
		return 0, err
	}
	return time.Since(begin).Seconds(), nil
}

const line = "httpd[4711]: INFO served /static/logo.png to a client from the cache in two milliseconds, 200 OK\n"

// fed starts the command with a pipe to write lines to, has it take one line
// and lets it settle.
func fed(tmp string, c contender) (cmd *exec.Cmd, in *os.File, err error) {
	cmd, dir, err := command(tmp, c)
	if err != nil {
		return nil, nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	cmd.Stdin = r
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	if _, err := w.WriteString(line); err != nil {
		return nil, nil, err
	}
	for range 500 {
		if fi, err := os.Stat(filepath.Join(dir, "current")); err == nil && fi.Size() > 0 {
			time.Sleep(200 * time.Millisecond)
			return cmd, w, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	_ = cmd.Process.Kill()
	return nil, nil, fmt.Errorf("it wrote no line within 5 s")
}

// paced is the CPU time per line in microseconds when lines come one at a
// time, at an even pace.
func paced(tmp string, c contender, pace int, seconds float64) (float64, error) {
	cmd, in, err := fed(tmp, c)
	if err != nil {
		return 0, err
	}
	before, err := cpu(cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	step := time.Second / time.Duration(pace)
	lines := int(seconds * float64(pace))
	next := time.Now()
	for range lines {
		if _, err := in.WriteString(line); err != nil {
			return 0, err
		}
		next = next.Add(step)
		waitUntil(next)
	}
	after, err := cpu(cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	in.Close()
	return float64(after-before) / float64(lines) / 1000, cmd.Wait()
}

// waitUntil sleeps as long as a sleep is exact enough and spins for the rest.
func waitUntil(t time.Time) {
	if d := time.Until(t); d > 500*time.Microsecond {
		ts := syscall.NsecToTimespec(int64(d - 60*time.Microsecond))
		_ = syscall.Nanosleep(&ts, nil)
	}
	for time.Now().Before(t) {
	}
}

// cpu is the time all threads of a process have run, in nanoseconds.
func cpu(pid int) (int64, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("no schedstat of process %d", pid)
	}
	var sum int64
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // a thread that has just ended
		}
		ran, _, _ := strings.Cut(string(b), " ")
		n, err := strconv.ParseInt(ran, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// idle is the private dirty memory of the command in kB after one line.
func idle(tmp string, c contender) (float64, error) {
	cmd, in, err := fed(tmp, c)
	if err != nil {
		return 0, err
	}
	kB, err := private(cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	in.Close()
	return kB, cmd.Wait()
}

// private is the private dirty memory of a process in kB.
func private(pid int) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	for l := range strings.Lines(string(b)) {
		if f := strings.Fields(l); len(f) == 3 && f[0] == "Private_Dirty:" {
			return strconv.ParseFloat(f[1], 64)
		}
	}
	return 0, fmt.Errorf("no Private_Dirty")
}
