//go:build linux && peer

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tailight/tailight/supervise"
)

// TestPeerSupervise gives the real supervise and ours the same random letters
// and ends of the service, through the real svc, and compares what becomes of
// them with each other, as the real svstat and svok see it, and with the rules
// of the specification.
//
// Left out, because 0.76 itself goes one way or the other: letters behind one
// that ends the service, except u and x behind d.
func TestPeerSupervise(t *testing.T) {
	theirs, ours := peer(t), ours(t)
	eachSeed(t, max(*casesFlag/40, 1), func(seed uint64, scratch string) error {
		r := newRand(seed)
		pair := []*subject{{who: "0.76", bin: theirs}, {who: "ours", bin: ours}}
		m := &model{want: "up", up: true, starts: 1}
		normallyDown := r.IntN(2) == 0
		if normallyDown {
			m = &model{want: "down"}
		}
		for _, s := range pair {
			s.tools = theirs
			if err := s.begin(filepath.Join(scratch, s.who), normallyDown); err != nil {
				return err
			}
			defer s.end()
		}
		story := fmt.Sprintf("normally down: %v", normallyDown)
		for range 2 + r.IntN(8) {
			if err := settle(pair, m); err != nil {
				return fmt.Errorf("%w\n%s", err, story)
			}
			if m.gone {
				return nil
			}
			act := m.chance(r)
			story += "\n" + act
			for _, s := range pair {
				if err := s.act(act); err != nil {
					return fmt.Errorf("%s: %w\n%s", s.who, err, story)
				}
			}
		}
		return nil
	})
}

// TestPeerSvstatReadsRecordsOfEncore shows longer records to the svstat of 0.76.
func TestPeerSvstatReadsRecordsOfEncore(t *testing.T) {
	t.Parallel()
	theirs := peer(t)
	for _, logged := range []bool{false, true} {
		phase := "up, want up, running"
		steps := []step{witnessed("sv")}
		if logged {
			phase = "up, want up, running; log up, want up, running"
			steps = append(steps, script("sv/log", "exec cat >/dev/null"))
		}
		w := encored(t, append(steps, run("supervise", "sv"), becomes(phase))...)
		s := &subject{tools: theirs, dir: filepath.Join(w.dir, "sv"), w: w}
		if got, want := s.seen(), "sv: up N seconds\n <nil> svok true"; got != want {
			t.Errorf("0.76 sees %q, want %q", got, want)
		}
		w.do(t, commanded("dx"))
		ended(t, w, "exit 0")
	}
}

// TestMixedSupervisesShareTheLock starts each kind beside the other.
func TestMixedSupervisesShareTheLock(t *testing.T) {
	t.Parallel()
	theirs, ours := peer(t), ours(t)
	for _, bins := range [][2]string{{theirs, ours}, {ours, theirs}} {
		w := tale(t, witnessed("sv"))
		w.bin = bins[0]
		w.do(t, run("supervise", "sv"), becomes("up, want up"), output("start"))
		cmd := exec.Command(filepath.Join(bins[1], "supervise"), "sv")
		cmd.Dir = w.dir
		out, err := cmd.CombinedOutput()
		if want := "supervise: fatal: unable to acquire sv/supervise/lock: temporary failure\n"; string(out) != want || cmd.ProcessState.ExitCode() != 111 {
			t.Errorf("%s beside %s: %v %q", bins[1], bins[0], err, out)
		}
		w.do(t, commanded("dx"), over())
		// The other one goes on with the files of the first.
		w.bin = bins[1]
		w.do(t, run("supervise", "sv"), starts(2), becomes("up, want up"), commanded("dx"), over())
	}
}

// model is what the specification says of one service.
type model struct {
	up, paused, pending, leaving, gone bool
	want                               string
	starts                             int
}

const slay = "kill -9" // the act that is no batch of letters

// chance chooses an act and lets it happen.
func (m *model) chance(r *rand.Rand) string {
	if m.up && r.IntN(6) == 0 {
		m.die()
		return slay
	}
	batch := ""
	for range 1 + r.IntN(3) {
		const letters = "uuooddppcchaitkx"
		letter := letters[r.IntN(len(letters))]
		if letter == 'x' && r.IntN(3) > 0 || strings.IndexByte(batch, letter) >= 0 { // svc drops what it has already
			continue
		}
		batch += string(letter)
		before := *m
		m.obey(letter)
		if before.up && !m.up && letter == 'd' && !m.gone && r.IntN(2) == 0 {
			next := "ux"[r.IntN(2)]
			if strings.IndexByte(batch, next) >= 0 {
				return batch
			}
			m.obey(next)
			return batch + string(next)
		}
		if before.starts != m.starts || before.up != m.up || m.gone {
			break
		}
	}
	if batch == "" {
		return "h"
	}
	return batch
}

func (m *model) obey(letter byte) {
	switch letter {
	case 'u', 'o':
		m.want = map[byte]string{'u': "up", 'o': "once"}[letter]
		if !m.up {
			m.start()
		}
	case 'd':
		m.want = "down"
		m.die()
	case 'x':
		m.leaving = true
		m.gone = !m.up
	case 'p':
		m.paused = m.up
	case 'c':
		m.paused = false
		if m.pending {
			m.die()
		}
	case 't', 'i':
		if m.pending = m.up && m.paused; m.up && !m.paused {
			m.die()
		}
	case 'k':
		m.die()
	}
}

func (m *model) start() {
	m.up, m.paused = true, false
	m.starts++
}

func (m *model) die() {
	if !m.up {
		return
	}
	m.up, m.paused, m.pending = false, false, false
	switch {
	case m.leaving:
		m.gone = true
	case m.want == "up":
		m.start()
	}
}

func (m *model) status() string {
	text := "down, want " + m.want
	if m.up {
		text = "up, want " + m.want
	}
	if m.paused {
		text += ", paused"
	}
	return text
}

// superviseIn is a service under a supervise of either kind.
type subject struct {
	who, bin, tools string
	dir             string
	w               *world
}

func (s *subject) begin(scratch string, normallyDown bool) error {
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		return err
	}
	var err error
	if s.w, err = newWorld(scratch, s.bin); err != nil {
		return err
	}
	s.dir = filepath.Join(s.w.dir, "sv")
	if err := putWitness(s.dir); err != nil {
		return err
	}
	if normallyDown {
		if err := os.WriteFile(filepath.Join(s.dir, "down"), nil, 0o644); err != nil {
			return err
		}
	}
	s.w.let("sv")
	if err := s.w.start([]string{"supervise", "sv"}); err != nil {
		return err
	}
	return until("svok", s.w.job, s.ok)
}

// end ends supervise in good order: killed in the middle of a start it would
// leave a service behind that nobody knows.
func (s *subject) end() {
	if s.w.job != nil && !s.w.job.gone() && supervise.Send(filepath.Join(s.dir, "supervise"), []byte("dxk")) == nil {
		_ = s.w.job.wait()
	}
	s.w.close()
}

// unread is the number of letters that supervise has not read: 0.76 is deaf for a
// second after each start, and then looks at ends first.
func (s *subject) unread() int {
	fifo, err := os.OpenFile(filepath.Join(s.dir, "supervise/control"), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return -1
	}
	defer fifo.Close()
	n, err := unix.IoctlGetInt(int(fifo.Fd()), unix.TIOCINQ)
	if err != nil {
		return -1
	}
	return n
}

func (s *subject) ok() bool {
	return exec.Command(filepath.Join(s.tools, "svok"), s.dir).Run() == nil
}

func (s *subject) act(act string) error {
	if act == slay {
		return syscall.Kill(s.w.pid("sv"), unix.SIGKILL)
	}
	out, err := exec.Command(filepath.Join(s.tools, "svc"), "-"+act, s.dir).CombinedOutput()
	if err != nil || len(out) > 0 {
		return fmt.Errorf("svc -%s: %v %s", act, err, out)
	}
	return nil
}

// settle waits until both are where the model is, and then compares what the
// tools see.
func settle(pair []*subject, m *model) error {
	for _, s := range pair {
		status, starts := "", 0
		err := until(fmt.Sprintf("%s: %s, %d starts, gone %v", s.who, m.status(), m.starts, m.gone), nil, func() bool {
			status = statusText(readAll(filepath.Join(s.dir, "supervise/status")))
			starts = strings.Count(readAll(s.w.stdout.Name()), "start\n")
			return status == m.status() && starts == m.starts && s.w.job.gone() == m.gone && (m.gone || s.unread() == 0)
		})
		if err != nil {
			return fmt.Errorf("%w: it is %s, %d starts, gone %v", err, status, starts, s.w.job.gone())
		}
		if m.gone && s.w.job.end() != "exit 0" {
			return fmt.Errorf("%s: %s", s.who, s.w.job.end())
		}
	}
	if a, b := pair[0].seen(), pair[1].seen(); a != b {
		return fmt.Errorf("0.76: %s\nours: %s", a, b)
	}
	return nil
}

var svstatVaries = regexp.MustCompile(`\(pid \d+\) \d+|down \d+`)

// seen is what the tools say.
func (s *subject) seen() string {
	cmd := exec.Command(filepath.Join(s.tools, "svstat"), "sv")
	cmd.Dir = s.w.dir
	out, err := cmd.CombinedOutput()
	return fmt.Sprintf("%s %v svok %v", svstatVaries.ReplaceAllString(string(out), "N"), err, s.ok())
}
