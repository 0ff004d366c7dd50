package tree

import (
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
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
	if len(args) != 1 { // a single one is a directory, whatever it looks like
		return e.Usage("supervise dir")
	}
	// The garbage of some hundred restarts would else pile up to the 4 MB at
	// which a Go program first looks for it.
	debug.SetGCPercent(20)
	// Its services have the limit of open files that it was given.
	cli.InheritOpenFiles()
	dir := args[0]
	// The working directory is the service's, as in 0.76: people look for it.
	if err := os.Chdir(dir); err != nil {
		return e.Fatal(fmt.Errorf("unable to chdir to %s: %w", dir, cli.Errno(err)))
	}
	s, err := supervise.Open(".", supervise.Options{
		Name:   dir,
		Encore: encore,
		Warn:   e.Warn,
		// The original has a child say this and die, and goes on.
		Unable: func(err error) { e.Fatal(err) },
	})
	if err != nil {
		return e.Fatal(err)
	}
	loop, err := supervise.NewLoop(s)
	if err != nil {
		return e.Fatal(err)
	}
	letters := map[os.Signal]string{}
	if s.Encore() {
		letters = encoreSignals()
	}
	if s.Follows() {
		if err := supervise.InheritOrphans(); err != nil {
			e.Warn(fmt.Errorf("unable to follow what %s/run leaves behind: %w", dir, cli.Errno(err)))
		}
	}
	if supervise.HasStrangers() {
		loop.ReapStrangers()
		letters[syscall.SIGCHLD] = ""
	}
	obeySignals(loop, letters)
	if err := loop.Run(); err != nil {
		return e.Fatal(err)
	}
	return cli.OK
}

// encoreSignals are the signals that daemontools-encore's supervise takes. The
// others, and all without encore, end it and leave the service alone, as in
// 0.76.
func encoreSignals() map[os.Signal]string {
	return map[os.Signal]string{
		syscall.SIGTERM: "dx", syscall.SIGINT: "dx", syscall.SIGTSTP: "p", syscall.SIGCONT: "c",
	}
}

// obeySignals gives the loop letters for signals, for the life of the process.
// A process that takes none is spared two threads.
func obeySignals(loop *supervise.Loop, letters map[os.Signal]string) {
	if len(letters) == 0 {
		return
	}
	signals := make(chan os.Signal, 8)
	for s := range letters {
		signal.Notify(signals, s)
	}
	go func() {
		for s := range signals {
			loop.Tell(letters[s])
		}
	}()
}
