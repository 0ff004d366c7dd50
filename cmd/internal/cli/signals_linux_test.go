package cli

import (
	"bufio"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

func init() {
	playedTable = append(playedTable, Command{"notified", "wait for ALRM or the end of input", notified})
}

// notified asks for a signal after its default action was restored.
func notified(e *Env) int {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGALRM, syscall.SIGUSR1)
	go func() {
		for s := range c {
			_, _ = e.Out.WriteString("got " + s.String() + "\n")
		}
	}()
	return wait(e)
}

// A player is a command that runs as a process.
type player struct {
	t      testing.TB
	proc   *os.Process
	out    *bufio.Reader
	in     *os.File
	err    *os.File
	exited chan *os.ProcessState
}

// play starts a command, under a shell's `trap ” SIGNAL` if one is to be
// ignored, and waits until it is ready.
func play(t *testing.T, name, ignored string) *player {
	t.Helper()
	cmd := played(t, name, "")
	script := `ulimit -c 0; exec "$0"` // no core files
	if ignored != "" {
		script = "trap '' " + ignored + "; " + script
	}
	inR, inW, err := os.Pipe()
	must(t, err)
	outR, outW, err := os.Pipe()
	must(t, err)
	errF, err := os.Create(t.TempDir() + "/err")
	must(t, err)
	proc, err := os.StartProcess("/bin/sh", []string{"sh", "-c", script, cmd.Path}, &os.ProcAttr{
		Env: cmd.Env, Files: []*os.File{inR, outW, errF},
	})
	must(t, err)
	must(t, inR.Close())
	must(t, outW.Close())
	p := &player{t: t, proc: proc, out: bufio.NewReader(outR), in: inW, err: errF, exited: make(chan *os.ProcessState, 1)}
	go func() {
		state, _ := proc.Wait()
		p.exited <- state
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = proc.Kill()
		<-p.exited
		_ = inW.Close()
		_ = outR.Close()
		_ = errF.Close()
	})
	p.expect("ready")
	return p
}

// expect waits for a line of the command's output.
func (p *player) expect(want string) {
	p.t.Helper()
	got := make(chan string, 1)
	go func() {
		line, _ := p.out.ReadString('\n')
		got <- strings.TrimSuffix(line, "\n")
	}()
	select {
	case line := <-got:
		if line != want {
			p.t.Fatalf("the command said %q, want %q", line, want)
		}
	case <-time.After(limit):
		p.t.Fatalf("the command did not say %q", want)
	}
}

// end waits for the end of the command.
func (p *player) end() syscall.WaitStatus {
	p.t.Helper()
	select {
	case state := <-p.exited:
		return state.Sys().(syscall.WaitStatus)
	case <-time.After(limit):
		p.t.Fatal("the command has not ended")
	}
	return 0
}

var deadly = map[string]syscall.Signal{
	"QUIT": syscall.SIGQUIT, "USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2, "ALRM": syscall.SIGALRM,
	"VTALRM": syscall.SIGVTALRM, "IO": syscall.SIGIO, "PWR": syscall.SIGPWR, "STKFLT": syscall.SIGSTKFLT,
	"TRAP": syscall.SIGTRAP, "ABRT": syscall.SIGABRT, "PIPE": syscall.SIGPIPE, "XCPU": syscall.SIGXCPU,
	"XFSZ": syscall.SIGXFSZ, "PROF": syscall.SIGPROF, "SYS": syscall.SIGSYS,
	"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "HUP": syscall.SIGHUP,
}

func TestSignalsEndACommandWithoutADump(t *testing.T) {
	t.Parallel()
	for name, sig := range deadly {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := play(t, "wait", "")
			must(t, p.proc.Signal(sig))
			if status := p.end(); !status.Signaled() || status.Signal() != sig {
				t.Errorf("the command ended with %v, want that it dies of %v", status, sig)
			}
			if said := text(t, p.err); said != "" {
				t.Errorf("the command said %q", said)
			}
		})
	}
}

// The runtime leaves these two as they are; of the others only the entry knows
// that the parent has ignored them, which this binary does not have.
func TestHangupAndInterruptStayIgnored(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"HUP", "INT"} {
		sig := deadly[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := play(t, "wait", name)
			must(t, p.proc.Signal(sig))
			must(t, p.in.Close())
			if status := p.end(); !status.Exited() || status.ExitStatus() != 0 {
				t.Errorf("the command ended with %v, want exit 0 (%s)", status, text(t, p.err))
			}
		})
	}
}

// A command can still ask for a signal whose default action was restored.
func TestACommandCanAskForASignal(t *testing.T) {
	t.Parallel()
	p := play(t, "notified", "")
	must(t, p.proc.Signal(syscall.SIGALRM))
	p.expect("got alarm clock")
	must(t, p.proc.Signal(syscall.SIGUSR1))
	p.expect("got user defined signal 1")
	must(t, p.in.Close())
	if status := p.end(); !status.Exited() || status.ExitStatus() != 0 {
		t.Errorf("the command ended with %v, want exit 0", status)
	}
}
