package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/rotate"
)

// outputSize is how much is gathered for a write.
const outputSize = 64 << 10

// output gathers what is shown. After an error it takes nothing more.
type output struct {
	to    *os.File
	b     []byte
	err   error
	page  func() error // starts a pager, once there is something for it; nil: none
	pager int          // its pid; 0: none
}

func (o *output) flush() {
	if o.page != nil && len(o.b) > 0 {
		o.err = o.page()
		o.page = nil
	}
	if o.err == nil {
		if _, err := o.to.Write(o.b); err != nil {
			o.err = fmt.Errorf("unable to write output: %w", cli.Errno(err))
		}
	}
	o.b = o.b[:0]
}

// start puts a pager in front of the output. It is a command of the shell; with
// LESS=FRX, unless that is set, less shows what fits on a page and ends.
func (o *output) start(e *cli.Env, command string, env func(string) (string, bool)) error {
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("unable to create pipe: %w", cli.Errno(err))
	}
	defer r.Close()
	environ := os.Environ()
	if _, ok := env("LESS"); !ok {
		environ = append(environ, "LESS=FRX")
	}
	o.pager, err = cli.Spawn([]string{"/bin/sh", "-c", command}, &syscall.ProcAttr{
		Env: environ, Files: []uintptr{r.Fd(), e.Out.Fd(), e.Err.Fd()},
	})
	if err != nil {
		w.Close()
		o.pager = 0
		return fmt.Errorf("unable to run %s: %w", command, cli.Errno(err))
	}
	// A pager that ends early has to be waited for, which the default action
	// would not do.
	signal.Ignore(syscall.SIGPIPE)
	o.to = w
	return nil
}

// close returns the error of the output, after a pager has ended.
func (o *output) close() error {
	if o.pager == 0 {
		return o.err
	}
	_ = o.to.Close() // a pipe has nothing to say
	for {
		if _, err := syscall.Wait4(o.pager, nil, 0, nil); err != syscall.EINTR {
			return o.err
		}
	}
}

// pagerOf returns the command of the pager, or nothing.
func pagerOf(env func(string) (string, bool)) string {
	for _, name := range []string{"SVLOG_PAGER", "PAGER"} {
		if command, ok := env(name); ok {
			if command = strings.TrimSpace(command); command == "cat" {
				return ""
			}
			return command
		}
	}
	found := errors.New("not yet")
	path, _ := env("PATH")
	for dir := range strings.SplitSeq(path, ":") {
		if fi, err := os.Stat(dir + "/less"); err == nil && fi.Mode().IsRegular() && fi.Mode()&0o111 != 0 {
			found = nil
			break
		}
	}
	if found != nil {
		return ""
	}
	return "less -FRX"
}

// patience is how long svlog may take to end after a signal: the reader of its
// output may not read.
const patience = time.Second

// interrupted returns a context that ends by INT, TERM or HUP, unless they are
// ignored. Then the output is written and the cursor saved. If that takes too
// long, or the signal comes once more, the process dies of it. INT with a pager
// is for the pager: the reading ends, and who reads goes on. over ends that.
func interrupted(paged bool) (ended context.Context, over func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals, done := make(chan os.Signal, 1), make(chan struct{})
	var caught []os.Signal
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
			caught = append(caught, s)
		}
	}
	var waiting sync.WaitGroup
	waiting.Go(func() {
		s := first(signals, done)
		for ; s == syscall.SIGINT && paged; s = first(signals, done) {
			cancel()
		}
		if s == nil {
			return
		}
		cancel()
		signal.Reset(caught...)
		late := time.NewTimer(patience)
		defer late.Stop()
		select {
		case <-done:
		case <-late.C:
			_ = syscall.Kill(os.Getpid(), s.(syscall.Signal))
		}
	})
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
		waiting.Wait()
	}
}

// first returns the next signal, or nil when all is done.
func first(signals <-chan os.Signal, done <-chan struct{}) os.Signal {
	select {
	case <-done:
		return nil
	case s := <-signals:
		return s
	}
}

// keeper keeps the cursor in its file. While following it is saved a second after
// lines have come: a sync for each of them would be too much.
type keeper struct {
	file string

	mu    sync.Mutex // guards all below
	next  *rotate.Cursor
	timer *time.Timer
}

// load makes reading begin at the cursor.
func (k *keeper) load(file string, read *rotate.ReadOptions) (err error) {
	if k.file = file; file != "" {
		read.After, err = rotate.LoadCursor(file)
	}
	return err
}

// later saves where the reader is in a while.
func (k *keeper) later(r *rotate.Reader) {
	if k.file == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next = r.Cursor()
	if k.timer == nil {
		k.timer = time.AfterFunc(time.Second, k.now)
	}
}

// now is what the timer does. What fails is tried again with the next lines, and
// said at the end.
func (k *keeper) now() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.timer != nil {
		k.timer = nil
		_ = k.next.Save(k.file)
	}
}

// save saves where the reader is.
func (k *keeper) save(r *rotate.Reader) error {
	if k.file == "" {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.timer != nil {
		k.timer.Stop()
		k.timer = nil
	}
	return r.Cursor().Save(k.file)
}
