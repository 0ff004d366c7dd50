package supervise

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// withFile is a folder in which a file has that content.
func withFile(t testing.TB, name, content string) folder {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder{fd: -1, path: dir}
}

func TestATimeoutIsMillisecondsOrHasAUnit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want time.Duration
		bad  bool
	}{
		{"", 0, false}, {"\n5s", 0, false}, {"0", 0, false}, {"5000\n", 5 * time.Second, false}, {"  250 \nrest", 250 * time.Millisecond, false},
		{"10s", 10 * time.Second, false}, {"1.5s", 1500 * time.Millisecond, false}, {"1m30s\n", 90 * time.Second, false},
		{"-1", 0, true}, {"-1s", 0, true}, {"soon", 0, true}, {"5 s", 0, true}, {"1e3", 0, true}, {"2147483648", 0, true},
		{strings.Repeat("9", 5000), 0, true}, {"\x00", 0, true},
	} {
		got, err := withFile(t, "timeout-kill", c.text).timeout("timeout-kill")
		if got != c.want || (err != nil) != c.bad {
			t.Errorf("%.20q: %v, %v, want %v, an error: %v", c.text, got, err, c.want, c.bad)
		}
	}
}

func TestASignalIsANameOrANumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want syscall.Signal
		bad  bool
	}{
		{"", 0, false}, {"\n", 0, false}, {"HUP", syscall.SIGHUP, false}, {"SIGHUP\n", syscall.SIGHUP, false}, {"quit", syscall.SIGQUIT, false},
		{"2", syscall.SIGINT, false}, {"64", 64, false}, {"0", 0, true}, {"65", 0, true}, {"-9", 0, true}, {"SIG", 0, true},
		{"SIGSIGHUP", 0, true}, {"TERM now", 0, true},
	} {
		got, err := withFile(t, "down-signal", c.text).signal("down-signal")
		if got != c.want || (err != nil) != c.bad {
			t.Errorf("%q: %v, %v, want %v, an error: %v", c.text, got, err, c.want, c.bad)
		}
	}
}

func TestAMissingFileIsNoTimeoutAndNoSignal(t *testing.T) {
	t.Parallel()
	f := folder{fd: -1, path: t.TempDir()}
	if d, err := f.timeout("timeout-kill"); d != 0 || err != nil {
		t.Errorf("timeout %v, %v", d, err)
	}
	if s, err := f.signal("down-signal"); s != 0 || err != nil {
		t.Errorf("signal %v, %v", s, err)
	}
}

// Whatever a small file holds, it is refused or it is a time and a signal that
// can be used.
func FuzzSmallFiles(f *testing.F) {
	for _, s := range []string{"", "5s", "5000", "HUP", "9", "-1", "1h1h", "\xff", "SIG"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		dir := withFile(t, "x", text)
		if d, err := dir.timeout("x"); d < 0 || err != nil && d != 0 {
			t.Errorf("time %v, %v", d, err)
		}
		if s, err := dir.signal("x"); s < 0 || s > 64 || err != nil && s != 0 {
			t.Errorf("signal %d, %v", s, err)
		}
	})
}
