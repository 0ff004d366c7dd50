package logpipe

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// configured writes a file of words.
func configured(t testing.TB, path string, words ...string) {
	t.Helper()
	must(t, os.WriteFile(path+".new", []byte("# words\n\n"+strings.Join(words, "\n")+"\n"), 0o600))
	must(t, os.Rename(path+".new", path))
}

func TestAFileOfWordsStandsForItsWords(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "words")
	must(t, os.WriteFile(file, []byte("t\n#-*\n\n-* # a pattern \n s1\n+x y\ns5000\n./d"), 0o600))
	s, err := Read([]string{"config=" + file, "e"})
	must(t, err)
	if got, want := show(s), "stamp -* # a pattern  +x y ./d[s5000 n10] e"; got != want || !s.Reloads() {
		t.Errorf("%s, want %s", got, want)
	}
	if s, err := Read([]string{"./d"}); err != nil || s.Reloads() {
		t.Errorf("without a file: %v", err)
	}
}

func TestBadFilesOfWordsAreSaid(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "words")
	configured(t, file, "stamp=x")
	nested := filepath.Join(t.TempDir(), "words")
	configured(t, nested, "config="+file)
	for _, c := range []struct{ bad, words string }{
		{"stamp=x", "config=" + file}, {"config=" + file, "config=" + nested},
		{"config=" + file, "./d config=" + file}, {"config=b", "config=/dev/null config=b"},
	} {
		_, err := Read(strings.Fields(c.words))
		var word *WordError
		if !errors.As(err, &word) || word.Word != c.bad {
			t.Errorf("%s: %v", c.words, err)
		}
	}
	_, err := Read([]string{"config=" + file + "x"})
	if want := "unable to read " + file + "x: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// reloader is a pipe whose script changes.
type reloader struct {
	*Pipe
	t    *testing.T
	file string
	dir  string
	said *warnings
}

func newReloader(t *testing.T, words ...string) *reloader {
	t.Helper()
	r := &reloader{t: t, dir: t.TempDir(), said: newWarnings()}
	r.file = filepath.Join(r.dir, "words")
	r.change(words...)
	s, err := Read([]string{"config=" + r.file})
	must(t, err)
	r.Pipe = New(s, Options{Spool: true, Clock: fixedClock(), Warn: r.said.warn})
	must(t, r.Open())
	t.Cleanup(func() {
		r.Stop()
		_ = r.Close()
	})
	return r
}

func (r *reloader) change(words ...string) {
	r.t.Helper()
	words = slices.Clone(words)
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "DIR", r.dir)
	}
	configured(r.t, r.file, words...)
}

func TestAReloadLosesNoLine(t *testing.T) {
	t.Parallel()
	scripts := [][]string{
		{"t", "s4096", "n1000", "DIR/a", "DIR/b"},
		{"t", "s4096", "n1000", "DIR/a", "prefix=c ", "DIR/c"},
		{"t", "s5000", "n1000", "DIR/c", "DIR/a", "=DIR/s"},
		{"s4096", "n1000", "rate=1000000/s", "DIR/b", "DIR/a", "tee=1"},
		{"stamp=iso", "n1000", "file=DIR/f", "sync=always", "DIR/a"},
		{"n1000", "line=16", "DIR/a"},
	}
	r := newReloader(t, scripts[0]...)
	in, w := osPipe(t)
	done := make(chan error, 1)
	go func() { done <- r.Run(in) }()
	const lines = 200
	for i := range 60 {
		for n := range lines {
			_, err := fmt.Fprintf(w, "line %06d\n", i*lines+n)
			must(t, err)
			if n == i {
				r.change(scripts[(i+1)%len(scripts)]...)
				r.Reload()
			}
		}
	}
	must(t, w.Close())
	within(t, "Run to the end", func() { must(t, <-done) })
	closed(t, r.Pipe)
	if said := r.said.all(); len(said) > 0 {
		t.Errorf("said %q", said)
	}
	n := 0
	for line := range strings.Lines(string(logged(t, r.dir+"/a"))) {
		if want := fmt.Sprintf("line %06d\n", n); !strings.HasSuffix(line, want) {
			t.Fatalf("%q, want %q", line, want)
		}
		n++
	}
	if n != 60*lines {
		t.Errorf("%d lines, want %d", n, 60*lines)
	}
	for _, name := range []string{"/b", "/c"} {
		if names := archived(t, r.dir+name); slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(name, ".u") }) {
			t.Errorf("%s was not closed in good order: %q", name, names)
		}
	}
}

func TestADirectoryThatStaysIsNotClosed(t *testing.T) {
	t.Parallel()
	r := newReloader(t, "DIR/a", "DIR/b", "=DIR/s")
	a, b := r.outlets[0].sink, r.outlets[1].sink
	r.change("-x", "DIR/a", "prefix=b ", "DIR/c", "DIR/b")
	r.Reload()
	put(t, r.Pipe, []byte("x\ny\n"))
	if r.outlets[0].sink != a || r.outlets[2].sink != b || len(r.said.all()) > 0 {
		t.Errorf("they were opened anew, or %q was said", r.said.all())
	}
	closed(t, r.Pipe)
	for name, want := range map[string]string{"a": "y\n", "c": "b y\n", "b": "b y\n"} {
		wantBytes(t, name, slurp(t, filepath.Join(r.dir, name, "current")), []byte(want))
	}
}

func TestABadFileOfWordsLeavesTheScriptAsItIs(t *testing.T) {
	t.Parallel()
	r := newReloader(t, "t", "DIR/a")
	for _, words := range [][]string{{"line=x", "DIR/b"}, {"DIR/b", "DIR/c", "/dev/null/d"}, {"DIR/b", "=/dev/null/s"}} {
		r.change(words...)
		r.Reload()
		put(t, r.Pipe, []byte("line\n"))
	}
	must(t, os.Remove(r.file))
	r.Reload()
	put(t, r.Pipe, []byte("line\n"))
	closed(t, r.Pipe)
	said := r.said.all()
	const text = "unable to change the script, going on with the old one: "
	if len(said) != 4 || said[0] != text+"line=x: not a number of bytes from 16 to 1g" ||
		said[1] != text+"unable to open directory /dev/null/d: not a directory" || !strings.HasPrefix(said[3], text+"unable to read ") {
		t.Errorf("said %q", said)
	}
	if got := strings.Count(string(slurp(t, r.dir+"/a/current")), " line\n"); got != 4 {
		t.Errorf("%d lines, want 4", got)
	}
}

func TestAReloadWaitsForTheEndOfTheLine(t *testing.T) {
	t.Parallel()
	r := newReloader(t, "DIR/a")
	in, w := osPipe(t)
	done := make(chan error, 1)
	go func() { done <- r.Run(in) }()
	long := strings.Repeat("long ", 1000)
	_, err := w.WriteString(long)
	must(t, err)
	eventually(t, "the start of the line", func() bool { return len(slurp(t, r.dir+"/a/current")) > 0 })
	r.change("DIR/b")
	r.Reload()
	_, err = w.WriteString("end\nnext\n")
	must(t, err)
	must(t, w.Close())
	must(t, <-done)
	closed(t, r.Pipe)
	wantBytes(t, "a", slurp(t, r.dir+"/a/current"), []byte(long+"end\n"))
	wantBytes(t, "b", slurp(t, r.dir+"/b/current"), []byte("next\n"))
}
