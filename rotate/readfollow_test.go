package rotate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tailight/tailight/tai64"
)

// following is a Reader in a goroutine of its own.
type following struct {
	t     *testing.T
	mu    sync.Mutex // guards lines and told
	lines []string
	told  []string
	idle  atomic.Int64 // times it has waited
	end   func()
}

func follow(t *testing.T, dirs []string, opt ReadOptions) *following {
	f := &following{t: t}
	ctx, cancel := context.WithCancel(t.Context())
	opt.Follow = true
	opt.Idle = func() { f.idle.Add(1) }
	opt.Warn = func(err error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.told = append(f.told, err.Error())
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for l, err := range NewReader(dirs, opt).Lines(ctx) {
			text := ""
			if err != nil {
				text = err.Error()
			} else {
				text = string(l.Text)
			}
			f.mu.Lock()
			f.lines = append(f.lines, text)
			f.mu.Unlock()
		}
	}()
	f.end = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(f.end)
	return f
}

func (f *following) got() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.lines)
}

func (f *following) want(lines ...string) {
	f.t.Helper()
	for until := time.Now().Add(limit); time.Now().Before(until); time.Sleep(time.Millisecond) {
		if slices.Equal(f.got(), lines) {
			return
		}
	}
	got := f.got()
	f.t.Fatalf("got %d lines, want %d:%s\nwant%s\ntold %q", len(got), len(lines), brief(got, lines), brief(lines, got), f.told)
}

// stamped writes lines with stamps to a directory.
type stamped struct {
	*Dir
	stamper *tai64.Stamper
	n       int
	texts   []string
}

func openStamped(t *testing.T, name string, opt Options) *stamped {
	t.Helper()
	clock := new(tai64.Clock)
	opt.Clock, opt.Stamped = clock, true
	d, err := Open(name, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Abandon)
	return &stamped{Dir: d, stamper: tai64.NewStamper(clock)}
}

// batch writes some lines in one write.
func (s *stamped) batch(lines, size int) error {
	var b []byte
	s.stamper.Clock.Read()
	for range lines {
		from := len(b)
		b = s.stamper.Append(b)
		b = append(strconv.AppendInt(b, int64(s.n), 10), ' ')
		b = append(b, strings.Repeat("x", size)...)
		s.texts = append(s.texts, string(b[from:]))
		b = append(b, '\n')
		s.n++
	}
	_, err := s.Write(b)
	return err
}

func TestFollowGoesOnAcrossRotations(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "main")
	d := openStamped(t, name, Options{Size: MinSize, Num: 100})
	if err := d.batch(3, 10); err != nil {
		t.Fatal(err)
	}
	f := follow(t, []string{name}, ReadOptions{})
	f.want(d.texts...)
	for range 50 {
		if err := d.batch(20, 100); err != nil {
			t.Fatal(err)
		}
	}
	f.want(d.texts...)
	if err := d.Rotate(); err != nil {
		t.Fatal(err)
	}
	if err := d.batch(1, 10); err != nil {
		t.Fatal(err)
	}
	f.want(d.texts...)
}

func TestFollowWaitsForTheRestOfALine(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	d := l.open()
	l.write(d, "one\ntw")
	f := follow(t, []string{l.name}, ReadOptions{})
	f.want("one")
	l.write(d, "o\n")
	f.want("one", "two")
}

func TestFollowGoesOnInADirectoryMadeAnew(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "main")
	f := follow(t, []string{name}, ReadOptions{Wait: true})
	d := openStamped(t, name, Options{})
	var texts []string
	for i := range 3 {
		if err := d.batch(5, 10); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, d.texts...)
		f.want(texts...)
		switch i {
		case 0: // removed while it is written
			if err := os.RemoveAll(name); err != nil {
				t.Fatal(err)
			}
			d.texts = nil
			continue
		case 1: // moved away, and the next is another one
			if err := os.Rename(name, name+".old"); err != nil {
				t.Fatal(err)
			}
		}
		d.Abandon()
		d = openStamped(t, name, Options{})
	}
}

func TestFollowFindsNewDirectories(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	f := follow(t, nil, ReadOptions{Watch: []string{base}, Dirs: func() []string {
		names, _ := filepath.Glob(filepath.Join(base, "*"))
		return names
	}})
	var texts []string
	for i := range 3 {
		d := openStamped(t, filepath.Join(base, strconv.Itoa(i)), Options{})
		if err := d.batch(2, 10); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, d.texts...)
		f.want(texts...)
	}
}

func TestAFileThatIsCutAndWrittenAgainIsNotDoubled(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	line := func(n int) string { return stampAt(n) + " line" }
	l.put("current", line(1)+"\n"+line(2)+"\n"+line(3)+"\n", 0o644)
	f := follow(t, []string{l.name}, ReadOptions{})
	f.want(line(1), line(2), line(3))
	if err := os.Truncate(l.path("current"), int64(len(line(1))+1)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "told", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return len(f.told) == 1 })
	file, err := os.OpenFile(l.path("current"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	fmt.Fprintf(file, "%s\n%s\n%s\n", line(2), line(3), line(4))
	f.want(line(1), line(2), line(3), line(4))
}

func TestFollowingSilentDirectoriesNeverWakesUp(t *testing.T) {
	t.Parallel()
	w := newWatch()
	switch {
	case w != nil:
		w.close()
	case runtime.GOOS == "linux":
		t.Fatal("nobody tells of changes")
	default:
		t.Skip("only Linux tells of changes")
	}
	var dirs []string
	for range 50 {
		l := newLogDir(t)
		l.put("current", "", 0o644)
		dirs = append(dirs, l.name)
	}
	f := follow(t, dirs, ReadOptions{})
	eventually(t, "idle", func() bool { return f.idle.Load() == 1 })
	d := openStamped(t, dirs[7], Options{})
	eventually(t, "quiet", func() bool { n := f.idle.Load(); return n > 1 })
	before := f.idle.Load()
	if err := d.batch(100, 10); err != nil {
		t.Fatal(err)
	}
	f.want(d.texts...)
	if woken := f.idle.Load() - before; woken > 3 {
		t.Errorf("woken %d times for a batch", woken)
	}
}

// The storm: two writers, thousands of rotations, and readers that stop at any
// line and go on with the cursor.
func TestACursorLosesAndDoublesNothingInAStorm(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	cursor := filepath.Join(base, "cursor")
	dirs := []string{filepath.Join(base, "a"), filepath.Join(base, "b")}
	writers := make([]*stamped, len(dirs))
	const batches = 1000
	var written sync.WaitGroup
	for i, dir := range dirs {
		writers[i] = openStamped(t, dir, Options{Size: MinSize, Num: 1 << 20})
		written.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(i), 2))
			for range batches {
				if err := writers[i].batch(1+rnd.IntN(10), rnd.IntN(900)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	finished := make(chan struct{})
	go func() { written.Wait(); close(finished) }()
	got := make([][]string, len(dirs))
	rnd := rand.New(rand.NewPCG(3, 4))
	runs := 0
	for over := false; !over; runs++ {
		select {
		case <-finished:
			over = true
		default:
		}
		after, err := LoadCursor(cursor)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		r := NewReader(dirs, ReadOptions{Follow: !over, After: after, Warn: func(err error) { t.Error(err) }})
		left := 1 + rnd.IntN(2000)
		if !over {
			go func() {
				select {
				case <-finished:
					cancel()
				case <-ctx.Done():
				}
			}()
		}
		for l, err := range r.Lines(ctx) {
			if err != nil {
				t.Error(err)
				break
			}
			got[l.Source] = append(got[l.Source], string(l.Text))
			if left--; left == 0 && !over {
				break
			}
		}
		cancel()
		if err := r.Cursor().Save(cursor); err != nil {
			t.Fatal(err)
		}
	}
	for i, w := range writers {
		if !slices.Equal(got[i], w.texts) {
			t.Errorf("directory %d: %d lines, want %d%s\nwant%s", i, len(got[i]), len(w.texts), brief(got[i], w.texts), brief(w.texts, got[i]))
		}
	}
	names, _ := filepath.Glob(filepath.Join(base, "*", "@*"))
	t.Logf("%d rotations, %d runs of a reader", len(names), runs)
	if len(names) < 1000 {
		t.Errorf("%d rotations are no storm", len(names))
	}
}

func TestACursorIsWrittenSafely(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	l.put("current", stampAt(5)+" a\n", 0o644)
	r := NewReader([]string{l.name}, ReadOptions{})
	for range r.Lines(t.Context()) {
	}
	file := filepath.Join(t.TempDir(), "cursor")
	if err := r.Cursor().Save(file); err != nil {
		t.Fatal(err)
	}
	c, err := LoadCursor(file)
	if err != nil {
		t.Fatal(err)
	}
	if label, ok := c.Label(l.name); !ok || label != labelAt(5) {
		t.Errorf("label %v, %t", label, ok)
	}
	text, _ := c.MarshalText()
	for cut := range len(text) {
		if err := new(Cursor).UnmarshalText(text[:cut]); err == nil && cut > len(cursorHead)+1 {
			t.Errorf("a cursor of %d bytes of %d was read", cut, len(text))
		}
	}
	var pathError *Error
	if _, err := LoadCursor(t.TempDir()); !errors.As(err, &pathError) {
		t.Errorf("a directory as cursor: %v", err)
	}
}

func TestACursorOfARangeGoesOnBehindIt(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		clock := 1
		dir, lines := logHistory(t, rnd, 0, &clock)
		var want, got []string
		for _, l := range lines {
			want = append(want, l.text)
		}
		after := new(Cursor)
		for until := range clock + 3 {
			opt := ReadOptions{After: after, Until: labelAt(until)}
			if until == clock+2 {
				opt.Until = tai64.TAI64N{}
			}
			left := 1 + rnd.IntN(20)
			r := NewReader([]string{dir}, opt)
			for l, err := range r.Lines(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(l.Text))
				if left--; left == 0 && until != clock+2 {
					break
				}
			}
			after = r.Cursor()
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %d lines, want %d%s\nwant%s", seed, len(got), len(want), brief(got, want), brief(want, got))
		}
	}
}

func TestWhatAProcessorMadeOfAFileIsNotReadAgain(t *testing.T) {
	t.Parallel()
	for _, lead := range []string{"", stampAt(7) + " "} {
		l := newLogDir(t)
		l.put(archive(labelAt(5), "s"), stampAt(5)+" a\n", 0o744)
		l.put("current", lead+"b\n", 0o644)
		r := NewReader([]string{l.name}, ReadOptions{After: new(Cursor)})
		for range r.Lines(t.Context()) {
		}
		if err := os.Rename(l.path("current"), l.path("raw")); err != nil { // another inode, for certain
			t.Fatal(err)
		}
		l.put(archive(labelAt(7), "s"), lead+"b\n", 0o744)
		l.put("current", "c\n", 0o644)
		if got := readAllLines(t, []string{l.name}, ReadOptions{After: r.Cursor()}); !slices.Equal(got, []string{"c"}) {
			t.Errorf("after %q: got %q", lead+"b", got)
		}
	}
}

func TestFollowReadsOnceWhatGoesThroughAProcessor(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	l.opt.Processor, l.opt.HasProcessor = "cat", true
	d := l.open()
	f := follow(t, []string{l.name}, ReadOptions{})
	var lines []string
	for i := range 20 {
		lines = append(lines, fmt.Sprintf("line %d", i))
		l.write(d, lines[i]+"\n")
		f.want(lines...)
		l.rotate(d)
	}
	l.close(d)
	f.end()
	if got := f.got(); !slices.Equal(got, lines) {
		t.Errorf("got %q", got)
	}
}
