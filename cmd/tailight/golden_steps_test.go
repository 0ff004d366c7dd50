//go:build linux

package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// The steps that cases are made of.

// run starts a program; a program that still runs must have ended before.
func run(args ...string) step {
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = a
		if a == "" || strings.ContainsFunc(a, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' }) {
			quoted[i] = quote(a)
		}
	}
	return step{"run " + strings.Join(quoted, " "), func(w *world) error { return w.start(args) }}
}

// shell runs a script that finds the programs in the directory $0, so that
// the environment does not name it.
func shell(script string) step {
	return step{"shell " + quote(script), func(w *world) error {
		return w.start([]string{"/bin/sh", "-c", script, w.bin})
	}}
}

func multilog(args ...string) step { return run(append([]string{"multilog"}, args...)...) }

// feed writes a piece of input and waits until it is taken and worked on.
func feed(s string) step {
	return step{"feed " + quote(s), func(w *world) error { return w.pipe.feed(w.job, []byte(s)) }}
}

// pour writes input and waits for nothing.
func pour(s string) step {
	return step{"pour " + quote(s), func(w *world) error {
		if w.job == nil { // before the program starts
			_, err := w.pipe.w.WriteString(s)
			return err
		}
		return w.pipe.pour(w.job, []byte(s))
	}}
}

// input feeds everything in pieces that both programs see alike. Input that
// the program does not live to read is no error.
func input(s string, extra int) step {
	return step{"input " + quote(s), func(w *world) error {
		for i, p := range pieces([]byte(s), extra) {
			if w.job.gone() {
				if i == 0 { // it did not wait for any; a slower one would have left this
					_, err := w.pipe.w.Write(p)
					return err
				}
				return nil
			}
			if err := w.pipe.feed(w.job, p); err != nil && !w.job.gone() {
				return err
			}
		}
		return nil
	}}
}

func eof() step {
	return step{"end of input", func(w *world) error { return w.finish() }}
}

// again opens a new pipe after an end of input.
func again() step {
	return step{"", func(w *world) error {
		w.pipe.close()
		var err error
		w.pipe, err = newConduit()
		return err
	}}
}

// idle waits until the program has started and waits for input.
func idle() step {
	return step{"", func(w *world) error { return w.pipe.settle(w.job) }}
}

func sig(s syscall.Signal) step {
	return step{"signal " + strings.TrimPrefix(unix.SignalName(s), "SIG"), func(w *world) error {
		if err := w.pipe.settle(w.job); err != nil {
			return err
		}
		if err := w.job.signal(s); err != nil {
			return err
		}
		if s == syscall.SIGKILL {
			return w.job.wait()
		}
		return w.pipe.settle(w.job)
	}}
}

// over waits for the end of the program while its input stays open.
func over() step {
	return step{"", func(w *world) error { return w.job.wait() }}
}

// appears waits until a file holds the text.
func appears(path, text string) step {
	return step{"", func(w *world) error {
		return until(path+" with "+text, w.job, func() bool {
			b, err := os.ReadFile(filepath.Join(w.dir, path))
			return err == nil && strings.Contains(string(b), text)
		})
	}}
}

// said waits for a text on descriptor 2.
func said(text string) step {
	return step{"wait for " + quote(text), func(w *world) error {
		return until("stderr with "+text, w.job, func() bool {
			b, err := os.ReadFile(w.stderr.Name())
			return err == nil && strings.Contains(string(b), text)
		})
	}}
}

// put makes a file, or a directory when the name ends in a slash.
func put(path string, mode fs.FileMode, content string) step {
	text := fmt.Sprintf("put %s %04o", path, mode)
	if !strings.HasSuffix(path, "/") {
		text += " " + quote(content)
	}
	return step{text, func(w *world) error {
		full := filepath.Join(w.dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if strings.HasSuffix(path, "/") {
			if err := os.MkdirAll(full, 0o755); err != nil {
				return err
			}
		} else if err := writeProgram(full, content); err != nil {
			return err
		}
		w.prepared[full] = true
		return os.Chmod(full, mode)
	}}
}

// writeProgram writes a file that may be run. Nothing may fork meanwhile: the
// child would hold it open for writing, and running it would fail.
func writeProgram(path, content string) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(path, []byte(content), 0o600)
}

func fifo(path string) step {
	return step{"fifo " + path, func(w *world) error { return syscall.Mkfifo(filepath.Join(w.dir, path), 0o644) }}
}

func symlink(target, path string) step {
	return step{"symlink " + path + " to " + target, func(w *world) error {
		return os.Symlink(target, filepath.Join(w.dir, path))
	}}
}

func hardlink(old, path string) step {
	return step{"link " + path + " to " + old, func(w *world) error {
		w.prepared[filepath.Join(w.dir, path)] = true
		return os.Link(filepath.Join(w.dir, old), filepath.Join(w.dir, path))
	}}
}

func zone(tz string) step {
	return step{"TZ=" + quote(tz), func(w *world) error { w.tz = tz; return nil }}
}

// stdin gives the program a file instead of the pipe.
func stdin(path string, flags int) step {
	return step{"standard input is " + path + stdinHow[flags], func(w *world) error {
		var err error
		w.stdin, err = os.OpenFile(filepath.Join(w.dir, path), flags, 0)
		return err
	}}
}

var stdinHow = map[int]string{os.O_RDONLY: "", os.O_WRONLY: ", open for writing only"}

// nonblocking makes the pipe's reading end so.
func nonblocking() step {
	return step{"standard input is non-blocking", func(w *world) error {
		return unix.SetNonblock(int(w.pipe.r.Fd()), true)
	}}
}

// closedPipe makes one of the program's outputs a pipe that nobody reads.
func closedPipe(name string) step {
	return step{name + " is a pipe without reader", func(w *world) error {
		r, out, err := os.Pipe()
		if err != nil {
			return err
		}
		_ = r.Close()
		if name == "stdout" {
			w.stdout = out
		} else {
			w.stderr = out
		}
		return nil
	}}
}
