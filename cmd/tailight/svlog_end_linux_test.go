package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// svlogOn starts svlog on a log directory of n lines, and returns its output.
func svlogOn(t *testing.T, n int, args ...string) (j *job, out *os.File, said *strings.Builder) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "log"), 0o755); err != nil {
		t.Fatal(err)
	}
	lines := strings.Repeat("@400000006b074a1b0c2a6cb7 a line\n", n)
	if err := os.WriteFile(filepath.Join(dir, "log/current"), []byte(lines), 0o644); err != nil {
		t.Fatal(err)
	}
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close() })
	defer w.Close()
	said = new(strings.Builder)
	cmd := exec.Command(filepath.Join(ours(t), "svlog"), append(args, "./log")...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, testEnv("UTC"), w, said
	if j, err = startJob(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = j.wait()
	})
	return j, out, said
}

// wantsLine reads a line of svlog's output.
func wantsLine(t *testing.T, out *os.File) {
	t.Helper()
	line, err := bufio.NewReaderSize(out, 16).ReadString('\n')
	if line != "a line\n" {
		t.Fatalf("it prints %q (%v)", line, err)
	}
}

// ends waits for the end of svlog, which is to say nothing.
func (j *job) ends(t *testing.T, said *strings.Builder, want string) {
	t.Helper()
	if err := j.wait(); err != nil {
		t.Fatal(err)
	}
	if j.end() != want || said.Len() > 0 {
		t.Errorf("%s, said %q, want %q and nothing", j.end(), said, want)
	}
}

func TestAClosedPipeEndsSvlogQuietly(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"-o cat", "-o cat -f", "-o cat --cursor-file c"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			j, out, said := svlogOn(t, 100_000, strings.Fields(args)...)
			wantsLine(t, out)
			_ = out.Close()
			if strings.HasSuffix(args, "-f") { // it finds that with the next line
				appendTo(t, filepath.Join(j.cmd.Dir, "log/current"), "@400000006b074a1b0c2a6cb8 one more\n")
			}
			j.ends(t, said, "killed by PIPE")
		})
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = f.WriteString(text)
		_ = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Ctrl-C and its relatives end a follower in good order: where it got is saved.
func TestASignalEndsAFollowerQuietly(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			j, out, said := svlogOn(t, 1, "-o", "cat", "-f", "--cursor-file", "c")
			wantsLine(t, out)
			if err := j.signal(sig); err != nil {
				t.Fatal(err)
			}
			j.ends(t, said, "exit 0")
			again := exec.Command(filepath.Join(ours(t), "svlog"), "-o", "cat", "--cursor-file", "c", "./log")
			again.Dir, again.Env = j.cmd.Dir, testEnv("UTC")
			if rest, err := again.CombinedOutput(); err != nil || len(rest) > 0 {
				t.Errorf("the next run prints %q (%v)", rest, err)
			}
		})
	}
}

// TestASignalEndsSvlogWhoseReaderDoesNotRead: it has more lines than the pipe takes.
func TestASignalEndsSvlogWhoseReaderDoesNotRead(t *testing.T) {
	t.Parallel()
	j, out, said := svlogOn(t, 100_000, "-o", "cat")
	wantsLine(t, out)
	if err := j.signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	j.ends(t, said, "killed by INT")
}
