package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/rotate"
	"github.com/tailight/tailight/tai64"
)

// Svlog reads the logs of services.
func Svlog(e *cli.Env) int {
	c := clock{tai64.At(time.Now()), tai64.LocalZone()}
	return svlog(e, c, os.LookupEnv)
}

// svlog is the command at a time and place, and in an environment.
func svlog(e *cli.Env, c clock, env func(string) (string, bool)) int {
	o, code, ok := parseOptions(e, c, env)
	if !ok {
		return code
	}
	v := &viewer{env: e, options: o, failed: cli.OK}
	if err := v.find(); err != nil {
		return e.Fatal(err)
	}
	if len(v.dirs) == 0 && !o.follow {
		return v.failed
	}
	return v.run()
}

// viewer is one run of svlog.
type viewer struct {
	env     *cli.Env
	options options
	failed  int // the exit code, if nothing worse comes

	dirs  []string          // to be read
	names map[string]string // of their services
	lost  []string          // words that stand for nothing yet

	reader *rotate.Reader
	out    output
	show   shower
	cursor keeper
	wait   progress
}

// shower is what becomes of the lines.
type shower interface {
	show(*rotate.Line) // appends to the output
	end()              // appends what comes behind all lines
}

// find fills in the directories. A word that stands for none is said, and the
// others are gone on with; if there are no others it is the error.
func (v *viewer) find() error {
	o := &v.options
	v.names = map[string]string{}
	if len(o.words) == 0 {
		all, err := o.finder.services()
		if err != nil && !o.finder.wait {
			return err
		}
		for _, s := range all {
			v.add(s)
		}
		if len(all) == 0 && !o.follow {
			return fmt.Errorf("unable to find a log below %s", o.finder.scan)
		}
		return nil
	}
	var problems []error
	for _, word := range o.words {
		s, err := o.finder.find(word)
		switch {
		case err != nil:
			problems = append(problems, err)
		case o.finder.chosen(s.name):
			v.add(s)
		}
		if err == nil && o.finder.wait && !isLogDir(s.dir) {
			v.lost = append(v.lost, word)
		}
	}
	if len(problems) == 1 && len(o.words) == 1 {
		return problems[0]
	}
	for _, err := range problems {
		v.env.Warn(err)
		v.failed = cli.Failed
	}
	return nil
}

// add takes a directory that is not known yet.
func (v *viewer) add(s from) {
	if v.options.cursorFile != "" {
		// The cursor goes by the name of a directory, wherever one stands.
		if abs, err := filepath.Abs(s.dir); err == nil {
			s.dir = abs
		}
	}
	if _, known := v.names[s.dir]; !known {
		v.dirs = append(v.dirs, s.dir)
		v.names[s.dir] = s.name
	}
}

// again looks for directories that have come, while following.
func (v *viewer) again() []string {
	if len(v.options.words) == 0 {
		all, _ := v.options.finder.services() // where there is none now, one may be later
		for _, s := range all {
			v.add(s)
		}
	}
	for _, word := range v.lost {
		if s, err := v.options.finder.find(word); err == nil && v.options.finder.chosen(s.name) {
			v.add(s)
		}
	}
	return v.dirs
}

// run reads and shows.
func (v *viewer) run() int {
	o := &v.options
	v.out.to = v.env.Out
	switch {
	case o.stats:
		v.show = newStatistics(v)
	default:
		v.show = newPrinter(v)
	}
	read := o.read
	read.Zstd = unzstd
	if err := v.cursor.load(o.cursorFile, &read); err != nil {
		return v.env.Fatal(err)
	}
	read.Warn = v.warn
	read.Idle = v.idle
	v.wait = progress{env: v.env, shown: isTerminal(v.env.Err), since: time.Now()}
	read.Progress = v.progress
	if o.follow {
		read.Dirs = v.again
		if len(o.words) == 0 || len(v.lost) > 0 {
			read.Watch = []string{o.finder.scan}
		}
	}
	v.reader = rotate.NewReader(v.dirs, read)
	ended, over := interrupted(o.pages())
	defer over()
	if o.pages() {
		v.out.page = func() error { return v.out.start(v.env, o.pager, o.environ) }
	}
	v.lines(ended)
	return v.finish()
}

// lines shows all lines.
func (v *viewer) lines(ended context.Context) {
	read := &v.options.read
	left := read.Last
	if read.Reverse && read.HasLast && left == 0 {
		return
	}
	for line, err := range v.reader.Lines(ended) {
		if err != nil {
			v.failed = cli.Failed
			v.warn(err)
			continue
		}
		v.show.show(line)
		if len(v.out.b) >= outputSize {
			if v.flush(); v.out.err != nil {
				return
			}
		}
		if !line.More && read.Reverse && read.HasLast {
			if left--; left == 0 {
				return
			}
		}
	}
}

// finish writes what is left and returns the exit code.
func (v *viewer) finish() int {
	if v.out.err == nil {
		v.show.end()
		v.flush()
	}
	v.wait.clear()
	err := v.out.close()
	if err == nil {
		// What has not been written is read again by the next run.
		if err := v.cursor.save(v.reader); err != nil {
			return v.env.Fatal(err)
		}
	} else if !errors.Is(err, syscall.EPIPE) {
		return v.env.Fatal(err)
	}
	return v.failed
}

// warn says what is gone on from. What was shown before it comes first.
func (v *viewer) warn(err error) {
	v.wait.clear()
	v.env.Warn(err)
}

// idle is called before the reader waits.
func (v *viewer) idle() {
	v.flush()
	if v.out.err == nil {
		v.cursor.later(v.reader)
	}
}

// progress is called while a compressed file is read.
func (v *viewer) progress(file string, read, size int64) {
	v.flush()
	v.wait.say(file, read, size)
}

func (v *viewer) flush() {
	if len(v.out.b) > 0 {
		v.wait.clear()
		v.out.flush()
	}
}
