package tree

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/supervise"
)

const svscanUsage = "svscan [--encore] [--stop-removed] [--log=FILE] [dir]"

// Svscan keeps a supervise running for every service of a directory.
func Svscan(e *cli.Env) int {
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
	if log != "" {
		warn, err := warnTo(e, log)
		if err != nil {
			return e.Fatal(err)
		}
		opt.Warn = warn
	}
	if len(operands) > 0 { // further ones are ignored, as in 0.76
		dir := operands[0]
		if err := os.Chdir(dir); err != nil {
			return e.Fatal(fmt.Errorf("unable to chdir to %s: %w", dir, cli.Errno(err)))
		}
	}
	if err := scan(opt); err != nil {
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
func scan(opt supervise.ScanOptions) error {
	s, err := supervise.NewScanner(opt)
	if err != nil {
		return err
	}
	defer obey(s)()
	return s.Run()
}

// obey lets a scanner obey the signals of this process until it is called off.
// HUP and INT stay ignored if whoever started us ignores them, as nohup does:
// the services are to inherit that.
func obey(s *supervise.Scanner) (off func()) {
	signals := make(chan os.Signal, 16)
	for sig := range requests {
		if (sig == syscall.SIGHUP || sig == syscall.SIGINT) && signal.Ignored(sig) {
			continue
		}
		signal.Notify(signals, sig)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for sig := range signals {
			s.Ask(requests[sig])
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
		<-done
	}
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
	syscall.SIGPIPE: 0,
}
