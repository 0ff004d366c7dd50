//go:build linux

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// svscanCases: what svscan runs and says. The record holds each line of
// descriptor 2 once, in the order of the alphabet, for they come from several
// processes and again every second or every five; and the children of svscan
// as ps shows them.
func svscanCases() *group {
	g := &group{name: "svscan"}
	const forever = "#!/bin/sh\nexec sleep 1000\n"
	service := func(path string) []step { return []step{put(path+"/run", 0o755, forever)} }
	logged := func(path string) []step { return append(service(path), put(path+"/log/run", 0o755, forever)) }
	add := func(name string, steps ...[]step) *golden { return g.add(name, slices.Concat(steps...)...) }

	add("directory missing", []step{run("svscan", "missing")})
	add("directory is a file", []step{put("f", 0o644, ""), run("svscan", "f")})
	add("a directory behind a loop", []step{symlink("l", "l"), run("svscan", "l")})
	add("a dash is a directory", []step{run("svscan", "-x")})
	add("one service", service("s/a"), []step{svscan("s", children("supervise a"))})
	add("further arguments", service("s/a"), []step{svscan("s t u", children("supervise a"))})
	add("working directory", service("a"), []step{svscan("", children("supervise a"))})
	add("a directory named with a dash", service("-s/a"), []step{svscan("-s", children("supervise a"))})
	add("a service with a log", logged("s/a"), []step{svscan("s", children("supervise a", "supervise log"))})
	add("a link to a service with a log", logged("home/x"), []step{put("s/", 0o755, ""), symlink("../home/x", "s/a"), svscan("s", children("supervise a", "supervise log"))})
	add("no services", service("s/.hidden"), []step{put("s/file", 0o755, "x"), put("s/z/run", 0o755, forever), svscan("s", children("supervise z"))})
	add("the sticky bit", service("s/a"), []step{put("s/a/", 0o755|fs.ModeSticky, ""), svscan("s", children("supervise a"))})
	add("odd names", service("s/-a"), service("s/--b"), service("s/c d"), service("s/\u00e9"), service("s/e:f"),
		[]step{svscan("s", children("supervise -a", "supervise --b", "supervise c d", "supervise \u00e9", "supervise e:f"))})
	long := strings.Repeat("n", 255)
	add("a name of 255 bytes", logged("s/"+long), []step{svscan("s", children("supervise "+long, "supervise log"))})
	add("two names of one directory", service("s/a"), []step{symlink("a", "s/b"), symlink("../s/a", "s/c"), svscan("s", running(1))})
	add("a log that is a file", service("s/a"), []step{put("s/a/log", 0o755, forever), svscan("s", children("supervise a"), said("supervise: fatal: unable to chdir to log: not a directory\n"))})
	add("a log that is a link to nothing", service("s/a"), []step{symlink("nothing", "s/a/log"), svscan("s", children("supervise a"))})
	add("a log that is a loop", service("s/a"), service("s/b"), []step{symlink("log", "s/a/log"),
		svscan("s", children("supervise b"), said("svscan: warning: unable to stat a/log: symbolic link loop\n"))})
	add("a log without run", service("s/a"), []step{put("s/a/log/", 0o755, ""), svscan("s", children("supervise a", "supervise log"), said("supervise: fatal: unable to start log/run: file does not exist\n"))})
	add("a link to nothing", service("s/b"), []step{symlink("nothing", "s/a"), svscan("s", children("supervise b"), said("svscan: warning: unable to stat a: file does not exist\n"))})
	add("a loop", service("s/b"), []step{symlink("a", "s/a"), svscan("s", children("supervise b"), said("svscan: warning: unable to stat a: symbolic link loop\n"))})
	add("no run", []step{put("s/a/", 0o755, ""), svscan("s", children("supervise a"), said("supervise: fatal: unable to start a/run: file does not exist\n"))})
	add("run not executable", []step{put("s/a/run", 0o644, forever), svscan("s", children("supervise a"), said("supervise: fatal: unable to start a/run: access denied\n"))})
	add("run without interpreter line", []step{put("s/a/run", 0o755, "exec sleep 1000\n"), svscan("s", children("supervise a"), said("supervise: fatal: unable to start a/run: exec format error\n"))})
	add("a directory in the place of control", service("s/a"), []step{put("s/a/supervise/control/", 0o755, ""), svscan("s", said("supervise: fatal: unable to "))})

	add("renamed", service("s/a"), []step{svscan("s", children("supervise a"), rename("s/a", "s/b"), put("s/c/run", 0o755, forever), children("supervise a", "supervise c"))})
	add("renamed, then told to leave", service("s/a"), []step{svscan("s", children("supervise a"), rename("s/a", "s/b"), tellControl("s/b", "dx"), children("supervise b"))})
	add("removed", service("home/x"), []step{put("s/", 0o755, ""), symlink("../home/x", "s/a"), svscan("s", children("supervise a"), remove("s/a"),
		put("s/c/run", 0o755, forever), children("supervise a", "supervise c"))})
	add("removed, then told to leave", service("home/x"), []step{put("s/", 0o755, ""), symlink("../home/x", "s/a"), svscan("s", children("supervise a"), remove("s/a"),
		tellControl("home/x", "dx"), put("s/c/run", 0o755, forever), children("supervise c"))})
	add("a log that comes later", service("s/a"), []step{svscan("s", children("supervise a"), put("s/a/log/run", 0o755, forever), put("s/c/run", 0o755, forever), children("supervise a", "supervise c"))})
	add("a dead half is replaced", logged("s/a"), []step{svscan("s", children("supervise a", "supervise log"), tellControl("s/a/log", "dx"), children("supervise a"), children("supervise a", "supervise log"))})

	lost := func(name, path string, says ...step) {
		add("supervise "+name, logged("s/a"), []step{put("bin/", 0o755, ""), put("bin2/", 0o755, ""), put("notdir", 0o644, ""), put("locked/supervise", 0o644, "x"), put("text/supervise", 0o755, "x"), put("dir/supervise/", 0o755, ""), setPath(path), svscan("s", says...)})
	}
	sayBoth := func(why string) []step {
		return []step{said("svscan: warning: unable to start supervise a: " + why + "\n"), said("svscan: warning: unable to start supervise a/log: " + why + "\n")}
	}
	lost("missing", "$WORK/bin:$WORK/bin2", sayBoth("file does not exist")...)
	lost("not executable", "$WORK/locked:$WORK/bin", sayBoth("access denied")...)
	lost("a directory", "$WORK/dir", sayBoth("access denied")...)
	lost("in no directory", "$WORK/notdir:$BIN", sayBoth("not a directory")...)
	lost("no program", "$WORK/text:$BIN", sayBoth("exec format error")...)
	lost("found behind others", "$WORK/bin:$WORK/locked:$WORK/dir:$BIN:/usr/bin:/bin", children("supervise a", "supervise log"))
	return g
}

// svscan runs svscan, does the acts, and kills it and all it has started.
func svscan(args string, acts ...step) step {
	text := []string{"run svscan " + args}
	for _, a := range acts {
		if a.text != "" {
			text = append(text, "  "+a.text)
		}
	}
	return step{strings.Join(text, "\n"), func(w *world) (err error) {
		cmd := exec.Command(filepath.Join(w.bin, "svscan"), strings.Fields(args)...)
		cmd.Dir, cmd.Env, cmd.SysProcAttr = w.dir, []string{"PATH=" + w.searched()}, &syscall.SysProcAttr{Setsid: true}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = w.pipe.r, w.stdout, w.stderr
		if w.job, err = startJob(cmd); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, w.endScan()) }()
		for _, a := range acts {
			if err := a.do(w); err != nil {
				return fmt.Errorf("%s: %w\n%s", a.text, err, readAll(w.stderr.Name()))
			}
		}
		return nil
	}}
}

// searched is PATH for svscan.
func (w *world) searched() string {
	if w.path == "" {
		return w.bin + ":/usr/bin:/bin"
	}
	return strings.NewReplacer("$WORK", w.dir, "$BIN", w.bin).Replace(w.path)
}

// endScan writes down what runs, ends it, and keeps what no two runs have in
// common out of the record.
func (w *world) endScan() error {
	pid := w.job.cmd.Process.Pid
	names := w.scanned()
	if w.anyName {
		names = []string{fmt.Sprintf("%d, of whatever name", len(names))}
	}
	err := until("the end of svscan", nil, func() bool {
		left := session(pid)
		for _, p := range left {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
		return len(left) == 0
	})
	err = errors.Join(err, w.job.wait())
	w.job = nil
	lines := slices.Sorted(strings.Lines(readAll(w.stderr.Name())))
	err = errors.Join(err, os.WriteFile(w.stderr.Name(), []byte(strings.Join(slices.Compact(lines), "")), 0o600))
	err = errors.Join(err, os.WriteFile(filepath.Join(w.dir, "children"), []byte(strings.Join(names, "\n")), 0o600))
	return errors.Join(err, filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && (d.Name() == "status" || d.Name() == "status.new") {
			return os.Remove(path)
		}
		return err
	}))
}

// scanned are the children of svscan.
func (w *world) scanned() []string {
	pid := w.job.cmd.Process.Pid
	names := []string{}
	for _, p := range session(pid) {
		if p.parent == pid && p.state != "Z" && p.args != "" {
			names = append(names, p.args)
		}
	}
	slices.Sort(names)
	return names
}

// children waits until svscan runs these and no others, all of them ready.
func children(want ...string) step {
	slices.Sort(want)
	return step{fmt.Sprintf("wait for %q", want), func(w *world) error {
		return until(fmt.Sprintf("children %q", want), w.job, func() bool {
			return slices.Equal(w.scanned(), want) && w.allReady()
		})
	}}
}

// running waits until svscan runs so many, whatever their names.
func running(n int) step {
	return step{fmt.Sprintf("wait for %d children", n), func(w *world) error {
		w.anyName = true
		return until("children", w.job, func() bool { return len(w.scanned()) == n && w.allReady() })
	}}
}

// allReady reports whether every child of svscan has made what it makes at
// its start: ok is the last of it, and the service is started or has failed to.
func (w *world) allReady() bool {
	pid := w.job.cmd.Process.Pid
	for _, p := range session(pid) {
		if p.parent != pid || p.state == "Z" {
			continue
		}
		fd, err := unix.Open(fmt.Sprintf("/proc/%d/cwd/supervise/ok", p.pid), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return false
		}
		_ = unix.Close(fd)
	}
	return true
}

func setPath(path string) step {
	return step{"PATH=" + path, func(w *world) error { w.path = path; return nil }}
}

func rename(from, to string) step {
	return step{"rename " + from + " to " + to, func(w *world) error {
		return os.Rename(filepath.Join(w.dir, from), filepath.Join(w.dir, to))
	}}
}

func remove(path string) step {
	return step{"remove " + path, func(w *world) error { return os.Remove(filepath.Join(w.dir, path)) }}
}

// letters gives commands to a supervise, as svc does.
func tellControl(dir, text string) step {
	return step{"svc -" + text + " " + dir, func(w *world) error {
		f, err := os.OpenFile(filepath.Join(w.dir, dir, "supervise/control"), os.O_WRONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteString(text)
		return errors.Join(err, f.Close())
	}}
}
