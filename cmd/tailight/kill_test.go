//go:build linux

package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

var killsFlag = flag.Int("kills", 40, "how many times TestSIGKILL kills multilog, for each of its scripts")

// TestSIGKILL kills multilog at random moments under full load, until it has
// been killed so many times, and then lets one come to the end. The writer goes
// on writing for as long as it is being killed. Every line has to be in every
// directory: once, whole, in order, with rising stamps. With identical lines
// only their number can tell.
func TestSIGKILL(t *testing.T) {
	bin := ours(t)
	for _, row := range []struct {
		name  string
		words []string
		line  string
		life  time.Duration // the most, of each that is killed; 0: 17 ms
	}{
		{name: "numbered lines", words: []string{"t", "s500k", "n100000", "./d"}, line: "%08d the quick brown fox jumps over the lazy dog\n"},
		{name: "two directories, constant rotation, a processor", words: []string{"t", "n100000", "s20000", "./d", "!cat", "s4096", "./e"}, line: "%08d ten of these make one k of log, as it were, and they are numbered\n"},
		{name: "identical lines, no stamps, files of two milliseconds", words: []string{"s1m", "n100000", "every=2ms", "./d"}, line: "all lines are the same\n"},
		{name: "compressed by zstd", words: []string{"t", "n100000", "s20000", "compress=zstd", "./d"}, line: "%08d ten of these make one k of log, as it were, and they are numbered\n"},
		{name: "lines longer than a file", words: []string{"t", "n100000", "s4096", "./d"}, line: "%08d " + strings.Repeat("longer than a file ", 300) + "\n"},
		{name: "a slow processor, input that runs on", words: []string{"t", "n100000", "s300k", "spool=1m", "!sleep 0.1; exec cat", "./d"},
			line: "%08d the quick brown fox jumps over the lazy dog\n", life: 300 * time.Millisecond},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := storm{t: t, bin: bin, dir: t.TempDir(), words: row.words, line: row.line, life: row.life}
			if slices.Contains(row.words, "compress=zstd") {
				s.bin = built(t) // tailight-zstd is beside it
			}
			kills := *killsFlag
			if row.life > 0 {
				kills = max(kills/5, 10) // each takes so much longer
			}
			s.run(kills)
			for _, word := range row.words {
				if strings.HasPrefix(word, "./") {
					s.check(word)
				}
			}
		})
	}
}

// storm is a writer that does not rest and a reader that is killed.
type storm struct {
	t        *testing.T
	bin, dir string
	words    []string
	line     string
	life     time.Duration // the most, of each that is killed; 0: 17 ms
	lines    int

	// becomes says what is logged of a line in a directory: that many lines; nil, or
	// a directory that it does not have: the line.
	becomes map[string]func(line string) []string
	out     *os.File // standard output of all
}

func (s *storm) run(kills int) {
	s.t.Helper()
	in, err := newConduit()
	if err != nil {
		s.t.Fatal(err)
	}
	defer in.close()
	stop, done := make(chan struct{}), make(chan int)
	go s.write(in.w, stop, done)
	in.w = nil
	life := max(s.life, 17*time.Millisecond)
	for range kills {
		j := s.start(in.r)
		time.Sleep(2*time.Millisecond + rand.N(life-2*time.Millisecond)) // not to wait for anything: the kill is to hit any moment
		_ = j.signal(syscall.SIGKILL)                                    // it may have found the directory locked
		if err := j.wait(); err != nil {
			s.t.Fatal(err)
		}
	}
	close(stop)
	for end := time.Now().Add(limit); ; {
		j := s.start(in.r)
		if err := j.wait(); err != nil {
			s.t.Fatal(err)
		}
		if j.end() == "exit 0" {
			break
		}
		if time.Now().After(end) {
			s.t.Fatalf("the last one: %s", j.end())
		}
	}
	s.lines = <-done
	s.checkSaid()
}

// checkSaid wants silence, but for this: the processor of a killed multilog has
// the lock of its directory between fork and exec.
func (s *storm) checkSaid() {
	s.t.Helper()
	for line := range strings.Lines(readAll(filepath.Join(s.dir, "said"))) {
		if !slices.ContainsFunc(s.words, func(word string) bool {
			return line == "multilog: fatal: unable to lock directory "+word+": temporary failure\n"
		}) {
			s.t.Errorf("said %q", line)
		}
	}
}

// start runs multilog. What it says is looked at by checkSaid.
func (s *storm) start(in *os.File) *job {
	s.t.Helper()
	said, err := os.OpenFile(filepath.Join(s.dir, "said"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer said.Close()
	cmd := exec.Command(filepath.Join(s.bin, "multilog"), s.words...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stderr = s.dir, testEnv(""), in, said
	if s.out != nil {
		cmd.Stdout = s.out
	}
	j, err := startJob(cmd)
	if err != nil {
		s.t.Fatal(err)
	}
	return j
}

// text is line number n.
func (s *storm) text(n int) string {
	if strings.Contains(s.line, "%") {
		return fmt.Sprintf(s.line, n)
	}
	return s.line
}

// write writes lines until it is told to stop, and tells how many.
func (s *storm) write(w io.WriteCloser, stop <-chan struct{}, done chan<- int) {
	b := bufio.NewWriter(w)
	n := 0
	for running := true; running; n++ {
		_, _ = b.WriteString(s.text(n)) // Flush tells
		select {
		case <-stop:
			running = false
		default:
		}
	}
	if err := b.Flush(); err != nil {
		s.t.Error(err)
	}
	_ = w.Close()
	done <- n
}

// logged returns what gives the lines of files one by one, without their stamps,
// which have to rise.
func (s *storm) logged(files []io.Reader) (next func(dir string) (string, bool)) {
	in, stamp, before := bufio.NewReaderSize(io.MultiReader(files...), 64<<10), "", ""
	return func(dir string) (string, bool) {
		s.t.Helper()
		line, err := in.ReadString('\n')
		if err == io.EOF && line == "" {
			return "", false
		}
		if s.words[0] == "t" || strings.HasPrefix(s.words[0], "stamp=") {
			var at string
			at, line, _ = strings.Cut(line, " ")
			if at <= stamp {
				s.t.Fatalf("%s: stamp %s of %.100q after %s of %.100q", dir, at, line, stamp, before)
			}
			stamp, before = at, line
		}
		return line, true
	}
}

// content is that of a file of the directory, which may be packed.
func (s *storm) content(f *os.File) io.Reader {
	s.t.Helper()
	if !slices.Contains(s.words, "compress=zstd") || filepath.Base(f.Name()) == "current" {
		return f
	}
	cmd := exec.Command(filepath.Join(s.bin, packer), "-d")
	cmd.Stdin = f
	text, err := cmd.Output()
	if err != nil {
		s.t.Errorf("%s: %v", f.Name(), err)
	}
	return bytes.NewReader(text)
}

// files opens the log of a directory, and wants nothing else to be there.
func (s *storm) files(dir string) (files []io.Reader) {
	s.t.Helper()
	dir = filepath.Join(s.dir, dir)
	names, err := filepath.Glob(filepath.Join(dir, "@*"))
	if err != nil {
		s.t.Fatal(err)
	}
	slices.Sort(names)
	for _, name := range append(names, filepath.Join(dir, "current")) {
		if strings.HasSuffix(name, ".u") {
			s.t.Errorf("there is %s", name)
		}
		f, err := os.Open(name)
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { _ = f.Close() })
		files = append(files, s.content(f))
	}
	for _, name := range []string{"spool", "progress", "previous", "processed"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			s.t.Errorf("%s/%s is left", dir, name)
		}
	}
	return files
}

func (s *storm) check(dir string) {
	s.t.Helper()
	files := s.files(dir)
	lines := s.logged(files)
	becomes := s.becomes[filepath.Base(dir)]
	n := 0
	for ; n < s.lines; n++ {
		wants := []string{s.text(n)}
		if becomes != nil {
			wants = becomes(wants[0])
		}
		for _, want := range wants {
			if line, ok := lines(dir); !ok || line != want {
				s.t.Fatalf("%s: line %d of %d is %.60q, want %.60q", dir, n, s.lines, line, want)
			}
		}
	}
	if line, ok := lines(dir); ok {
		s.t.Errorf("%s: more than %d lines: %.60q", dir, n, line)
	}
	s.t.Logf("%s: %d lines in %d files", filepath.Base(dir), n, len(files))
}

// TestTERMAfterAKillLeavesTheRest: what the killed one had taken is written, and
// what nobody had is left to the next reader.
func TestTERMAfterAKillLeavesTheRest(t *testing.T) {
	t.Parallel()
	w, err := newWorld(t.TempDir(), ours(t))
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	for _, s := range []step{multilog("./d"), feed("one\npart"), sig(syscall.SIGKILL), multilog("./d"), idle(),
		sig(syscall.SIGTERM), pour("ial\nnext\n"), over()} {
		if err := s.do(w); err != nil {
			t.Fatalf("%s: %v", s.text, err)
		}
	}
	if got, want := readAll(filepath.Join(w.dir, "d", "current")), "one\npartial\n"; got != want {
		t.Errorf("current is %q, want %q", got, want)
	}
	rest, err := w.pipe.rest()
	if string(rest) != "next\n" || err != nil {
		t.Errorf("left in the pipe: %q, %v", rest, err)
	}
}

// TestWhatIsNoPipeIsReadPlainly looks for a spool while multilog reads.
func TestWhatIsNoPipeIsReadPlainly(t *testing.T) {
	t.Parallel()
	bin := ours(t)
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	near, far := os.NewFile(uintptr(pair[0]), "near"), os.NewFile(uintptr(pair[1]), "far")
	defer near.Close()
	defer far.Close()
	pipe, err := newConduit()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.close()
	for _, row := range []struct {
		name  string
		in, w *os.File
		spool bool
	}{{"a socket", near, far, false}, {"a pipe", pipe.r, pipe.w, true}} {
		s := storm{t: t, bin: bin, dir: t.TempDir(), words: []string{"./d"}}
		j := s.start(row.in)
		if _, err := row.w.WriteString("one\n"); err != nil {
			t.Fatal(err)
		}
		current := filepath.Join(s.dir, "d", "current")
		if err := until("a line", j, func() bool { return readAll(current) == "one\n" }); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(s.dir, "d", "spool")); (err == nil) != row.spool {
			t.Errorf("%s: the spool: %v", row.name, err)
		}
		if err := j.signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := j.wait(); err != nil {
			t.Fatal(err)
		}
	}
}
