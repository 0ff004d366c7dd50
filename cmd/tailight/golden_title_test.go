//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// titleCases: readproctitle. The file shown has what ps shows of it behind
// the name of the program, at each look.
func titleCases() *group {
	g := &group{name: "title"}
	const twenty = "...................."
	title := func(args ...string) step { return run(append([]string{"readproctitle"}, args...)...) }
	g.add("no argument", title(), eof())
	for n := range 5 {
		g.add(fmt.Sprintf("a last argument of %d bytes", n), pour("text"), title("a", strings.Repeat("x", n)), over())
	}
	for n := 5; n < 9; n++ {
		g.add(fmt.Sprintf("a last argument of %d bytes", n), title("a", strings.Repeat("x", n)), feed("text"), look(), eof())
	}
	g.add("one argument only", title(twenty), feed("text"), look(), eof())
	g.add("nothing read", title("service", "errors:", twenty), idle(), look(), eof())
	g.add("not made of dots", title("service", "errors:", "twenty bytes, no dot"), idle(), look(), feed("text"), look(), eof())
	g.add("piece by piece", title("service", "errors:", twenty), feed("one "), look(), feed("two "), look(), feed("three four five"), look(), eof())
	g.add("newlines and other bytes", title("e:", twenty), feed("a\nb\r\tc\x01\x7f\xff\xc3\xbc"), look(), eof())
	g.add("NUL is left out", title("e:", twenty), feed("a\x00b\x00\x00c"), look(), feed("\x00"), look(), eof())
	for _, n := range []int{16, 17, 18, 400, 5000} {
		g.add(fmt.Sprintf("%d bytes at once", n), title("e:", twenty), feed(filler(n-3)+"end"), look(), eof())
	}
	g.add("a long last argument", title("service", "errors:", strings.Repeat(".", 400)), feed("supervise: fatal: unable to start a/run: access denied\n"), look(), eof())
	g.add("options are arguments", title("-x", "--", twenty), feed("text"), look(), eof())
	g.add("the end of input at once", title("e:", twenty), eof())
	g.add("standard input is a directory", put("d/", 0o755, ""), stdin("d", os.O_RDONLY), title("e:", twenty), over())
	g.add("standard input cannot be read", put("f", 0o600, "text"), stdin("f", os.O_WRONLY), title("e:", twenty), over())
	g.add("standard input is a file", put("f", 0o600, "text"), stdin("f", os.O_RDONLY), title("e:", twenty), over())
	g.add("standard input is non-blocking", nonblocking(), title("e:", twenty), idle(), eof()).
		differ("EAGAIN waits for input", func(r *record) { r.ends[0] = "exit 0" })
	return g
}

// look adds the arguments that ps shows now to the file shown.
func look() step {
	return step{"look", func(w *world) error {
		if w.job.gone() {
			return nil
		}
		seen, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", w.job.cmd.Process.Pid))
		if err != nil {
			return err
		}
		_, args, _ := bytes.Cut(seen, []byte{0})
		f, err := os.OpenFile(filepath.Join(w.dir, "shown"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			return err
		}
		if _, err := f.Write(append(bytes.ReplaceAll(args, []byte{0}, []byte{'|'}), '\n')); err != nil {
			return err
		}
		if err := f.Chmod(0o644); err != nil {
			return err
		}
		return f.Close()
	}}
}
