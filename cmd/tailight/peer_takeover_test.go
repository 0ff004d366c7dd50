//go:build linux && peer

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A svscan of ours takes over what one of 0.76 has left when it was killed:
// supervises of 0.76, which know nothing of that, and their pipes.
func TestPeerSupervisesAreTakenOver(t *testing.T) {
	t.Parallel()
	tr, newStream := newMover(t)
	ourPath := tr.path
	// Programs of 0.76, but for the service itself.
	self, err := os.Executable()
	tr.must(err)
	own := t.TempDir()
	tr.must(os.Symlink(self, filepath.Join(own, "mover")))
	tr.path = own + ":" + peer(t) + ":/usr/bin:/bin"
	s := newStream("x", 1)
	tr.start()
	tr.must(s.writes(100))
	tr.must(s.arrived())
	service := tr.isUp("x")
	main, log := tr.called("supervise x"), tr.called("supervise log")
	pipe := openFiles(t, service)["1"]
	tr.kill()
	tr.path = ourPath
	tr.start()
	tr.holds(pipe)
	tr.must(s.writes(100))
	tr.must(s.arrived())
	if now := tr.isUp("x"); now != service {
		t.Errorf("the service is %d, before it was %d", now, service)
	}
	for name, victim := range map[string]int{"x": main, "x/log": log} {
		pid := tr.isUp(name)
		tr.must(syscall.Kill(victim, syscall.SIGSTOP))
		tr.must(syscall.Kill(pid, syscall.SIGTERM))
		tr.wait("its end", func() bool { return isZombie(pid) })
		tr.must(syscall.Kill(victim, syscall.SIGKILL))
		tr.wait("another "+name, func() bool { st := tr.status(name); return st.PID != 0 && st.PID != pid })
		tr.must(s.writes(100))
		tr.must(s.arrived())
	}
	if now := openFiles(t, tr.isUp("x"))["1"]; now != pipe {
		t.Errorf("the service writes to %s, before it was %s", now, pipe)
	}
	tr.signal(syscall.SIGTERM)
	tr.ends()
	tr.none("x")
	if got := readAll(tr.said); got != "" {
		t.Errorf("it was said: %q", got)
	}
}
