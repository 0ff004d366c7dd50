package logs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/tai64"
)

// terminal returns both ends of a new pseudo-terminal of 60 columns. Only a system
// without any skips the test.
func terminal(t *testing.T) (outer, inner *os.File) {
	t.Helper()
	outer, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip(err)
	}
	must(t, err)
	t.Cleanup(func() { outer.Close() })
	must(t, unix.IoctlSetPointerInt(int(outer.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(outer.Fd()), unix.TIOCGPTN)
	must(t, err)
	inner, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	must(t, err)
	t.Cleanup(func() { inner.Close() })
	must(t, unix.IoctlSetWinsize(int(outer.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 60}))
	return outer, inner
}

// onTerminal runs svlog on a terminal and returns what that shows.
func onTerminal(t *testing.T, scan string, env []string, args ...string) (shown string, code int) {
	t.Helper()
	outer, inner := terminal(t)
	vars := map[string]string{"SVDIR": scan, "TERM": "xterm"}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		vars[name] = value
	}
	done := make(chan int, 1)
	go func() {
		c := clockAt(t, "2026-11-26T12:00:00Z", berlin)
		code := svlog(&cli.Env{Name: "x", Args: args, In: inner, Out: inner, Err: inner}, c,
			func(name string) (string, bool) { v, ok := vars[name]; return v, ok })
		inner.WriteString("\x00")
		done <- code
	}()
	var all []byte
	b := make([]byte, 4096)
	for !strings.HasSuffix(string(all), "\x00") {
		n, err := outer.Read(b)
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
		all = append(all, b[:n]...)
	}
	select {
	case code = <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("svlog does not end")
	}
	return strings.ReplaceAll(strings.TrimSuffix(string(all), "\x00"), "\r\n", "\n"), code
}

func TestATerminalGetsColours(t *testing.T) {
	t.Parallel()
	scan := tree(t)
	const coloured = "2026-11-25 13:00:01.000000+01:00 \x1b[36mdb\x1b[m  st\x1b[1;31mart\x1b[m\n" +
		"2026-11-25 13:00:02.000000+01:00 \x1b[33mweb\x1b[m GET /c\x1b[1;31mart\x1b[m\n"
	for _, c := range []struct{ env, args, want string }{
		{"", "-g art", coloured},
		{"NO_COLOR=", "-g art", coloured},
		{"NO_COLOR=1", "-g art", lines(1, 2)},
		{"NO_COLOR=1", "-g art --color always", coloured},
		{"TERM=dumb", "-g art", lines(1, 2)},
		{"", "-g art --color=never", lines(1, 2)},
		{"", "-o json -g start --time iso", `{"time":"2026-11-25T13:00:01.000000000+01:00","tai64n":"` + tai64.At(noon.Add(time.Second)).String() + `","service":"db","text":"start"}` + "\n"},
		{"COLUMNS=40", "--histogram --bucket 3h db", "2026-11-25 12:00  2  \x1b[36m#######################################\x1b[m\n"},
	} {
		shown, code := onTerminal(t, scan, strings.Fields(c.env), append(strings.Fields(c.args), "--no-pager")...)
		if shown != c.want || code != cli.OK {
			t.Errorf("%s svlog %s: code %d, %q, want %q", c.env, c.args, code, shown, c.want)
		}
	}
}

func TestATerminalGetsAPager(t *testing.T) {
	t.Parallel()
	scan := tree(t)
	const page = `sed "s/^/$LESS: /"`
	for _, c := range []struct {
		env  []string
		args string
		want string
	}{
		{[]string{"SVLOG_PAGER=" + page, "PAGER=false"}, "-o cat db", "FRX: start\nFRX: ERROR disk\n"},
		{[]string{"PAGER=" + page}, "-o cat db", "FRX: start\nFRX: ERROR disk\n"},
		{[]string{"PAGER=" + page}, "-o cat db --no-pager", "start\nERROR disk\n"},
		{[]string{"SVLOG_PAGER=", "PAGER=" + page}, "-o cat db", "start\nERROR disk\n"},
		{[]string{"PAGER= cat "}, "-o cat db", "start\nERROR disk\n"},
		{[]string{"PATH=/nonexistent"}, "-o cat db", "start\nERROR disk\n"},
		{[]string{"PAGER=head -n 1"}, "-o cat db", "start\n"},
		{[]string{"PAGER=true"}, "-o cat db", ""},
		{[]string{"PAGER=echo"}, "-g nothing", ""}, // it is not started for nothing
	} {
		if shown, code := onTerminal(t, scan, c.env, strings.Fields(c.args)...); shown != c.want || code != cli.OK {
			t.Errorf("%q svlog %s: code %d, %q, want %q", c.env, c.args, code, shown, c.want)
		}
	}
}

// TestAPagerThatEndsEarlyEndsSvlog has more lines than a pipe takes.
func TestAPagerThatEndsEarlyEndsSvlog(t *testing.T) {
	t.Parallel()
	scan := place(t, "web/log/main/current", strings.Repeat(at(0, "line"), 100000))
	shown, code := onTerminal(t, scan, []string{"PAGER=head -n 2; exit 3"}, "-o", "cat")
	if shown != "line\nline\n" || code != cli.OK {
		t.Errorf("%q, code %d", shown, code)
	}
}

func TestTheDefaultPagerIsLess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "less"), []byte("#!/bin/sh\n"), 0o755))
	for path, want := range map[string]string{"/nonexistent:" + dir: "less -FRX", "/nonexistent": ""} {
		if got := pagerOf(func(name string) (string, bool) { return path, name == "PATH" }); got != want {
			t.Errorf("PATH=%s: %q, want %q", path, got, want)
		}
	}
}

func TestALongSearchIsShownOnATerminal(t *testing.T) {
	t.Parallel()
	outer, inner := terminal(t)
	e := &cli.Env{Name: "svlog", Err: inner}
	p := progress{env: e, shown: isTerminal(inner), since: time.Now().Add(-2 * time.Second)}
	p.say("./main/@x.s", 1, 3)
	p.say("./main/@x.s", 2, 3) // too early to be said
	p.clear()
	p.clear()
	fresh := progress{env: e, shown: true, since: time.Now().Add(time.Hour)}
	fresh.say("no", 1, 2)
	silent := progress{env: e, since: time.Now().Add(-2 * time.Second)}
	silent.say("no", 1, 2)
	inner.WriteString("\x00")
	const want = "\rsvlog: reading ./main/@x.s, 33%\x1b[K\r\x1b[K\x00"
	got := make([]byte, len(want))
	_, err := io.ReadFull(outer, got)
	must(t, err)
	if string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
}
