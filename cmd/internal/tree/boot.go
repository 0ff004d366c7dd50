package tree

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/supervise"
)

// errorMemory is how many bytes of the services' complaints ps shows.
const errorMemory = 400

// boot is what svscanboot starts from.
type boot struct {
	service string // the directory that svscan scans
	command string // where the commands are looked for first
	system  string // and then, a list like PATH
}

// Svscanboot starts svscan on the service directory, as the machine boots.
func Svscanboot(e *cli.Env) int {
	b := boot{
		service: "/service", command: "/command",
		system: "/usr/local/bin:/usr/local/sbin:/bin:/sbin:/usr/bin:/usr/sbin:/usr/X11R6/bin",
	}
	return b.run(e)
}

// run asks the services of an earlier svscan to stop, unless the next one takes
// them over, starts
//
//	svscan /service 2>&1 | readproctitle service errors: .....
//
// and stays as the parent of both.
func (b *boot) run(e *cli.Env) int {
	if !b.options(e.Args) {
		return e.Usage("svscanboot [--command=DIR] [--service=DIR], from the root directory on")
	}
	terms := make(chan os.Signal, 1)
	signal.Notify(terms, syscall.SIGTERM)
	// Nothing below needs our own environment any more.
	if err := os.Setenv("PATH", b.path()); err != nil {
		return e.Fatal(fmt.Errorf("unable to set PATH: %w", err))
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return e.Fatal(fmt.Errorf("unable to open %s: %w", os.DevNull, cli.Errno(err)))
	}
	if err := b.stopSurvivors(null); err != nil {
		e.Warn(err)
	}
	p, err := b.pipeline(null)
	if err != nil {
		return e.Fatal(err)
	}
	// Up to here a failure could be said.
	if err := takePlaceOfStandard(null); err != nil {
		e.Warn(fmt.Errorf("unable to set up descriptors: %w", err))
	}
	go func() {
		for s := range terms {
			_ = p.svscan.Signal(s) // it may have gone already
		}
	}()
	return p.wait()
}

// options takes the two that there are. Every other argument is ignored, as
// the original ignores all: units and scripts pass some.
func (b *boot) options(args []string) bool {
	for _, a := range args {
		if dir, ok := strings.CutPrefix(a, "--service="); ok {
			b.service = dir
		} else if dir, ok := strings.CutPrefix(a, "--command="); ok {
			b.command = dir
		}
	}
	return filepath.IsAbs(b.service) && filepath.IsAbs(b.command)
}

// path is the PATH that every service will have.
func (b *boot) path() string { return b.command + ":" + b.system }

// stopSurvivors asks whatever supervise an earlier svscan has left to stop
// with its service, and does not wait for that. A svscan that takes over what
// is left does better: what is in the pipes would be lost.
func (b *boot) stopSurvivors(null *os.File) error {
	if b.anyRuns() && takesOver(null) {
		return nil
	}
	for some := range portions(b.directories()) {
		svc, err := start(append([]string{"svc", "-dx"}, some...), null, null, null)
		if err != nil {
			return err
		}
		_, _ = svc.Wait() // what it complains of nobody can hear
	}
	return nil
}

// anyRuns reports whether an earlier svscan has left a supervise.
func (b *boot) anyRuns() bool {
	return slices.ContainsFunc(b.directories(), func(dir string) bool {
		runs, _ := supervise.Running(supervise.ControlPath("", dir))
		return runs
	})
}

// takesOver asks the svscan that is going to be started whether it takes over
// what is left. To one of 0.76 the question is a directory that is not there.
func takesOver(null *os.File) bool {
	r, w, err := os.Pipe()
	if err != nil {
		return false
	}
	defer r.Close()
	svscan, err := start([]string{"svscan", renewalCheck}, null, w, null)
	_ = w.Close()
	if err != nil {
		return false // which will be said
	}
	late := time.AfterFunc(checkLimit, func() { _ = svscan.Kill() })
	defer late.Stop()
	said, _ := io.ReadAll(io.LimitReader(r, int64(len(supervise.RenewedFormat))))
	state, err := svscan.Wait()
	return err == nil && state.Success() && string(said) == supervise.RenewedFormat
}

// checkLimit is how long svscan may take to answer.
const checkLimit = 10 * time.Second

// portions cuts a list of names into lists that every system takes as arguments.
func portions(names []string) iter.Seq[[]string] {
	const most = 64 << 10 // the least limit is twice that, the environment included
	return func(yield func([]string) bool) {
		for len(names) > 0 {
			n, size := 0, 0
			for n < len(names) && (n == 0 || size+len(names[n]) < most) {
				size += len(names[n]) + 1 + 8 // its end, and the pointer to it
				n++
			}
			if !yield(names[:n]) {
				return
			}
			names = names[n:]
		}
	}
}

// directories is what a shell makes of /service/* /service/*/log.
func (b *boot) directories() (services []string) {
	entries, _ := os.ReadDir(b.service) // svscan will say what is wrong with it
	var logs []string
	for _, entry := range entries {
		dir := filepath.Join(b.service, entry.Name())
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		services = append(services, dir)
		if _, err := os.Lstat(filepath.Join(dir, "log")); err == nil {
			logs = append(logs, filepath.Join(dir, "log"))
		}
	}
	return append(services, logs...)
}

// pipeline is the two children that stay.
type pipeline struct{ svscan, title *os.Process }

// pipeline starts svscan into readproctitle. One that cannot be started keeps
// the other from running alone.
func (b *boot) pipeline(null *os.File) (p pipeline, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return p, fmt.Errorf("unable to create pipe: %w", cli.Errno(err))
	}
	defer r.Close()
	dots := strings.Repeat(".", errorMemory)
	p.title, err = start([]string{"readproctitle", "service", "errors:", dots}, r, null, null)
	if err == nil {
		p.svscan, err = start([]string{"svscan", b.service}, null, w, w)
	}
	_ = w.Close() // the end of input for readproctitle, if svscan is not there
	if err != nil && p.title != nil {
		_, _ = p.title.Wait()
	}
	return p, err
}

// wait is for both to end, in whatever order: readproctitle outlives svscan
// as long as a supervise or a service holds the pipe. The exit code is that of
// readproctitle, the last in the pipe, as a shell has it. Other children, which
// a first process of a machine gets, are reaped on the way.
func (p pipeline) wait() int {
	code := cli.Failed
	for left := 2; left > 0; {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return cli.Failed // no children: somebody else has reaped them
		case pid == p.svscan.Pid:
			left--
		case pid == p.title.Pid:
			left--
			code = status.ExitStatus()
			if status.Signaled() {
				code = 128 + int(status.Signal())
			}
		}
	}
	return code
}

// start runs a program found through PATH, with no other environment.
func start(argv []string, in, out, err *os.File) (*os.Process, error) {
	path, failure := exec.LookPath(argv[0])
	if failure == nil {
		var p *os.Process
		p, failure = os.StartProcess(path, argv, &os.ProcAttr{
			Env: []string{"PATH=" + os.Getenv("PATH")}, Files: []*os.File{in, out, err},
		})
		if failure == nil {
			return p, nil
		}
	}
	if errors.Is(failure, exec.ErrNotFound) {
		failure = syscall.ENOENT
	}
	return nil, fmt.Errorf("unable to run %s: %w", argv[0], cli.Errno(failure))
}
