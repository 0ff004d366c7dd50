package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
	"testing"
)

// builtDir is where the built programs are, once they are.
var builtDir string

var buildOnce = sync.OnceValues(func() (dir string, err error) {
	flag, err := entryFlag()
	if err != nil {
		return "", err
	}
	if builtDir, err = os.MkdirTemp("", "tailight-built-"); err != nil {
		return "", err
	}
	if err := os.Chmod(builtDir, 0o755); err != nil { // other users run them too
		return "", err
	}
	return builtDir, build(builtDir, flag)
})

// built returns a directory with the binaries as make build makes them, and a link
// for every command.
func built(t testing.TB) string {
	t.Helper()
	dir, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// build makes the binary and the links with these flags for the linker.
func build(dir, ldflags string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w "+ldflags, "-o", dir+"/", ".", "../"+packer)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "PATH="+systemPath)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, said)
	}
	for _, c := range commands {
		if err := os.Symlink("tailight", filepath.Join(dir, c.Name)); err != nil {
			return err
		}
	}
	return nil
}

// entryFlag is the flag that the Makefile gives to the linker on this system.
// A wrong name in it does not link.
func entryFlag() (string, error) {
	if !hasEntry() {
		return "", nil
	}
	text, err := os.ReadFile("../../Makefile")
	if err != nil {
		return "", err
	}
	found := regexp.MustCompile(`\.s\),(-E \S+)\)\n`).FindSubmatch(text)
	if found == nil {
		return "", errors.New("the Makefile has no flag -E")
	}
	return string(found[1]), nil
}

// hasEntry reports whether there is an entry for this system, as the
// Makefile does.
func hasEntry() bool {
	_, err := os.Stat(fmt.Sprintf("../internal/cli/entry_%s_%s.s", runtime.GOOS, runtime.GOARCH))
	return err == nil
}
