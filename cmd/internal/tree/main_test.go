// Tested elsewhere: the commands with the real svscan and svc (peer tests of
// cmd/tailight). Untested: a pipe or a process that the system refuses, and the
// reaping of strangers as the first process.

package tree

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// limit is how long a test waits for an event before it gives up.
const limit = 30 * time.Second

// TestMain lets the test binary play the commands that svscanboot starts, and
// svscanboot itself: a link with such a name is that command.
func TestMain(m *testing.M) {
	if run := played[filepath.Base(os.Args[0])]; run != nil {
		cli.Main(filepath.Base(os.Args[0]), run)
	}
	os.Exit(m.Run())
}

var played = map[string]func(*cli.Env) int{
	"readproctitle": Readproctitle,
	"svscanboot":    (&boot{service: "/nowhere", command: "/nowhere", system: "/nowhere"}).run,
	"svc":           record,
	"svscan":        pretendScan,
	"holder":        hold,
}

// record leaves what a command was started with in a file beside the
// directory it was found in, which is the first of PATH.
func record(e *cli.Env) int {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s\n", e.Name, strings.Join(e.Args, " "))
	for fd := range 3 {
		to, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		kind, _, _ := strings.Cut(to, ":")
		fmt.Fprintf(&text, "%d %s\n", fd, kind)
	}
	umask := syscall.Umask(0)
	syscall.Umask(umask)
	fmt.Fprintf(&text, "umask %04o\nenvironment %q\n", umask, os.Environ())
	f, err := os.OpenFile(beside("record"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return e.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text.String()); err != nil {
		return e.Fatal(err)
	}
	return cli.OK
}

// beside is a file beside the directory of commands.
func beside(name string) string {
	command, _, _ := strings.Cut(os.Getenv("PATH"), ":")
	return filepath.Join(filepath.Dir(command), name)
}

// pretendScan speaks on both outputs and stays until TERM. With a file hold, it
// leaves a child that holds the pipe as long as the file is there.
func pretendScan(e *cli.Env) int {
	terms := make(chan os.Signal, 1)
	signal.Notify(terms, syscall.SIGTERM)
	if code := record(e); code != cli.OK {
		return code
	}
	_, _ = e.Out.WriteString("stdout ")
	_, _ = e.Err.WriteString("stderr ")
	if _, err := os.Stat(beside("hold")); err == nil {
		if _, err := start([]string{"holder"}, e.In, e.Out, e.Err); err != nil {
			return e.Fatal(err)
		}
	}
	<-terms
	_, _ = e.Out.WriteString("stopped ")
	return cli.OK
}

// hold keeps its descriptors until the file hold is gone.
func hold(e *cli.Env) int {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(beside("hold")); err != nil {
			return cli.OK
		}
	}
	return cli.Failed
}
