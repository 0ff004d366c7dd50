//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tailight/tailight/supervise"
)

var restartsFlag = flag.Int("restarts", 40, "how many times services and loggers are killed or restarted")

// stepsEach is how many of the steps fall to one service and its logger: their
// starts are a second apart, so that more steps take more services, or time.
const stepsEach = 20

func init() { players["mover"] = mover }

// mover is a service that writes what comes out of a FIFO to its standard
// output. splice(2) takes and gives in one step, so that a kill at any moment
// neither loses nor doubles a byte: what is missing or double at the end is
// not the service's fault.
func mover() {
	in, err := unix.Open(os.Args[1], unix.O_RDONLY, 0)
	for err == nil || err == unix.EINTR {
		var n int64
		if n, err = unix.Splice(in, nil, 1, nil, 4096, 0); n == 0 && err == nil {
			err = io.EOF // nobody writes to it any more
		}
	}
	fmt.Fprintln(os.Stderr, "mover:", err)
}

// TestNoRestartLosesOrDoublesALine kills and restarts services and loggers, and
// lets the supervises of both leave, at random moments while numbered lines
// run through them. Each line is in the log once, in order. (SIGKILL of a
// multilog loses what it has read: that is left out.)
func TestNoRestartLosesOrDoublesALine(t *testing.T) {
	t.Parallel()
	steps := stepsEach
	if *restartsFlag < 10*stepsEach {
		steps = 4 // a short run
	}
	bin := ours(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "mover")); err != nil {
		t.Fatal(err)
	}
	tr := newScanTree(t, bin)
	streams := make([]*stream, max(*restartsFlag/steps, 1))
	seed := uint64(time.Now().UnixNano())
	for i := range streams {
		streams[i] = tr.newStream(strconv.Itoa(i), rand.New(rand.NewPCG(seed, uint64(i))))
	}
	tr.start()
	var running sync.WaitGroup
	for _, s := range streams {
		running.Go(func() { s.err = s.play(steps) })
	}
	running.Wait()
	tr.signal(syscall.SIGTERM)
	tr.ends()
	lines := 0
	for _, s := range streams {
		lines += s.next
		if err := errors.Join(s.err, s.check()); err != nil {
			t.Errorf("service %s: %v\n%s", s.name, err, strings.Join(s.story, "\n"))
		}
	}
	t.Logf("%d lines through %d services with a logger each, %d steps each", lines, len(streams), steps)
}

// A stream is the lines that run through a service and its logger.
type stream struct {
	name string
	dir  string // of the service
	r    *rand.Rand
	fifo *os.File
	next int            // number of the next line
	pids map[string]int // the last victim, service or logger
	stay bool           // the supervises are not told to leave
	err  error

	story []string
}

func (tr *scanTree) newStream(name string, r *rand.Rand) *stream {
	tr.t.Helper()
	tr.service(name, "exec mover fifo\n", "exec multilog t s16777215 ./main\n")
	tr.link(name)
	s := &stream{name: name, dir: filepath.Join(tr.home, name), r: r, pids: map[string]int{}}
	path := filepath.Join(s.dir, "fifo")
	tr.must(syscall.Mkfifo(path, 0o600))
	var err error
	s.fifo, err = os.OpenFile(path, os.O_RDWR, 0) // for reading too: it must never end
	tr.must(err)
	tr.t.Cleanup(func() { _ = s.fifo.Close() })
	return s
}

// play writes lines and, meanwhile, makes the steps. At the end all lines are in
// the pipe to the logger, or behind it.
func (s *stream) play(steps int) error {
	stop, wrote := make(chan struct{}), make(chan error, 1)
	r := rand.New(rand.NewPCG(s.r.Uint64(), 0)) // one for each goroutine
	go func() { wrote <- s.write(stop, r) }()
	var err error
	for range steps {
		if err = s.step(); err != nil {
			break
		}
	}
	close(stop)
	err = errors.Join(err, s.fifo.SetWriteDeadline(time.Now().Add(limit)))
	return errors.Join(err, <-wrote, until("an empty FIFO", nil, s.isEmpty))
}

// isEmpty reports whether the service has taken all lines.
func (s *stream) isEmpty() bool {
	n, err := -1, error(nil)
	raw, rerr := s.fifo.SyscallConn() // Fd would make it blocking
	if rerr == nil {
		rerr = raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
	}
	return rerr == nil && err == nil && n == 0
}

// write writes numbered lines of many lengths until it is told to stop.
func (s *stream) write(stop chan struct{}, r *rand.Rand) error {
	for {
		var b strings.Builder
		for range 1 + r.IntN(8) {
			fmt.Fprintf(&b, "%d %s\n", s.next, filler(r.IntN(200)))
			s.next++
		}
		if _, err := s.fifo.WriteString(b.String()); err != nil {
			return err
		}
		select {
		case <-stop:
			return nil
		case <-time.After(time.Duration(r.IntN(20)) * time.Millisecond):
		}
	}
}

// step kills or restarts one of the two when it has started, or soon after.
func (s *stream) step() error {
	half, ways := "", []string{"t", "k", "du", "t", "k", "du", "tx", "kx"}
	if s.r.IntN(2) == 0 {
		half, ways = "log", []string{"t", "du", "t", "du", "t", "tx"}
	}
	if s.stay {
		ways = ways[:3]
	}
	control := filepath.Join(s.dir, half, "supervise")
	letters := ways[s.r.IntN(len(ways))]
	s.story = append(s.story, strings.TrimSpace("svc -"+letters+" "+half))
	err := until("the next start of "+s.name+"/"+half, nil, func() bool {
		st, err := supervise.ReadStatus(control)
		return err == nil && st.PID != 0 && st.PID != s.pids[half]
	})
	if err != nil {
		return err
	}
	st, err := supervise.ReadStatus(control)
	s.pids[half] = st.PID
	time.Sleep(time.Duration(s.r.IntN(10)) * time.Millisecond) // any moment will do
	return errors.Join(err, supervise.Send(control, []byte(letters)))
}

// check reads the log.
func (s *stream) check() error {
	files, err := filepath.Glob(filepath.Join(s.dir, "log/main/@*"))
	if err != nil {
		return err
	}
	slices.Sort(files)
	next := 0
	for _, file := range append(files, filepath.Join(s.dir, "log/main/current")) {
		for line := range strings.Lines(readAll(file)) {
			fields := strings.Fields(line)
			if len(fields) < 2 || fields[1] != strconv.Itoa(next) {
				return fmt.Errorf("%s: %q, want line %d", filepath.Base(file), line, next)
			}
			next++
		}
	}
	if next != s.next {
		return fmt.Errorf("%d lines in the log, want %d", next, s.next)
	}
	return nil
}
