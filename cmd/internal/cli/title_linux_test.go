package cli

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
)

func init() {
	playedTable = append(playedTable, Command{"retitle", "overwrite the last argument", retitle})
}

// retitle writes over the memory of its last argument.
func retitle(e *Env) int {
	for i := range e.Title {
		e.Title[i] = '#'
	}
	return wait(e)
}

func TestTheTitleIsTheLastArgumentThatPsShows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		as, argv0, args, want string
	}{
		{"retitle", "retitle", "", "retitle"},
		{"retitle", "retitle", "one", "retitle ###"},
		{"retitle", "retitle", "one two", "retitle one ###"},
		{"multi", "retitle", "one two", "retitle one ###"},
		{"multi", "tailight", "retitle one two", "tailight retitle one ###"},
		{"multi", "tailight", "retitle", "tailight retitle"}, // the name is no argument
	} {
		cmd := played(t, c.as, c.argv0, strings.Fields(c.args)...)
		in, err := cmd.StdinPipe()
		must(t, err)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		line, err := bufio.NewReader(out).ReadString('\n')
		if line != "ready\n" {
			t.Errorf("%q, %v", line, err)
		}
		seen, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", cmd.Process.Pid))
		must(t, err)
		must(t, in.Close())
		must(t, cmd.Wait())
		if got := strings.TrimSuffix(strings.ReplaceAll(string(seen), "\x00", " "), " "); got != c.want {
			t.Errorf("%s as %s shows %q, want %q", c.args, c.argv0, got, c.want)
		}
	}
}
