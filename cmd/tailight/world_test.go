//go:build linux

package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A world is what a case acts on.
type world struct {
	bin      string // the programs
	scratch  string
	dir      string // the working directory of the programs
	pipe     *conduit
	job      *job
	stdin    *os.File // instead of the pipe
	stdout   *os.File
	stderr   *os.File
	tz       string
	umask    string          // of the program; "" is that of the test
	letting  []func()        // what close has to do besides
	path     string          // PATH, where it matters; "" stands for the usual one
	anyName  bool            // the names of svscan's children are left out
	prepared map[string]bool // names that the case made itself
	began    time.Time
	readers  map[string]*os.File   // of FIFOs, by path
	hidden   []func(string) string // what else to mask
	record   record
}

// newWorld makes a world of programs in bin, below an empty directory.
func newWorld(scratch, bin string) (*world, error) {
	w := &world{bin: bin, scratch: scratch, dir: filepath.Join(scratch, "w"), prepared: map[string]bool{},
		began: time.Now(), readers: map[string]*os.File{}}
	if err := os.Mkdir(w.dir, 0o755); err != nil {
		return nil, err
	}
	const flags = os.O_CREATE | os.O_APPEND | os.O_RDWR
	var err error
	if w.stdout, err = os.OpenFile(filepath.Join(scratch, "stdout"), flags, 0o600); err != nil {
		return nil, err
	}
	if w.stderr, err = os.OpenFile(filepath.Join(scratch, "stderr"), flags, 0o600); err != nil {
		return nil, err
	}
	w.pipe, err = newConduit()
	return w, err
}

// close lets go of everything and ends a program that still runs.
func (w *world) close() {
	if w.job != nil && !w.job.gone() {
		_ = w.job.cmd.Process.Kill()
		<-w.job.exited
	}
	for _, f := range w.letting {
		f()
	}
	w.pipe.close()
	for _, f := range append(slices.Collect(maps.Values(w.readers)), w.stdin, w.stdout, w.stderr) {
		if f != nil {
			_ = f.Close()
		}
	}
}

// finish ends the input and waits for the program.
func (w *world) finish() error {
	w.pipe.closeWriter()
	if w.job == nil {
		return nil
	}
	if err := w.job.wait(); err != nil {
		return err
	}
	w.record.ends = append(w.record.ends, w.job.end())
	w.job = nil
	return nil
}

func (w *world) start(args []string) error {
	if w.job != nil {
		if err := w.job.wait(); err != nil {
			return err
		}
		w.record.ends = append(w.record.ends, w.job.end())
	}
	args = slices.Clone(args)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "$WORK", w.dir)
	}
	program := args[0]
	if !strings.Contains(program, "/") {
		program = filepath.Join(w.bin, program)
	}
	cmd := exec.Command(program, args[1:]...)
	if w.umask != "" {
		cmd = exec.Command("/bin/sh", append([]string{"-c", "umask " + w.umask + `; exec "$@"`, "sh", cmd.Path}, args[1:]...)...)
	}
	cmd.Dir, cmd.Env = w.dir, testEnv(w.tz)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = w.pipe.r, w.stdout, w.stderr
	if w.stdin != nil {
		cmd.Stdin = w.stdin
	}
	var err error
	w.job, err = startJob(cmd)
	return err
}

// A record is what a case left.
type record struct {
	ends           []string
	stdout, stderr string
	rest           string // what stayed in the pipe
	tree           []entry
}

type entry struct {
	path string // "d/current"
	mode string // "0644", "fifo 0600"
	data string
	dir  bool
}

func (w *world) collect() {
	r := &w.record
	r.stdout = w.mask(readAll(filepath.Join(w.scratch, "stdout")))
	r.stderr = w.mask(readAll(filepath.Join(w.scratch, "stderr")))
	rest, _ := w.pipe.rest()
	r.rest = w.mask(string(rest))
	_ = filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && path != w.dir && !w.isIntake(path) {
			r.tree = append(r.tree, w.entry(path, d))
		}
		return nil
	})
}

// isIntake reports whether a file is one of the two in which a killed multilog
// of ours leaves what it has taken, or that of a supervise that runs; 0.76 knows
// nothing of them.
func (w *world) isIntake(path string) bool {
	name := filepath.Base(path)
	return (name == "spool" || name == "progress" || name == "running") && !w.prepared[path]
}

func (w *world) entry(path string, d fs.DirEntry) entry {
	name, _ := filepath.Rel(w.dir, path)
	if !w.prepared[path] {
		name = labelName.ReplaceAllString(name, "@LABEL.$1")
	}
	info, err := d.Info()
	if err != nil {
		return entry{path: name, mode: err.Error()}
	}
	e := entry{path: name, mode: fmt.Sprintf("%04o", info.Mode().Perm()), dir: d.IsDir()}
	switch {
	case info.Mode()&fs.ModeNamedPipe != 0:
		e.mode = "fifo " + e.mode
	case info.Mode()&fs.ModeSymlink != 0:
		e.mode = "link"
		e.data, _ = os.Readlink(path)
		if self, err := os.Executable(); err == nil && e.data == self {
			e.data = "the witness"
		}
	// A record that a supervise wrote; those that a case made are masked.
	case info.Mode().IsRegular() && info.Size() == 18 && strings.HasPrefix(d.Name(), "status") && len(w.hidden) == 0:
		e.data = statusText(readAll(path))
	case info.Mode().IsRegular():
		e.data = w.mask(readAll(path))
	}
	return e
}

func readAll(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return "unreadable: " + err.Error()
	}
	return string(b)
}

var (
	labelName = regexp.MustCompile(`@[0-9a-f]{24}\.([a-z.]*)$`)
	labelText = regexp.MustCompile(`@[0-9a-f]{24}`)
)

// mask hides what no two runs have in common: the stamps of the run, and the
// working directory.
func (w *world) mask(s string) string {
	s = strings.ReplaceAll(s, w.dir, "$WORK")
	for _, hide := range w.hidden {
		s = hide(s)
	}
	first, last := label(w.began.Add(-time.Second)), label(time.Now().Add(2*time.Second))
	return labelText.ReplaceAllStringFunc(s, func(l string) string {
		if l < first || l > last {
			return l
		}
		return "@LABEL"
	})
}

// label is the label of a time as the specification has it, independent of
// the code under test.
func label(t time.Time) string {
	return fmt.Sprintf("@%016x%08x", uint64(t.Unix())+4611686018427387914, t.Nanosecond())
}
