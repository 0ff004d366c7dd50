package rotate

// Not tested here, as far as is known:
//
//   - a real power cut: the model of memcrash_test.go is an assumption about
//     file systems, and a sync that failed and then works is believed;
//   - a file system that applies changes of a directory out of their order;
//   - file systems without hard links, or with an EIO that stays;
//   - a directory on NFS, where a lock or a removed file behave otherwise;
//   - two processes that enter one directory by different mounts;
//   - a processor that outlives a killed writer and goes on writing;
//   - mixing with the multilog of 0.76 itself: see the tests of cmd/tailight;
//   - lumberjack's own retention by age.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// limit is how long a test waits for an event that has to come.
const limit = 10 * time.Second

func TestMain(m *testing.M) {
	if task := os.Getenv("ROTATE_TEST_CHILD"); task != "" {
		os.Exit(child(task))
	}
	r, w, err := os.Pipe() // the runtime keeps two descriptors from its first pipe on
	if err != nil {
		panic(err)
	}
	_, _ = r.Close(), w.Close()
	before := descriptors()
	code := m.Run()
	if err := leftBehind(before); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, "left behind:", err)
		code = 1
	}
	os.Exit(code)
}

// child is the test binary as another process: it opens the directory of its
// first argument with the processor of the second, writes a line, rotates and
// closes. It leaves nothing out that a small program would do.
func child(umask string) int {
	if mask, err := strconv.ParseInt(umask, 8, 32); err == nil {
		syscall.Umask(int(mask))
	}
	opt := Options{Processor: os.Args[2], HasProcessor: os.Args[2] != "", Warn: func(err error) { fmt.Println(err) }}
	d, err := Open(os.Args[1], opt)
	if err == nil {
		_, err = fmt.Fprintln(d, "line")
		err = errors.Join(err, d.Rotate())
		_, err2 := fmt.Fprintln(d, "next")
		err = errors.Join(err, err2, d.Close())
	}
	if err != nil {
		fmt.Println(err)
		return 111
	}
	return 0
}

// descriptors lists the open ones.
func descriptors() (open []int) {
	for n := range 1024 {
		if _, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0); err == nil {
			open = append(open, n)
		}
	}
	return open
}

// leftBehind looks for what a test that has ended should have ended too.
func leftBehind(before []int) error {
	var err error
	for until := time.Now().Add(limit); time.Now().Before(until); runtime.Gosched() {
		if err = stragglers(before); err == nil {
			return nil
		}
	}
	return err
}

func stragglers(before []int) error {
	if open := descriptors(); len(open) > len(before) {
		return fmt.Errorf("descriptors %v, before %v", open, before)
	}
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != syscall.ECHILD {
		return fmt.Errorf("process %d, %v", pid, err)
	}
	buf := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		// lumberjack keeps a goroutine per file for ever.
		if strings.Contains(stack, "tailight/rotate") && !strings.Contains(stack, "TestMain") && !strings.Contains(stack, "lumberjack.v2") {
			return errors.New(stack)
		}
	}
	return nil
}

// eventually waits for a condition that another goroutine or process brings
// about.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(limit); !is(); <-tick.C {
		if time.Now().After(until) {
			t.Fatalf("%s: not within %v", what, limit)
		}
	}
}

// logDir is a real log directory and what is told about it.
type logDir struct {
	t    *testing.T
	name string
	opt  Options
	told []string // by Warn and Retry, without "unable to"
}

// newLogDir is a directory of 0.76's defaults but for a small size. A warning
// is remembered; a failure that Retry is told of ends the test.
func newLogDir(t *testing.T) *logDir {
	l := &logDir{t: t, name: filepath.Join(t.TempDir(), "main")}
	l.opt = Options{Size: MinSize, Warn: func(err error) { l.told = append(l.told, err.Error()) }}
	return l
}

func (l *logDir) open() *Dir {
	l.t.Helper()
	d, err := Open(l.name, l.opt)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(d.Abandon)
	return d
}

func (l *logDir) write(d *Dir, text string) {
	l.t.Helper()
	if n, err := d.Write([]byte(text)); n != len(text) || err != nil {
		l.t.Fatalf("wrote %d bytes of %d: %v", n, len(text), err)
	}
}

func (l *logDir) rotate(d *Dir) {
	l.t.Helper()
	if err := d.Rotate(); err != nil {
		l.t.Fatal(err)
	}
}

func (l *logDir) close(d *Dir) {
	l.t.Helper()
	if err := d.Close(); err != nil {
		l.t.Fatal(err)
	}
}

func (l *logDir) path(name string) string { return filepath.Join(l.name, name) }

// archives are the names of the directory's archives, oldest first.
func (l *logDir) archives() []string {
	l.t.Helper()
	return archives(l.names())
}

func (l *logDir) names() (names []string) {
	l.t.Helper()
	entries, err := os.ReadDir(l.name)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func (l *logDir) read(name string) string {
	l.t.Helper()
	b, err := os.ReadFile(l.path(name))
	if err != nil {
		l.t.Fatal(err)
	}
	return string(b)
}

// contents are those of the archives, oldest first, and of current.
func (l *logDir) contents() (texts []string) {
	l.t.Helper()
	for _, name := range append(l.archives(), "current") {
		texts = append(texts, l.read(name))
	}
	return texts
}

// put makes a file as somebody else may.
func (l *logDir) put(name, data string, mode fs.FileMode) {
	l.t.Helper()
	err := os.MkdirAll(l.name, 0o700)
	if err == nil {
		err = os.WriteFile(l.path(name), []byte(data), mode)
	}
	if err == nil {
		err = os.Chmod(l.path(name), mode)
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

// wantTold checks what was told, each by its beginning after "unable to".
func (l *logDir) wantTold(want ...string) {
	l.t.Helper()
	if !slices.EqualFunc(l.told, want, func(got, want string) bool {
		return strings.HasPrefix(strings.TrimPrefix(got, "unable to "), want)
	}) {
		l.t.Errorf("told %q, want %q", l.told, want)
	}
}

// wantContents checks archives and current.
func (l *logDir) wantContents(want ...string) {
	l.t.Helper()
	if got := l.contents(); !slices.Equal(got, want) {
		l.t.Errorf("archives and current hold %.200q, want %.200q", got, want)
	}
}
