// Package logs has the commands of the log path: multilog, tai64n and
// tai64nlocal. Their manuals are the package comments of their mains.
package logs

import (
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/logpipe"
	"github.com/tailight/tailight/tai64"
)

// Multilog writes lines of its input to log directories as its script says.
func Multilog(e *cli.Env) int {
	syscall.Umask(0o022)
	script, err := logpipe.Read(e.Args)
	if _, wrong := errors.AsType[*logpipe.WordError](err); wrong {
		return e.Usage(err.Error())
	} else if err != nil {
		return e.Fatal(err)
	}
	// From here on TERM and ALRM wait until they can be obeyed, as the
	// originals' do, which has them blocked.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGALRM)
	if script.Reloads() {
		signal.Notify(signals, syscall.SIGHUP)
	}
	pipe := logpipe.New(script, logpipe.Options{
		Spool: isPipe(e.In),
		Alert: e.Tell,
		Out:   e.Out,
		Err:   e.Err,
		Busy:  cli.AllProcessors,
		Warn: func(err error, pausing bool) {
			if pausing {
				e.WarnPausing(err)
			} else {
				e.Warn(err)
			}
		},
	})
	go obey(signals, pipe)
	if err := pipe.Open(); err != nil {
		return e.Fatal(err)
	}
	if err := pipe.Run(e.In); err != nil {
		e.Warn(err)
	}
	if err := pipe.Close(); err != nil {
		return e.Fatal(err) // something is left for the next start
	}
	return cli.OK
}

// isPipe reports whether a descriptor is a pipe.
func isPipe(f *os.File) bool {
	fi, err := f.Stat()
	return err == nil && fi.Mode()&os.ModeNamedPipe != 0
}

// obey passes signals on to the pipe, for the life of the process.
func obey(signals <-chan os.Signal, pipe *logpipe.Pipe) {
	for s := range signals {
		switch s {
		case syscall.SIGTERM:
			pipe.Stop()
		case syscall.SIGHUP:
			pipe.Reload()
		default:
			pipe.Rotate()
		}
	}
}

// Tai64n puts a stamp in front of every line.
func Tai64n(e *cli.Env) int {
	logpipe.Widen(e.In)
	return filtered(tai64.Stamp(e.Out, e.In, new(tai64.Clock)))
}

// Tai64nlocal shows stamps in local time.
func Tai64nlocal(e *cli.Env) int {
	logpipe.Widen(e.In)
	return filtered(tai64.Local(e.Out, e.In, tai64.LocalZone()))
}

// filtered is the exit code of a filter. It fails in silence, as the
// originals do; a reader that has gone ends it by SIGPIPE.
func filtered(err error) int {
	if err != nil {
		return cli.Failed
	}
	return cli.OK
}
