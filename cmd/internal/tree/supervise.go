package tree

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/supervise"
)

// Supervise keeps the service of one directory running.
func Supervise(e *cli.Env) int {
	args, encore := e.Args, false
	if len(args) == 2 && args[0] == "--encore" { // what svscan --encore says
		args, encore = args[1:], true
	}
	if len(args) == 2 && args[0] == renewalCheck {
		_, _ = e.Out.WriteString(supervise.HandoverFormat)
		return cli.OK
	}
	if len(args) != 1 { // a single one is a directory, whatever it looks like
		return e.Usage("supervise dir")
	}
	// The garbage of some hundred restarts would else pile up to the 4 MB at
	// which a Go program first looks for it.
	debug.SetGCPercent(20)
	// Its services have the limit of open files that it was given.
	cli.InheritOpenFiles()
	dir := args[0]
	renewal := e.Renewal()
	// The working directory is the service's, as in 0.76: people look for it.
	if e.Renewed == "" {
		if err := os.Chdir(dir); err != nil {
			return e.Fatal(fmt.Errorf("unable to chdir to %s: %w", dir, cli.Errno(err)))
		}
	}
	l := signalLetters{given: map[os.Signal]string{}}
	s, err := supervise.Open(".", supervise.Options{
		Name:   dir,
		Encore: encore,
		Warn:   e.Warn,
		// The original has a child say this and die, and goes on.
		Unable: func(err error) { e.Fatal(err) },
		State:  e.Renewed,
		Renew:  func(state string, keep []int) error { return become(renewal, state, keep, l.idle) },
	})
	if err != nil {
		return e.Fatal(err)
	}
	if l.loop, err = supervise.NewLoop(s); err != nil {
		return e.Fatal(err)
	}
	if s.Encore() {
		l.given = encoreSignals()
	}
	if s.Follows() {
		if err := supervise.InheritOrphans(); err != nil {
			e.Warn(fmt.Errorf("unable to follow what %s/run leaves behind: %w", dir, cli.Errno(err)))
		}
	}
	had, renewed := s.HadStrangers()
	if had || !renewed && supervise.HasStrangers() {
		l.loop.ReapStrangers()
		l.given[syscall.SIGCHLD] = ""
	}
	l.obey()
	cli.Listening(slices.Collect(maps.Keys(l.given))...)
	if err := l.loop.Run(); err != nil {
		return e.Fatal(err)
	}
	return cli.OK
}

// become makes this process the supervise that is installed by now, if that
// understands the state. It returns nil if a letter has come before.
func become(r *cli.Renewal, state string, keep []int, sure func() bool) error {
	// One of 0.76, and ours before this, take two arguments for a wrong call.
	if err := r.Try(supervise.HandoverFormat, renewalCheck, "supervise"); err != nil {
		return err
	}
	file, err := supervise.Memory(state)
	if err != nil {
		return err
	}
	defer syscall.Close(file)
	err = r.Exec(keep, file, sure)
	if errors.Is(err, cli.ErrBusy) {
		return nil
	}
	return err
}

// encoreSignals are the signals that daemontools-encore's supervise takes. The
// others, and all without encore, end it and leave the service alone, as in
// 0.76.
func encoreSignals() map[os.Signal]string {
	return map[os.Signal]string{
		syscall.SIGTERM: "dx", syscall.SIGINT: "dx", syscall.SIGTSTP: "p", syscall.SIGCONT: "c",
	}
}

// signalLetters gives a loop letters for signals, for the life of the process. A
// process that takes none is spared two threads.
type signalLetters struct {
	loop    *supervise.Loop
	given   map[os.Signal]string
	signals chan os.Signal
	asked   chan struct{} // can be read when nothing is on its way
}

func (l *signalLetters) obey() {
	if len(l.given) == 0 {
		return
	}
	l.signals, l.asked = make(chan os.Signal, 8), make(chan struct{})
	for s := range l.given {
		signal.Notify(l.signals, s)
	}
	go func() {
		for {
			select {
			case s := <-l.signals:
				l.loop.Tell(l.given[s])
			case l.asked <- struct{}{}:
			}
		}
	}()
}

// idle waits until no signal is on its way to the loop, and reports whether all
// letters have been obeyed.
func (l *signalLetters) idle() bool {
	if l.signals != nil {
		<-l.asked
	}
	return len(l.signals) == 0 && l.loop.Idle()
}
