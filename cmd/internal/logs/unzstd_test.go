package logs

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// The programs need not be installed: others of their names play them, which pass on
// what they are given.
func play(t *testing.T, name, script string) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":/bin:/usr/bin")
}

func TestZstdIsUnpackedByAProgram(t *testing.T) {
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
		name, program, script string
		in, want              string
		fails                 string
	}{
		{"ours passes on", "tailight-zstd", `[ "$*" = -d ] && exec cat`, text, text, ""},
		{"zstd passes on", "zstd", `[ "$1" = -dcq ] && exec cat`, text, text, ""},
		{"it fails", "tailight-zstd", "exit 1", text, "", "tailight-zstd: exit status 1"},
		{"it is killed", "tailight-zstd", "head -c 7; kill -9 $$", text, "a line\n", "tailight-zstd: signal: killed"},
		{"zstd fails at the end", "zstd", "head -c 7; exit 1", text, "a line\n", "zstd: exit status 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, c.program, c.script)
			z, err := unzstd(strings.NewReader(c.in))
			if err != nil {
				t.Fatal(err)
			}
			defer z.Close()
			got, err := io.ReadAll(z)
			if said := fmt.Sprint(err); string(got) != c.want || c.fails == "" && err != nil || c.fails != "" && said != c.fails {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	t.Run("the program zstd, if it is here", func(t *testing.T) {
		path, err := exec.LookPath("zstd")
		if err != nil {
			t.Skip("needs the program zstd, which .ci/run installs: ", err)
		}
		t.Setenv("PATH", filepath.Dir(path))
		z, err := unzstd(&packed)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		if got, err := io.ReadAll(z); string(got) != text || err != nil {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
	t.Run("there is neither", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		if _, err := unzstd(strings.NewReader("")); err == nil || !strings.Contains(err.Error(), "neither tailight-zstd nor zstd") {
			t.Errorf("%v", err)
		}
	})
}
