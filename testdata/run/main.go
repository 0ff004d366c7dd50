// Run is the driver of `make run`: it starts svscan on a tree of services and
// shows svstat and the logs, in local time, as they grow.
//
//	go run ./testdata/run [-bin bin] [-lines N] [DIR]
//
// Without DIR the tree is the example in this directory, laid out below a
// temporary directory. With DIR it is that directory, say /service: if services
// are supervised there already, this only looks on, and leaves them as they
// are; otherwise it starts svscan there, and stops what it has started.
//
// Ctrl-C ends it: first svscan, then the services, then the loggers, when they
// have written all that the services have said. No process stays, and no
// temporary directory. Without a terminal it ends by itself in the same way,
// after N lines of log (24).
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// patience is how long a run without a terminal waits for its lines.
const patience = 30 * time.Second

func main() {
	bin := flag.String("bin", "bin", "directory of the commands, first in PATH")
	lines := flag.Int("lines", 0, "end after this many lines of log (0: without end on a terminal, else 24)")
	flag.Parse()
	if *lines == 0 && !isTerminal(os.Stdout) {
		*lines = 24
	}
	if err := run(*bin, flag.Arg(0), *lines); err != nil {
		fmt.Fprintln(os.Stderr, "run: fatal:", err)
		os.Exit(111)
	}
}

func run(bin, dir string, lines int) (err error) {
	bin, err = filepath.Abs(bin)
	if err != nil {
		return err
	}
	if err := os.Setenv("PATH", bin+":"+os.Getenv("PATH")); err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	example := dir == ""
	if example {
		tmp, failed := os.MkdirTemp("", "tailight-run-")
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
		if dir, err = layExample(tmp); err != nil {
			return err
		}
	}
	t := &tree{dir: filepath.Clean(dir)}
	if !example && t.supervised() {
		fmt.Println(dir, "is supervised already; it stays as it is")
	} else {
		if err := t.start(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, t.stop()) }()
	}
	return watch(t, stop, lines, example)
}

// watch shows the tree until a signal comes, or for that many lines if there
// is such a limit. A tree that has to say something and does not is an error.
func watch(t *tree, stop <-chan os.Signal, limit int, talks bool) error {
	logs := newLogs(t.dir, talks)
	defer logs.close()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	began, shown := time.Now(), 0
	next := began.Add(time.Second) // svstat once all have had time to start
	for {
		select {
		case <-stop:
			fmt.Println()
			return t.status()
		case <-tick.C:
		}
		shown += logs.show()
		if limit > 0 && shown >= limit {
			return t.status()
		}
		if limit > 0 && time.Since(began) > patience {
			if talks {
				return fmt.Errorf("%d lines of log in %v, want %d", shown, patience, limit)
			}
			return t.status()
		}
		if time.Now().After(next) {
			if err := t.status(); err != nil {
				return err
			}
			next = time.Now().Add(10 * time.Second)
		}
	}
}
