package tree

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/supervise"
)

const svscanUsage = "svscan [--encore] [--stop-removed] [--log=FILE] [dir]"

// Svscan keeps a supervise running for every service of a directory.
func Svscan(e *cli.Env) int {
	opt := supervise.ScanOptions{Warn: e.Warn}
	var log string
	operands, err := e.Flags(func(f *cli.FlagSet) {
		f.BoolVar(&opt.Encore, "encore", false, "")
		f.BoolVar(&opt.StopRemoved, "stop-removed", false, "")
		f.StringVar(&log, "log", "", "")
	})
	if err != nil {
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
			return e.Fatal(fmt.Errorf("unable to chdir to %s: %w", dir, errnoOf(err)))
		}
	}
	opt.Supervise = cli.Candidates("supervise")
	return scan(e, opt)
}

// scan lets a scanner live in the working directory.
func scan(e *cli.Env, opt supervise.ScanOptions) int {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGCHLD, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
	s, err := supervise.NewScanner(opt)
	if err != nil {
		return e.Fatal(err)
	}
	go func() {
		for sig := range signals {
			s.Ask(requests[sig])
		}
	}()
	if err := s.Run(); err != nil {
		return e.Fatal(err)
	}
	return cli.OK
}

// requests is what signals ask for. In 0.76 every one but CHLD ends svscan and
// leaves the services to themselves; that is what QUIT does here.
var requests = map[os.Signal]supervise.Request{
	syscall.SIGCHLD: supervise.Reap,
	syscall.SIGHUP:  supervise.Rescan,
	syscall.SIGTERM: supervise.Stop,
	syscall.SIGINT:  supervise.Stop,
	syscall.SIGQUIT: supervise.Leave,
}
