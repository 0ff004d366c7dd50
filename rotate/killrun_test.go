//go:build linux

package rotate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tailight/tailight/logpipe"
	"github.com/tailight/tailight/rotate"
	"github.com/tailight/tailight/tai64"
)

var machineNumber atomic.Int64

// run is a machine and its input, over some processes.
type run struct {
	*rotate.Machine
	t     *testing.T
	row   killing
	in    *os.File
	now   time.Time
	opens int // calls of the latest process until it was open
	said  []string
	lives int
	reads int      // of the clock, by the latest process
	out   *os.File // standard output
	file  string   // of the script, if that changes
	owes  bool     // an archive that was dropped at the end may be told by the next process

	prepare func()          // called when a process begins; nil: nothing
	clean   map[string]bool // directories that a killed process had closed
}

func (k killing) start(t *testing.T) *run {
	t.Helper()
	r := &run{Machine: rotate.NewMachine(fmt.Sprintf("/machine%d", machineNumber.Add(1))), t: t, row: k, now: time.Unix(1e9, 0), clean: map[string]bool{}}
	in, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r.in = in
	for dir := range k.wants {
		d := r.Disk(r.Name + "/" + dir)
		d.Space(k.space)
		d.Flaky(k.flaky)
	}
	if k.tee != "" {
		if r.out, err = os.CreateTemp("", "tee"); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(r.out.Name())
	}
	if _, err := w.Write(killInput); err != nil {
		t.Fatal(err)
	}
	return r
}

// process is the life of one; it is killed before its call number at.
func (r *run) process(at int) (killed bool, err error) {
	r.Start(at)
	if r.prepare != nil {
		r.prepare()
		r.prepare = nil
	}
	defer func() {
		if e := recover(); e != nil {
			if e != rotate.ErrKilled {
				panic(e)
			}
			killed = true
			for dir := range r.row.wants {
				d := r.Disk(r.Name + "/" + dir)
				// A change of the script may do both in one process.
				r.clean[dir] = r.clean[dir] || r.row.changes != nil || slices.Contains(d.Names(), "current") && d.Mode("current") == 0o744
			}
		}
	}()
	return false, r.live()
}

func (r *run) live() error {
	r.reads = 0
	if r.lives++; r.lives == 2 {
		r.now = r.now.Add(-r.row.back)
	}
	s, err := logpipe.Read(r.script())
	if err != nil {
		return err
	}
	var p *logpipe.Pipe
	p = logpipe.New(s, logpipe.Options{
		Spool: true, Pause: time.Nanosecond, Linger: -1, Out: r.out,
		Clock: &tai64.Clock{Now: func() time.Time {
			r.now = r.now.Add(time.Millisecond)
			if r.row.flaky > 0 {
				r.now = r.now.Add(2 * time.Second) // each take has a time of its own
			}
			if r.reads++; r.row.changes != nil && r.reads == 2 {
				r.script()
				p.Reload()
			}
			return r.now
		}},
		Warn: func(err error, _ bool) { r.said = append(r.said, err.Error()) },
	})
	r.opens = 0
	if err := p.Open(); err != nil {
		return err
	}
	r.opens = r.Calls()
	if err := p.Run(r.in); err != nil {
		return err
	}
	return p.Close()
}

// script is what multilog is called with. If it changes, that is a file, of a
// content that depends on the time.
func (r *run) script() []string {
	words := r.row.words
	if n := len(r.row.changes); n > 0 {
		words = r.row.changes[(r.reads+r.lives)%n]
	}
	words = slices.Clone(words)
	for i := range words {
		words[i] = strings.Replace(words[i], "M/", r.Name+"/", 1)
	}
	if r.row.changes == nil {
		return words
	}
	if r.file == "" {
		r.file = filepath.Join(r.t.TempDir(), "words")
	}
	if err := os.WriteFile(r.file, []byte(strings.Join(words, "\n")), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return []string{"config=" + r.file}
}
