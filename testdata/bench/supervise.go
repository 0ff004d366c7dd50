package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// superviseFigures are measured on a service that is up.
var superviseFigures = []struct {
	name, unit string
	of         func(tmp string, c contender) (float64, error)
}{
	{"supervise: idle private memory", "kB", superviseMemory},
	{"supervise: death to the next run executed", "ms", superviseRestart},
	{"supervise: svc -t to the end of the service", "ms", superviseSignal},
}

func supervising(bin, name string) work {
	return work{name, []contender{
		{"tailight", filepath.Join(bin, "supervise"), nil},
		{"daemontools", installed("supervise"), nil},
	}}
}

// A service prints a line when it starts, and lasts.
type service struct {
	cmd *exec.Cmd
	dir string
	out *bufio.Reader
}

func started(tmp string, c contender) (*service, error) {
	dir := filepath.Join(tmp, "service")
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "run"), []byte("#!/bin/sh\necho started\nexec sleep 600\n"), 0o755); err != nil {
		return nil, err
	}
	syscall.Sync() // pages of a binary just built would count as its own
	cmd := exec.Command(c.prog, dir)
	cmd.Stderr = os.Stderr
	r, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &service{cmd, dir, bufio.NewReader(r)}
	return s, s.starts()
}

// starts waits for the next start.
func (s *service) starts() error {
	_, err := s.out.ReadString('\n')
	return err
}

func (s *service) pid() (int, error) {
	b, err := os.ReadFile(filepath.Join(s.dir, "supervise/status"))
	if err != nil || len(b) < 18 {
		return 0, fmt.Errorf("no status: %w", err)
	}
	return int(binary.LittleEndian.Uint32(b[12:])), nil
}

func (s *service) stop() error {
	if err := os.WriteFile(filepath.Join(s.dir, "supervise/control"), []byte("dx"), 0); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// measured starts a service, lets its first second go by, and measures.
func measured(tmp string, c contender, measure func(*service) (float64, error)) (float64, error) {
	s, err := started(tmp, c)
	if err != nil {
		return 0, err
	}
	time.Sleep(1200 * time.Millisecond)
	v, err := measure(s)
	if stopErr := s.stop(); err == nil {
		err = stopErr
	}
	return v, err
}

func superviseMemory(tmp string, c contender) (float64, error) {
	return measured(tmp, c, func(s *service) (float64, error) { return private(s.cmd.Process.Pid) })
}

// superviseRestart is the time from a kill to the first line of the next run, a
// shell: its start is part of it.
func superviseRestart(tmp string, c contender) (float64, error) {
	return measured(tmp, c, func(s *service) (float64, error) {
		pid, err := s.pid()
		if err != nil {
			return 0, err
		}
		begin := time.Now()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			return 0, err
		}
		err = s.starts()
		return milliseconds(begin), err
	})
}

// superviseSignal is the time from before svc is started to when the process is
// gone that got the signal. The same svc, the real one, steers both.
func superviseSignal(tmp string, c contender) (float64, error) {
	return measured(tmp, c, func(s *service) (float64, error) {
		pid, err := s.pid()
		if err != nil {
			return 0, err
		}
		begin := time.Now()
		if out, err := exec.Command("svc", "-t", s.dir).CombinedOutput(); err != nil || len(out) > 0 {
			return 0, fmt.Errorf("svc: %w %s", err, out)
		}
		for syscall.Kill(pid, 0) == nil { // until it has been waited for
			if time.Since(begin) > time.Minute {
				return 0, fmt.Errorf("process %d does not end", pid)
			}
		}
		d := milliseconds(begin)
		return d, s.starts()
	})
}

func milliseconds(begin time.Time) float64 {
	return float64(time.Since(begin)) / float64(time.Millisecond)
}
