package logs

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// The program zstd need not be installed: one of that name plays it, which passes
// on what it is given.
func playZstd(t *testing.T, script string) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "zstd"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
}

func TestZstdIsUnpackedByItsProgram(t *testing.T) {
	var packed bytes.Buffer
	w, err := zstd.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("a line\n", 20000) // more than a pipe holds
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, script string
		in, want     string
		fails        bool
	}{
		{"it passes on", `[ "$1" = -dcq ] && exec cat`, text, text, false},
		{"it fails", "exit 1", text, "", true},
		{"it fails at the end", "head -c 7; exit 1", text, "a line\n", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			playZstd(t, c.script)
			z, err := unzstd(strings.NewReader(c.in))
			if err != nil {
				t.Fatal(err)
			}
			defer z.Close()
			got, err := io.ReadAll(z)
			if string(got) != c.want || (err != nil) != c.fails {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	t.Run("the real one, if it is here", func(t *testing.T) {
		z, err := unzstd(&packed)
		if errors.Is(err, exec.ErrNotFound) {
			t.Skip("needs the program zstd, which .ci/run installs: ", err)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		if got, err := io.ReadAll(z); string(got) != text || err != nil {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
	t.Run("it is missing", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		if _, err := unzstd(strings.NewReader("")); err == nil || !strings.Contains(err.Error(), "unable to start zstd") {
			t.Errorf("%v", err)
		}
	})
}
