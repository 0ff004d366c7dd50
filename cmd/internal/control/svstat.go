package control

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/supervise"
	"github.com/tailight/tailight/tai64"
)

// A view is what the caller asks to see of a service.
type view struct {
	main, log bool // -l, -L
	json      bool // --json
}

func (v *view) set(letter byte, _ string) {
	switch letter {
	case 'l':
		v.main = true
	case 'L':
		v.log = true
	}
}

// Without an option everything is shown, with both options too.
func (v view) showsMain() bool { return v.main || !v.log }
func (v view) showsLog() bool  { return v.log || !v.main }

// Svstat shows the state of services, a line for each.
func Svstat(e *cli.Env) int {
	what, dirs := svstatOptions(e.Args)
	if what != (view{}) && len(dirs) == 0 {
		return e.Usage("svstat [-l] [-L] [--json] dir ...")
	}
	// As with the original a reader that is gone is SIGPIPE, and any other
	// failure to write is silent.
	var out []byte
	defer func() { _, _ = e.Out.Write(out) }()
	return each(e, dirs, func(dir string, err error) {
		show := what.appendText
		if what.json {
			show = what.appendObject
		}
		out = show(out, look(dir, err), time.Now())
	})
}

// svstatOptions takes the options off the front of the arguments. 0.76 has
// none and takes every word for a directory; so a word that names one is one.
func svstatOptions(args []string) (v view, dirs []string) {
	for ; len(args) > 0; args = args[1:] {
		if _, err := os.Lstat(args[0]); err == nil {
			break
		}
		switch args[0] {
		case "-l", "-L":
			v.set(args[0][1], "")
		case "--json":
			v.json = true
		default:
			return v, args
		}
	}
	return v, args
}

// A report is what svstat has found out about a service.
type report struct {
	name     string
	status   supervise.Status
	normally supervise.Want // Up or Down, by the file down
	problem  error          // why there is no status
	dropped  *dropped       // nil: nothing is known of it
}

// dropped is what the log directory main of a service, or of a log, has given up
// for want of space: see rotate.FullDropOldest.
type dropped struct{ bytes, archives uint64 }

// lookDropped reads that in the directory of a service.
func lookDropped(dir string) *dropped {
	for _, name := range []string{"/log/main/dropped", "/main/dropped"} {
		text, err := os.ReadFile(dir + name)
		if err != nil {
			continue
		}
		var d dropped
		if _, err := fmt.Sscanf(string(text), "bytes %d\narchives %d\n", &d.bytes, &d.archives); err == nil {
			return &d
		}
	}
	return nil
}

// look inspects the service of the directory that has been entered, unless
// that failed. It looks in the order of the original.
func look(dir string, err error) report {
	r := report{name: dir, normally: supervise.Up}
	if err != nil {
		r.problem = fmt.Errorf("unable to chdir: %w", bare(err))
		return r
	}
	switch _, err := os.Stat("down"); {
	case err == nil:
		r.normally = supervise.Down
	case !errors.Is(err, fs.ErrNotExist):
		r.problem = fmt.Errorf("unable to stat down: %w", bare(err))
		return r
	}
	control, err := supervise.ControlDir(here)
	if err != nil {
		r.problem = fmt.Errorf("unable to setup control path: %w", bare(err))
		return r
	}
	if err = supervise.Probe(control); err == nil {
		r.status, err = supervise.ReadStatus(control)
	}
	if err != nil {
		r.problem = unable(err)
	}
	r.dropped = lookDropped(here)
	return r
}

// age is the number of whole seconds since a label, 0 if that is in the
// future. Like the original it goes through a floating-point number, which
// matters for a label that no clock has made.
func age(since tai64.TAI64N, now time.Time) uint64 {
	second := uint64(tai64.TAI64At(now))
	if since.Sec > second {
		return 0
	}
	return uint64(float64(second - since.Sec))
}
