package logpipe

import (
	"bytes"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestAReaderOfAStatusFileSeesOneLine reads half of it before it changes, and half
// after that.
func TestAReaderOfAStatusFileSeesOneLine(t *testing.T) {
	t.Parallel()
	x := newPatient(t, "=ROOT/s")
	put(t, x.Pipe, []byte(strings.Repeat("a", 1000)+"\n"))
	f, err := os.Open(x.root + "/s")
	must(t, err)
	defer f.Close()
	got := make([]byte, statusSize)
	_, err = io.ReadFull(f, got[:500])
	must(t, err)
	put(t, x.Pipe, []byte(strings.Repeat("b", 1000)+"\n"))
	_, err = io.ReadFull(f, got[500:])
	must(t, err)
	wantBytes(t, "one reader", got, []byte(strings.Repeat("a", 1000)+"\n"))
	wantBytes(t, "the next", slurp(t, x.root+"/s"), []byte(strings.Repeat("b", 1000)+"\n"))
	closed(t, x.Pipe)
	wantWarnings(t, x.warnings)
	if names, err := os.ReadDir(x.root); err != nil || len(names) != 1 {
		t.Errorf("there are %v, %v", names, err)
	}
}

// TestAStatusFileStaysWhatItIs: a mode, a link, another name, bytes beyond, and what
// has the name of the new file.
func TestAStatusFileStaysWhatItIs(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(root string) error{
		"a mode": func(root string) error { return os.WriteFile(root+"/s", nil, 0o604) },
		"a link": func(root string) error { return os.Symlink(root+"/real", root+"/s") },
		"a second name": func(root string) error {
			_ = os.WriteFile(root+"/s", nil, 0o604)
			return os.Link(root+"/s", root+"/real")
		},
		"bytes beyond":  func(root string) error { return os.WriteFile(root+"/s", make([]byte, 3000), 0o604) },
		"a leftover":    func(root string) error { return os.WriteFile(root+"/s.new", make([]byte, 10), 0o600) },
		"something new": func(root string) error { return os.WriteFile(root+"/s.new", make([]byte, 3000), 0o604) },
	} {
		root := t.TempDir()
		must(t, prepare(root))
		p := opened(t, Options{}, "="+root+"/s")
		before, err := os.Lstat(root + "/s")
		must(t, err)
		put(t, p, []byte("one\n"))
		put(t, p, []byte("two\n"))
		closed(t, p)
		after, err := os.Lstat(root + "/s")
		must(t, err)
		if b := slurp(t, root+"/s"); !bytes.HasPrefix(b, []byte("two\n\n")) || after.Mode() != before.Mode() {
			t.Errorf("%s: %.10q, mode %v, before %v", name, b, after.Mode(), before.Mode())
		}
		_, err = os.Lstat(root + "/s.new")
		st := after.Sys().(*syscall.Stat_t)
		switch {
		case name == "a second name" && st.Nlink != 2, name == "bytes beyond" && after.Size() != 3000,
			name == "something new" && err != nil, name != "something new" && err == nil:
			t.Errorf("%s: %d names, %d bytes, %v", name, st.Nlink, after.Size(), err)
		}
	}
}
