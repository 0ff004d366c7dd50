//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/tailight/tailight/supervise"
)

// superviseCases: what supervise says, makes and does. Its services are
// witnesses, and where a case needs one, the program is written as text.
func superviseCases() *group {
	g := &group{name: "supervise"}
	superviseDiagnostics(g)
	superviseScripts(g)
	superviseModes(g)
	superviseLetters(g)
	return g
}

func superviseDiagnostics(g *group) {
	fails := func(name string, steps ...step) { g.add(name, append(steps, run("supervise", "sv"), over())...) }
	g.add("no argument", run("supervise"), over())
	g.add("two arguments", run("supervise", "a", "b"), over())
	fails("no such directory")
	fails("not a directory", put("sv", 0o644, ""))
	fails("down is a loop", put("sv/", 0o755, ""), symlink("down", "sv/down"))
	fails("supervise is a file", put("sv/supervise", 0o644, ""))
	fails("supervise leads to where nothing can be made", put("sv/", 0o755, ""), symlink("../no/where", "sv/supervise"))
	fails("lock is a directory", put("sv/supervise/lock/", 0o700, ""))
	fails("lock is held", put("sv/supervise/lock", 0o600, ""), locked("sv/supervise/lock"))
	fails("control is a directory", put("sv/supervise/control/", 0o700, ""))
	fails("control is a loop", put("sv/supervise/", 0o700, ""), symlink("control", "sv/supervise/control"))
	fails("ok is a loop", put("sv/supervise/", 0o700, ""), symlink("ok", "sv/supervise/ok"))
	story := []step{witnessed("sv"), put("sv/down", 0o644, ""), run("supervise", "sv"), becomes("down, want down"), taken()}
	g.add("status cannot be opened", append(story, put("sv/supervise/status.new/", 0o700, ""), commanded("u"), said("status.new"), output("start"), commanded("dx"), over())...)
	g.add("status cannot be replaced", append(story, replaced("sv/supervise/status"), commanded("p"), said("to status"), commanded("x"), over())...).
		differ("the end is recorded once", func(r *record) {
			r.stderr = r.stderr[strings.Index(r.stderr, "\n")+1:]
		})
}

// superviseScripts: what cannot be executed is said. A service that is told o is
// tried once.
func superviseScripts(g *group) {
	tried := func(name string, steps ...step) {
		g.add("run "+name, append(append([]step{put("sv/down", 0o644, "")}, steps...), run("supervise", "sv"),
			becomes("down, want down"), commanded("o"), said("unable to start"), becomes("down, want once"), commanded("x"), over())...)
	}
	tried("is missing")
	tried("is not executable", put("sv/run", 0o644, "#!/bin/sh\n"))
	tried("is a directory", put("sv/run/", 0o755, ""))
	tried("has no #!", put("sv/run", 0o755, "echo never\n"))
	tried("has an interpreter that is missing", put("sv/run", 0o755, "#!/no/such/program\n"))
	tried("leads nowhere", symlink("nowhere", "sv/run"))
	tried("leads to itself", symlink("run", "sv/run"))
	for _, exit := range []string{"exit 0", "exit 1", "exit 100", "exit 111", "kill -9 $$"} {
		g.add("run does "+exit, put("sv/down", 0o644, ""), put("sv/run", 0o755, "#!/bin/sh\necho ran\n"+exit+"\n"), run("supervise", "sv"),
			becomes("down, want down"), commanded("o"), output("ran"), becomes("down, want once"), commanded("x"), over())
	}
	g.add("run is started where, how and with what", put("sv/down", 0o644, ""),
		put("sv/run", 0o755, "#!/bin/sh\npwd -P; echo $0 $#; umask; echo $PATH $LC_ALL\n"), run("supervise", "sv"),
		becomes("down, want down"), commanded("o"), output("C\n"), becomes("down, want once"), commanded("x"), over())
	g.add("run has no descriptor of supervise", put("sv/down", 0o644, ""),
		put("sv/run", 0o755, "#!/bin/sh\nfor f in 0 1 2 3 4 5 6 7 8 9 11 12 13 14 15 16 17; do test -e /proc/$$/fd/$f && echo $f; done; echo end\n"),
		run("supervise", "sv"), becomes("down, want down"), commanded("o"), output("end"), becomes("down, want once"), commanded("x"), over())
	g.add("signals have their default action", put("sv/down", 0o644, ""),
		put("sv/run", 0o755, "#!/bin/sh\nsed -n 's/^Sig\\(Blk\\|Ign\\):.*\\(.......\\)$/\\1 \\2/p' /proc/self/status; echo end\n"),
		run("supervise", "sv"), becomes("down, want down"), commanded("o"), output("end"), becomes("down, want once"), commanded("x"), over())
}

// superviseModes: the files of the control directory, old ones and new ones.
func superviseModes(g *group) {
	for _, mask := range []string{"000", "022", "027", "077"} {
		g.add("umask "+mask, witnessed("sv"), umask(mask), run("supervise", "sv"), output("start"), commanded("dx"), over())
	}
	g.add("what is there stays as it is", put("sv/run", 0o755, "#!/bin/sh\n"), put("sv/down", 0o644, ""), put("sv/supervise/", 0o755, ""),
		put("sv/supervise/lock", 0o644, "old"), fifo("sv/supervise/control"), fifo("sv/supervise/ok"), put("sv/supervise/status", 0o600, "a longer record than one of 18 bytes"),
		put("sv/supervise/status.new", 0o600, "left over"), put("sv/supervise/other", 0o600, ""),
		run("supervise", "sv"), becomes("down, want down"), commanded("x"), over())
	g.add("a dangling link is repaired", put("sv/down", 0o644, ""), symlink("../volatile", "sv/supervise"),
		run("supervise", "sv"), becomes("down, want down"), commanded("x"), over())
	g.add("a link to a directory", put("sv/down", 0o644, ""), put("volatile/", 0o755, ""), symlink("../volatile", "sv/supervise"),
		run("supervise", "sv"), becomes("down, want down"), commanded("x"), over())
	g.add("a directory that cannot be read", put("sv/down", 0o644, ""), put("sv/", 0o311, ""), run("supervise", "sv"), becomes("down, want down"),
		commanded("x"), over(), put("sv/", 0o755, ""))
	g.add("a name with a dash", put("-dash/down", 0o644, ""), run("supervise", "-dash"), becomesIn("-dash", "down, want down"), controlIn("-dash", "x"), over())
	g.add("the working directory", put("down", 0o644, ""), run("supervise", "."), becomesIn(".", "down, want down"), controlIn(".", "x"), over())
	g.add("down is a directory", put("sv/down/", 0o755, ""), run("supervise", "sv"), becomes("down, want down"), commanded("x"), over())
	g.add("down leads nowhere", witnessed("sv"), symlink("nowhere", "sv/down"), run("supervise", "sv"), output("start"), commanded("dx"), over())
}

// superviseLetters: every letter in every state, and the sequences of the
// specification.
func superviseLetters(g *group) {
	isDown := []step{witnessed("sv"), put("sv/down", 0o644, ""), run("supervise", "sv"), becomes("down, want down")}
	isUp := []step{witnessed("sv"), run("supervise", "sv"), becomes("up, want up"), output("start")}
	from := func(start []step, name string, steps ...step) {
		g.add(name, append(append([]step(nil), start...), steps...)...)
	}
	end := []step{commanded("dx"), over()}
	and := func(steps ...step) []step { return append(steps, end...) }

	from(isDown, "down: x", commanded("x"), over())
	from(isDown, "down: d", and(commanded("d"), becomes("down, want down"))...)
	from(isDown, "down: u", and(commanded("u"), output("start"), becomes("up, want up"))...)
	from(isDown, "down: o", and(commanded("o"), output("start"), becomes("up, want once"))...)
	from(isDown, "down: o, and it ends", and(commanded("o"), output("start"), commanded("i"), becomes("down, want once"))...)
	from(isDown, "down: p c h a i t k do nothing", and(commanded("pchaitk"), becomes("down, want down"))...)
	from(isDown, "down: p is forgotten at the start", and(commanded("pu"), output("start"), becomes("up, want up"))...)
	from(isDown, "down: letters that mean nothing", and(commanded("z\x00\n?-du"), output("start"), becomes("up, want up"))...)
	from(isDown, "down: ux leaves when it ends", commanded("ux"), output("start"), becomes("up, want up"), commanded("i"), over())
	from(isDown, "down: xu never starts", commanded("xu"), over())
	from(isDown, "down: ox", commanded("ox"), output("start"), becomes("up, want once"), commanded("t"), over())

	from(isUp, "up: d", and(commanded("d"), becomes("down, want down"))...)
	from(isUp, "up: d u", and(commanded("d"), becomes("down, want down"), commanded("u"), starts(2))...)
	from(isUp, "up: du is a restart", and(commanded("du"), starts(2), becomes("up, want up"))...)
	from(isUp, "up: u", and(commanded("u"), becomes("up, want up"))...)
	from(isUp, "up: it ends", and(commanded("i"), starts(2), becomes("up, want up"))...)
	from(isUp, "up: t", and(commanded("t"), starts(2), becomes("up, want up"))...)
	from(isUp, "up: k", and(commanded("k"), starts(2), becomes("up, want up"))...)
	from(isUp, "up: h", and(commanded("h"), output("HUP"))...)
	from(isUp, "up: a", and(commanded("a"), output("ALRM"))...)
	from(isUp, "up: o, and it ends", and(commanded("o"), becomes("up, want once"), commanded("i"), becomes("down, want once"))...)
	from(isUp, "up: o and u, and it ends", and(commanded("o"), becomes("up, want once"), commanded("u"), becomes("up, want up"), commanded("i"), starts(2))...)
	from(isUp, "up: p", and(commanded("p"), becomes("up, want up, paused"), stopped())...)
	from(isUp, "up: p c", and(commanded("p"), stopped(), commanded("c"), becomes("up, want up"), commanded("h"), output("HUP"))...)
	from(isUp, "up: p t waits for c", and(commanded("p"), stopped(), commanded("t"), becomes("up, want up, paused"), commanded("c"), output("TERM"), starts(2))...)
	from(isUp, "up: p d", and(commanded("p"), stopped(), commanded("d"), becomes("down, want down"))...)
	from(isUp, "up: p k, and the next is not paused", and(commanded("p"), stopped(), commanded("k"), starts(2), becomes("up, want up"))...)
	from(isUp, "up: p o d", and(commanded("p"), stopped(), commanded("o"), becomes("up, want once, paused"), commanded("d"), becomes("down, want down"))...)
	from(isUp, "up: x leaves when it ends", commanded("x"), becomes("up, want up"), commanded("i"), over())
	from(isUp, "up: x and u", commanded("xu"), becomes("up, want up"), commanded("i"), over())
	from(isUp, "up: dx", commanded("dx"), over())
	from(isUp, "up: xd", commanded("xd"), over())
	from(isUp, "up: stubborn, d u k", put("sv/stubborn", 0o644, ""), commanded("d"), output("TERM"), becomes("up, want down"),
		commanded("u"), becomes("up, want up"), commanded("k"), starts(2), commanded("dx"), output("start\nTERM\nstart\nTERM"), commanded("k"), over())
	from(isUp, "up: killed from outside", and(slain(), starts(2), becomes("up, want up"))...)
	from(isUp, "up: stopped from outside", and(halted(), becomes("up, want up"), commanded("c"), commanded("h"), output("HUP"))...)
	for _, s := range []syscall.Signal{unix.SIGTERM, unix.SIGHUP, unix.SIGINT, unix.SIGKILL, unix.SIGALRM, unix.SIGUSR1} {
		name := strings.TrimPrefix(unix.SignalName(s), "SIG")
		from(isUp, name+" ends supervise, not the service", step{"signal " + name, func(w *world) error { return w.job.signal(s) }},
			over(), becomes("up, want up"), slain())
	}
}

// The steps of these cases.

func witnessed(dir string) step {
	return step{"witness " + dir, func(w *world) error { return putWitness(filepath.Join(w.dir, dir)) }}
}

func umask(mask string) step {
	return step{"umask " + mask, func(w *world) error { w.umask = mask; return nil }}
}

// commanded writes letters to the service, as svc does.
func commanded(letters string) step { return controlIn("sv", letters) }

func controlIn(dir, letters string) step {
	return step{"svc " + strings.Trim(quote(letters), `"`), func(w *world) error {
		return supervise.Send(filepath.Join(w.dir, dir, "supervise"), []byte(letters))
	}}
}

// becomes waits for a status.
func becomes(text string) step { return becomesIn("sv", text) }

func becomesIn(dir, text string) step {
	return step{"is " + text, func(w *world) error {
		w.let(dir)
		got := ""
		err := until("status "+text, nil, func() bool {
			got = statusText(readAll(filepath.Join(w.dir, dir, "supervise/status")))
			return got == text && (w.job.gone() || supervise.Probe(filepath.Join(w.dir, dir, "supervise")) == nil)
		})
		if err != nil {
			return fmt.Errorf("%w: it is %s", err, got)
		}
		return nil
	}}
}

// let makes close end the service that a case has left behind.
func (w *world) let(dir string) {
	if w.letting == nil {
		w.letting = []func(){func() {
			if pid := w.pid(dir); pid > 0 && w.job != nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}}
	}
}

// pid is that of the service.
func (w *world) pid(dir string) int {
	s, err := supervise.ReadStatus(filepath.Join(w.dir, dir, "supervise"))
	if err != nil {
		return 0
	}
	return s.PID
}

// taken waits until the service has taken all letters, and so has begun.
func taken() step {
	return step{"", func(w *world) error {
		control := filepath.Join(w.dir, "sv/supervise")
		if err := supervise.Send(control, []byte("z")); err != nil {
			return err
		}
		fd, err := unix.Open(control+"/control", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return until("a service that takes letters", w.job, func() bool {
			n, err := unix.IoctlGetInt(fd, unix.TIOCINQ)
			return err == nil && n == 0
		})
	}}
}

// output waits for a text on descriptor 1.
func output(text string) step {
	return step{"wait for " + quote(text), func(w *world) error {
		w.let("sv")
		return until("stdout with "+text, nil, func() bool { return strings.Contains(readAll(w.stdout.Name()), text) })
	}}
}

// starts waits until the service has been started for the nth time.
func starts(n int) step {
	return step{fmt.Sprintf("wait for start %d", n), func(w *world) error {
		return until("a start", w.job, func() bool { return strings.Count(readAll(w.stdout.Name()), "start\n") >= n })
	}}
}

// stopped waits until the service has been stopped by a signal.
func stopped() step {
	return step{"wait until it is stopped", func(w *world) error {
		return until("a stopped process", w.job, func() bool {
			return strings.Contains(readAll(fmt.Sprintf("/proc/%d/stat", w.pid("sv"))), ") T ")
		})
	}}
}

func slain() step {
	return step{"kill the service", func(w *world) error { return syscall.Kill(w.pid("sv"), syscall.SIGKILL) }}
}

func halted() step {
	return step{"stop the service", func(w *world) error { return syscall.Kill(w.pid("sv"), syscall.SIGSTOP) }}
}

// locked holds the lock of a file until the case is over.
func locked(path string) step {
	return step{"lock " + path, func(w *world) error {
		f, err := os.OpenFile(filepath.Join(w.dir, path), os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		w.letting = append(w.letting, func() { _ = f.Close() })
		return unix.Flock(int(f.Fd()), unix.LOCK_EX)
	}}
}

// replaced puts a directory that is not empty into the place of a file.
func replaced(path string) step {
	return step{"replace " + path + " by a directory", func(w *world) error {
		full := filepath.Join(w.dir, path)
		if err := os.Remove(full); err != nil {
			return err
		}
		return os.MkdirAll(filepath.Join(full, "full"), 0o755)
	}}
}
