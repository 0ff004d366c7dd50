package logpipe

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tailight/tailight/rotate"
)

// flow is a pipe with a spool that lines run through while somebody does something
// to its directory.
type flow struct {
	*warnings
	t         *testing.T
	dir       string
	in        []byte
	end       error // of Close
	meanwhile func()
}

const flowLines = 6000

// during runs lines through, and makes the change when half of them are written:
// that is while files are rotated and lines are in the spool and in the pipe.
func during(t *testing.T, change func(x *flow)) *flow {
	t.Helper()
	x := &flow{t: t, warnings: newWarnings(), dir: filepath.Join(t.TempDir(), "d")}
	for i := range flowLines {
		x.in = fmt.Appendf(x.in, "line %04d %s\n", i, strings.Repeat("x", i%60))
	}
	r, w := osPipe(t)
	p := opened(t, Options{Spool: true, Pause: time.Millisecond, Linger: -1, Warn: x.warn}, "s4096", "n1000", x.dir)
	done := make(chan error, 1)
	go func() { done <- p.Run(r); close(done) }()
	t.Cleanup(func() {
		p.Stop()
		_ = w.Close()
		for range done {
		}
	})
	half := len(x.in) / 2
	_, err := w.Write(x.in[:half])
	must(t, err)
	change(x)
	wrote := make(chan error, 1)
	go func() {
		_, err := w.Write(x.in[half:]) // that may not fit the pipe
		wrote <- err
	}()
	if x.meanwhile != nil {
		x.meanwhile()
	}
	must(t, <-wrote)
	must(t, w.Close())
	select {
	case err := <-done:
		must(t, err)
	case <-time.After(limit):
		_ = os.RemoveAll(x.dir) // whatever keeps it
		said := x.all()
		t.Fatalf("the pipe does not end; %d warnings, at last %q", len(said), said[max(len(said)-3, 0):])
	}
	x.end = p.Close()
	return x
}

// aside moves the directory.
func (x *flow) aside() string {
	x.t.Helper()
	must(x.t, os.Rename(x.dir, x.dir+".old"))
	return x.dir + ".old"
}

// TestLinesFollowARenamedDirectory puts something else in its place, which stays as
// it is until the next start.
func TestLinesFollowARenamedDirectory(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		put  func(x *flow, old string) error
	}{
		{"nothing", func(x *flow, old string) error { return nil }},
		{"a directory", func(x *flow, old string) error { return os.Mkdir(x.dir, 0o700) }},
		{"a link to it", func(x *flow, old string) error { return os.Symlink(old, x.dir) }},
		{"a link to another directory", func(x *flow, old string) error { return os.Symlink(x.t.TempDir(), x.dir) }},
		{"a link that leads nowhere", func(x *flow, old string) error { return os.Symlink("nowhere", x.dir) }},
		{"a file", func(x *flow, old string) error { return os.WriteFile(x.dir, []byte("mine\n"), 0o600) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			x := during(t, func(x *flow) { must(t, row.put(x, x.aside())) })
			must(t, x.end)
			wantBytes(t, "the renamed directory", logged(t, x.dir+".old"), x.in)
			wantWarnings(t, x.warnings)
			for _, name := range []string{"spool", "progress"} {
				if _, err := os.Lstat(filepath.Join(x.dir+".old", name)); err == nil {
					t.Errorf("%s remains", name)
				}
			}
			if names, err := filepath.Glob(x.dir + "/*"); row.name != "a link to it" && (err != nil || len(names) > 0) {
				t.Errorf("in its place are %q, %v", names, err)
			}
			p := opened(t, Options{}, "s4096", "n1000", x.dir+".old")
			put(t, p, []byte("the next start\n"))
			closed(t, p)
			wantBytes(t, "then", logged(t, x.dir+".old"), append(x.in, "the next start\n"...))
		})
	}
}

// TestLinesGoOnWhereADirectoryWasRemoved has something else made in its place at once.
// What was in it is lost, and what had not been taken or was only in the spool is not.
func TestLinesGoOnWhereADirectoryWasRemoved(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		put  func(x *flow) error
		had  string // what the new one holds before
	}{
		{"nothing", func(x *flow) error { return nil }, ""},
		{"a directory", func(x *flow) error { return os.Mkdir(x.dir, 0o700) }, ""},
		{"a link to a directory", func(x *flow) error { return os.Symlink(x.t.TempDir(), x.dir) }, ""},
		{"a directory with a current", func(x *flow) error {
			must(x.t, os.Mkdir(x.dir, 0o700))
			return os.WriteFile(x.dir+"/current", []byte("somebody's\n"), 0o644)
		}, "somebody's\n"},
		{"a directory with a closed current, a spool and a previous", func(x *flow) error {
			must(x.t, os.Mkdir(x.dir, 0o700))
			must(x.t, os.WriteFile(x.dir+"/spool", []byte("not ours\n"), 0o600))
			must(x.t, os.WriteFile(x.dir+"/previous", []byte("somebody's\n"), 0o744))
			return os.WriteFile(x.dir+"/current", []byte("as well\n"), 0o744)
		}, "somebody's\nas well\n"},
		{"a file, for a while", func(x *flow) error {
			x.meanwhile = func() {
				eventually(x.t, "a warning", func() bool {
					return strings.Contains(strings.Join(x.all(), "\n"), "unable to open directory "+x.dir+": not a directory [pausing]")
				})
				must(x.t, os.Remove(x.dir))
			}
			return os.WriteFile(x.dir, nil, 0o600)
		}, ""},
		{"a directory that somebody else has locked, for a while", func(x *flow) error {
			other, err := rotate.Open(x.dir, rotate.Options{})
			if err == nil {
				_, err = other.Write([]byte("another's\n"))
			}
			x.meanwhile = func() {
				eventually(x.t, "a warning", func() bool {
					return strings.Contains(strings.Join(x.all(), "\n"), "unable to lock directory "+x.dir)
				})
				must(x.t, other.Close())
			}
			return err
		}, "another's\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			x := during(t, func(x *flow) {
				must(t, os.Rename(x.dir, x.dir+".gone")) // removed at once, for removing takes a while
				must(t, row.put(x))
				// Until it is gone a new current may come into being in it.
				eventually(t, "a removed directory", func() bool { return os.RemoveAll(x.dir+".gone") == nil })
			})
			must(t, x.end)
			got, ok := bytes.CutPrefix(logged(t, x.dir), []byte(row.had))
			if !ok || !bytes.HasSuffix(x.in, got) || len(got) < len(x.in)/2 || got[0] != 'l' {
				t.Errorf("%d bytes of %d, behind %q: %.60q...; warnings %q", len(got), len(x.in), row.had, got, x.all())
			}
			if len(x.all()) == 0 {
				t.Error("nothing was said")
			}
		})
	}
}
