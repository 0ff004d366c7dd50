//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The steps that make a service directory as a supervise leaves it, with the
// test in the place of the supervise: it holds the reading ends of the FIFOs.

// controlDir makes the directory dir/supervise with the FIFOs ok and control
// in it.
func controlDir(dir string) step {
	return step{"control directory of " + dir, func(w *world) error {
		control := filepath.Join(w.dir, dir, "supervise")
		if err := os.MkdirAll(control, 0o755); err != nil {
			return err
		}
		for _, d := range []string{filepath.Dir(control), control} {
			if err := os.Chmod(d, 0o755); err != nil {
				return err
			}
		}
		for _, name := range []string{"ok", "control"} {
			path := filepath.Join(control, name)
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				return err
			}
			if err := os.Chmod(path, 0o600); err != nil {
				return err
			}
		}
		return nil
	}}
}

// supervised makes dir a directory in which a supervise seems to run.
func supervised(dir string) step {
	parts := []step{controlDir(dir), reader(dir + "/supervise/ok"), reader(dir + "/supervise/control")}
	return step{"supervised " + dir, func(w *world) error {
		for _, s := range parts {
			if err := s.do(w); err != nil {
				return err
			}
		}
		return nil
	}}
}

// reader holds a FIFO open for reading, and reads nothing.
func reader(path string) step {
	return step{"reader of " + path, func(w *world) error {
		full := filepath.Join(w.dir, path)
		f, err := os.OpenFile(full, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			w.readers[full] = f
		}
		return err
	}}
}

// unread lets go of a FIFO.
func unread(path string) step {
	return step{"no reader of " + path, func(w *world) error {
		full := filepath.Join(w.dir, path)
		f := w.readers[full]
		delete(w.readers, full)
		return f.Close()
	}}
}

// arrived waits for the end of the program, and puts what is in the FIFO of a
// service into the file dir/arrived.
func arrived(dir string) step {
	return step{"", func(w *world) error {
		if err := w.job.wait(); err != nil {
			return err
		}
		b, err := w.taken(dir, 1<<17)
		if err != nil {
			return err
		}
		return put(dir+"/arrived", 0o644, string(b)).do(w)
	}}
}

// taken takes at most n bytes out of the FIFO of a service.
func (w *world) taken(dir string, n int) ([]byte, error) {
	f := w.readers[filepath.Join(w.dir, dir, "supervise/control")]
	b := make([]byte, n)
	n, err := unix.Read(int(f.Fd()), b)
	if err == unix.EAGAIN || err == nil && n == 0 {
		return nil, nil
	}
	return b[:max(n, 0)], err
}

// full fills a FIFO up to the last but two bytes: what is written in one piece
// of more than two bytes then waits and leaves no part of it there.
func full(path string) step {
	return step{"all but two bytes of " + path + " are full", func(w *world) error {
		f, err := os.OpenFile(filepath.Join(w.dir, path), os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		n, err := f.WriteString(strings.Repeat(".", pipeSize-2))
		if err == nil && n != pipeSize-2 {
			err = io.ErrShortWrite
		}
		return err
	}}
}

const pipeSize = 65536

// writing waits until the program waits in a write, and looks that nothing of
// it has arrived.
func writing(path string) step {
	return step{"the program waits in a write to " + path, func(w *world) error {
		if err := until("a blocked write", w.job, func() bool { return w.job.calls(unix.SYS_WRITE) }); err != nil {
			return err
		}
		n, err := unix.IoctlGetInt(int(w.readers[filepath.Join(w.dir, path)].Fd()), unix.TIOCINQ)
		if err == nil && n != pipeSize-2 {
			err = fmt.Errorf("%d bytes in %s, so it wrote in pieces", n, path)
		}
		return err
	}}
}

// calls reports whether a thread of the program sleeps in a system call.
func (j *job) calls(number int) bool {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", j.cmd.Process.Pid))
	for _, t := range tasks {
		stat, err := os.ReadFile(filepath.Join(t, "stat"))
		if err != nil || !strings.Contains(string(stat), ") S ") {
			continue
		}
		call, err := os.ReadFile(filepath.Join(t, "syscall"))
		if n, _, _ := strings.Cut(string(call), " "); err == nil && n == strconv.Itoa(number) {
			return true
		}
	}
	return false
}

// drained reads the filler of a full FIFO, so that the program can go on.
func drained(dir string) step {
	return step{"read all but two bytes of " + dir + "/supervise/control", func(w *world) error {
		b, err := w.taken(dir, pipeSize-2)
		if err == nil && len(b) != pipeSize-2 {
			err = fmt.Errorf("%d bytes", len(b))
		}
		return err
	}}
}

// A stamp is the time in a status record: seconds before the case began, or an
// absolute second.
type stamp struct {
	name   string
	before int64
	second uint64 // if not 0, or if the name is "zero"
}

func ago(seconds int64) stamp { return stamp{name: fmt.Sprint(seconds, " s ago"), before: seconds} }

func second(s uint64) stamp { return stamp{name: fmt.Sprintf("second %#x", s), second: s} }

func (s stamp) of(t time.Time) uint64 {
	if s.before == 0 && strings.HasPrefix(s.name, "second") {
		return s.second
	}
	return uint64(t.Unix()-s.before) + 4611686018427387914
}

// record18 is a status record of 0.76, written out here independently of the
// code under test.
func record18(second uint64, pid uint32, paused, want byte) []byte {
	b := binary.BigEndian.AppendUint64(nil, second)
	b = append(b, 0x1d, 0xcd, 0x65, 0x00)
	b = binary.LittleEndian.AppendUint32(b, pid)
	return append(b, paused, want)
}

// status writes a status record, with more bytes behind it.
func status(dir string, since stamp, pid uint32, paused, want byte, more string) step {
	text := fmt.Sprintf("status of %s: %s, pid %d, paused %d, want %q", dir, since.name, pid, paused, string(want))
	if more != "" {
		text += ", and " + quote(more)
	}
	return step{text, func(w *world) error {
		label := since.of(w.began)
		if err := ageless(since).do(w); err != nil {
			return err
		}
		return put(dir+"/supervise/status", 0o644, string(record18(label, pid, paused, want))+more).do(w)
	}}
}

// ageless masks the age of a label and its bytes.
func ageless(s stamp) step {
	return step{"", func(w *world) error {
		w.hidden = append(w.hidden, func(text string) string { return hideAge(text, w.began, s.of(w.began), s.name) })
		return nil
	}}
}

var secondsText = regexp.MustCompile(`\b[0-9]+ seconds`)

// hideAge puts the name of a label instead of its age, if that is right at
// some time between the beginning and now, and instead of its bytes.
func hideAge(s string, began time.Time, label uint64, name string) string {
	now := time.Now()
	if label <= ago(0).of(now) { // the future, and what goes for it, is 0 seconds ago
		youngest, oldest := secondsSince(label, began.Add(-tick)), secondsSince(label, now)
		s = secondsText.ReplaceAllStringFunc(s, func(t string) string {
			n, err := strconv.ParseUint(strings.TrimSuffix(t, " seconds"), 10, 64)
			if err != nil || n < youngest || n > oldest {
				return t
			}
			return "{" + name + "}"
		})
	}
	return strings.ReplaceAll(s, string(binary.BigEndian.AppendUint64(nil, label)), "{"+name+"}")
}

// tick is the time by which the clock that 0.76 reads may be late.
const tick = 10 * time.Millisecond

// secondsSince is the age of a label as 0.76 computes it: in floating point,
// and not below 0.
func secondsSince(label uint64, t time.Time) uint64 {
	now := ago(0).of(t)
	return uint64(float64(max(now, label) - label))
}
