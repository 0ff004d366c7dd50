//go:build linux && peer

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// said is what a command wrote, and how it ended.
func outcomeOf(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s%v", out.String(), cmd.ProcessState)
}

// Random directories and environments: the same variables, in the same order.
func TestPeerEnvdirLeavesTheSameEnvironment(t *testing.T) {
	t.Parallel()
	theirs, ours := peer(t), built(t)
	const seed = 1
	r := rand.New(rand.NewPCG(seed, 0))
	names := []string{"A", "B", "C", "D", "E", "LONGER", "A=B", "C=", "=", "x y", ".A"}
	pieces := []string{"v", " ", "\t", "\n", "\x00", "=", "\r", "\xff", "word"}
	for i := range 150 {
		dir := t.TempDir()
		for range r.IntN(7) {
			var content strings.Builder
			for range r.IntN(6) {
				content.WriteString(pieces[r.IntN(len(pieces))])
			}
			if err := os.WriteFile(filepath.Join(dir, names[r.IntN(len(names))]), []byte(content.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var env []string
		for range r.IntN(8) {
			env = append(env, names[r.IntN(6)]+"="+fmt.Sprint(r.IntN(10)))
		}
		run := func(bin string) string {
			// env -i cannot make duplicates; a chain of environments could not either.
			args := append([]string{"-i"}, env...)
			return outcomeOf(t, exec.Command("/usr/bin/env", append(args, filepath.Join(bin, "envdir"), dir, "/usr/bin/env")...))
		}
		if want, got := run(theirs), run(ours); got != want {
			t.Fatalf("seed %d, run %d, with %q: %q\nwant %q", seed, i, env, got, want)
		}
	}
}

// Random options: the same limits, or the same complaint.
func TestPeerSoftlimitSetsTheSameLimits(t *testing.T) {
	t.Parallel()
	theirs, ours := peer(t), built(t)
	const seed = 2
	r := rand.New(rand.NewPCG(seed, 0))
	values := []string{"=", "0", "1", "100", "100000000", "9000000000", "18446744073709551615", "18446744073709551616", "", "x", "-1", "5k", "--"}
	deadly := "admosf" // a child would die of these if they were small
	for i := range 200 {
		var args []string
		for range r.IntN(5) {
			letter := "acdflmoprst"[r.IntN(11)]
			value := values[r.IntN(len(values))]
			if strings.IndexByte(deadly, letter) >= 0 && number(value) < 1e6 {
				value = values[4+r.IntN(3)]
			}
			if letter == 't' && number(value) < 100 {
				value = "=" // it would be up to the clock who dies
			}
			args = append(args, "-"+string(letter))
			if r.IntN(2) == 0 && value != "" {
				args[len(args)-1] += value
			} else {
				args = append(args, value)
			}
		}
		args = append(args, "/bin/cat", "/proc/self/limits")
		run := func(bin string) string {
			cmd := exec.Command(filepath.Join(bin, "softlimit"), args...)
			cmd.Env = testEnv("")
			return outcomeOf(t, cmd)
		}
		if want, got := run(theirs), run(ours); got != want {
			t.Fatalf("seed %d, run %d, %q: %s\nwant %s", seed, i, args, got, want)
		}
	}
}

// number is that of digits, which wraps around, and very large for a word that
// is none.
func number(value string) uint64 {
	n := uint64(0)
	for _, c := range []byte(value) {
		if c < '0' || c > '9' {
			return 1 << 63
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}

// What becomes of a program at a limit of nothing is up to the kernel and the
// program; that it becomes the same is up to us.
func TestPeerLimitsOfNothing(t *testing.T) {
	t.Parallel()
	theirs, ours := peer(t), built(t)
	for _, letter := range "acdflmoprs" { // at no CPU time it is up to the clock
		for _, program := range []string{"/bin/true", "true", "/bin/sh", "no-such-program"} {
			run := func(bin string) string {
				cmd := exec.Command(filepath.Join(bin, "softlimit"), "-"+string(letter), "0", program)
				cmd.Env = testEnv("")
				return outcomeOf(t, cmd)
			}
			for range 5 {
				if want, got := run(theirs), run(ours); got != want {
					t.Fatalf("-%c 0 %s: %s\nwant %s", letter, program, got, want)
				}
			}
		}
	}
}

// Either holds the lock against the other.
func TestPeerSetlocksExcludeEachOther(t *testing.T) {
	t.Parallel()
	theirs, ours := peer(t), built(t)
	for _, c := range []struct{ holder, other string }{{theirs, ours}, {ours, theirs}} {
		lock := filepath.Join(t.TempDir(), "f")
		other := filepath.Join(c.other, "setlock")
		cmd := exec.Command(filepath.Join(c.holder, "setlock"), lock, "sh", "-c", `"$0" -n "$1" echo ran; echo code $?`, other, lock)
		cmd.Env = testEnv("")
		if got, want := outcomeOf(t, cmd), "setlock: fatal: unable to lock "+lock+": temporary failure\ncode 111\nexit status 0"; got != want {
			t.Errorf("%s under %s: %s, want %s", c.other, c.holder, got, want)
		}
	}
}
