package cli

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Between the try and the exec something else may be installed.
func TestOnlyTheProgramThatWasTriedIsExecuted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p")
	install := func(text string) {
		t.Helper()
		syscall.ForkLock.RLock() // or a child could hold it open for writing
		defer syscall.ForkLock.RUnlock()
		if err := os.WriteFile(path+".new", []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	install("#!/bin/sh\necho good\n")
	r := &Renewal{paths: []string{path}, argv: []string{path}, own: 1}
	if err := r.Try("good\n"); err != nil {
		t.Fatal(err)
	}
	install("#!/bin/sh\nexit 1\n")
	state, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	if err := r.Exec(nil, int(state.Fd()), func() bool { return true }); !errors.Is(err, errReplaced) {
		t.Errorf("%v, want %v", err, errReplaced)
	}
}
