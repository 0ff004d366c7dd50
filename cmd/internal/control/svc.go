package control

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/signal"
	"syscall"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/supervise"
)

// The first line is that of 0.76.
const svcUsage = `svc options: u up, d down, o once, x exit, p pause, c continue, h hup, a alarm, i interrupt, t term, k kill
svc options: q quit, 1 usr1, 2 usr2, w winch, + process group, = process alone, L log service, l main service, --reexec replace supervise
`

// Svc gives commands to the supervises of services.
func Svc(e *cli.Env) int {
	// A supervise that ends while its FIFO is full is a warning and no end, and
	// so is a standard error that nobody reads.
	signal.Ignore(syscall.SIGPIPE)
	var b batch
	for len(e.Args) > 0 && e.Args[0] == "--reexec" {
		b.add(reexec)
		e.Args = e.Args[1:]
	}
	dirs, ok := e.Options(classic+further+modifiers, func(letter byte, _ string) { b.add(letter) })
	if !ok {
		_, _ = io.WriteString(e.Err, svcUsage)
		return cli.Misuse
	}
	letters, err := b.bytes()
	if err != nil {
		return e.Fatal(err)
	}
	return each(e, dirs, func(dir string, err error) {
		if err == nil {
			err = send(dir, letters)
		} else {
			err = noDir(dir, err)
		}
		if err != nil {
			e.Warn(err)
		}
	})
}

// send gives the letters to the supervise of the directory that has been
// entered, in the words of the original where that fails.
func send(dir string, letters []byte) error {
	control, err := supervise.ControlDir(here)
	if err != nil {
		return noControlPath(dir, err)
	}
	err = supervise.Send(control, letters)
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok && p.Op == "write" {
		return fmt.Errorf("error writing commands to %s: %w", dir, p.Err)
	}
	return fmt.Errorf("unable to control %s: %w", dir, bare(err))
}
