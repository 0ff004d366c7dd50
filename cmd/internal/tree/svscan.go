package tree

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/supervise"
)

const svscanUsage = "svscan [--encore] [--stop-removed] [--log=FILE] [dir]"

// Svscan keeps a supervise running for every service of a directory.
func Svscan(e *cli.Env) int {
	if len(e.Args) == 1 && e.Args[0] == renewalCheck && supervise.TakesOver {
		_, _ = e.Out.WriteString(supervise.RenewedFormat)
		return cli.OK
	}
	renewal := e.Renewal()
	opt := supervise.ScanOptions{Warn: e.Warn, Env: cli.Environ(), Supervise: cli.Candidates("supervise")}
	var log string
	operands, ok := longOptions(e, func(f *cli.Flags) {
		f.BoolVar(&opt.Encore, "encore", false, "")
		f.BoolVar(&opt.StopRemoved, "stop-removed", false, "")
		f.StringVar(&log, "log", "", "")
	})
	if !ok {
		return e.Usage(svscanUsage)
	}
	renewed, state, _ := strings.Cut(e.Renewed, "\n")
	if e.Renewed != "" {
		log, opt.State = renewed, state
	}
	if log != "" {
		var err error
		if log, err = filepath.Abs(log); err != nil {
			return e.Fatal(err)
		}
		warn, err := warnTo(e, log)
		if err != nil {
			return e.Fatal(err)
		}
		opt.Warn = warn
	}
	if len(operands) > 0 && e.Renewed == "" { // further ones are ignored, as in 0.76
		dir := operands[0]
		if err := os.Chdir(dir); err != nil {
			return e.Fatal(fmt.Errorf("unable to chdir to %s: %w", dir, cli.Errno(err)))
		}
	}
	if err := scan(opt, renewal, log); err != nil {
		return e.Fatal(err)
	}
	return cli.OK
}

// longOptions takes the options of a command whose original has none: a word
// with one dash, or a dash alone, is a directory to that.
func longOptions(e *cli.Env, define func(*cli.Flags)) (operands []string, ok bool) {
	options := 0
	for options < len(e.Args) && strings.HasPrefix(e.Args[options], "--") {
		options++
	}
	long := *e
	long.Args = e.Args[:options]
	operands, ok = long.Long(define)
	return append(operands, e.Args[options:]...), ok
}

// scan lets a scanner live in the working directory.
func scan(opt supervise.ScanOptions, r *cli.Renewal, log string) error {
	var s *supervise.Scanner
	var l *listener
	opt.Renew = func(state string, keep []int) error {
		err := r.Try(supervise.RenewedFormat, renewalCheck)
		if err != nil {
			return err
		}
		file, err := supervise.Memory(log + "\n" + state)
		if err != nil {
			return err
		}
		defer syscall.Close(file)
		err = r.Exec(keep, file, func() bool { return l.idle() && !s.Asked() })
		if errors.Is(err, cli.ErrBusy) {
			s.Ask(supervise.Renew) // what came is done first
			return nil
		}
		return err
	}
	var err error
	if s, err = supervise.NewScanner(opt); err != nil {
		return err
	}
	l = obey(s)
	defer l.off()
	cli.Listening(slices.Collect(maps.Keys(requests))...)
	return s.Run()
}

// renewalCheck lets svscan say which state it understands, and nothing else. To
// one of 0.76 it is a directory that is not there.
const renewalCheck = "--renewal-check"

// A listener lets a scanner obey the signals of this process.
type listener struct {
	signals chan os.Signal
	asked   chan struct{} // can be read when nothing is on its way
	done    chan struct{}
}

// obey lets a scanner obey the signals of this process until it is called off.
// HUP and INT stay ignored if whoever started us ignores them, as nohup does:
// the services are to inherit that.
func obey(s *supervise.Scanner) *listener {
	l := &listener{make(chan os.Signal, 16), make(chan struct{}), make(chan struct{})}
	for sig := range requests {
		if (sig == syscall.SIGHUP || sig == syscall.SIGINT) && signal.Ignored(sig) {
			continue
		}
		signal.Notify(l.signals, sig)
	}
	go func() {
		defer close(l.done)
		for {
			select {
			case sig, ok := <-l.signals:
				if !ok {
					return
				}
				s.Ask(requests[sig])
			case l.asked <- struct{}{}:
			}
		}
	}()
	return l
}

// idle waits until no signal is on its way to the scanner, and reports whether
// that is still so.
func (l *listener) idle() bool {
	<-l.asked
	return len(l.signals) == 0
}

func (l *listener) off() {
	signal.Stop(l.signals)
	close(l.signals)
	<-l.done
}

// requests is what signals ask for. In 0.76 every one but CHLD ends svscan and
// leaves the services to themselves; that is what QUIT does here. PIPE asks for
// nothing: a message that nobody reads is no reason to end.
var requests = map[os.Signal]supervise.Request{
	syscall.SIGCHLD: supervise.Reap,
	syscall.SIGHUP:  supervise.Rescan,
	syscall.SIGTERM: supervise.Stop,
	syscall.SIGINT:  supervise.Stop,
	syscall.SIGQUIT: supervise.Leave,
	syscall.SIGUSR1: supervise.Renew,
	syscall.SIGPIPE: 0,
}
