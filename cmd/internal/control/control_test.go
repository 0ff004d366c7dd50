// The commands as processes are tested in cmd/tailight: svc, svok and svstat
// beside records of 0.76, all of them in the scripts and in control_test.go.
// Here is what can be seen without a process.

package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tailight/tailight/supervise"
	"github.com/tailight/tailight/tai64"
)

func TestABatchIsThatOf076OrOfEncore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ given, want string }{
		{"", ""},
		{"d", "d"},
		{"udxtk", "udxtk"},
		{"uduxxtk", "udxtk"},
		{"xktiahcpodu", "xktiahcpodu"},
		// A letter of daemontools-encore: l first.
		{"q", "lq"},
		{"1u2w", "l1u2w"},
		{"qq1q", "lq1"},
		// Modifiers are taken back.
		{"l", "l"},
		{"lu", "lu"},
		{"Ld", "lLdl"},
		{"LdluL", "lLdluLl"},
		{"Ldlu", "lLdlu"},
		{"+t", "l+t="},
		{"+t=", "l+t="},
		{"L+k", "lL+k=l"},
		{"+Lk", "l+Lk=l"},
		{"=t", "l=t"},
		// Behind one a letter means something else, and may come again.
		{"t+t", "lt+t="},
		{"+t=t", "l+t=t"},
		{"dLd", "ldLdl"},
		{"dLdld", "ldLdld"},
		{"LLdLd", "lLdl"},
		{"++t", "l+t="},
	} {
		var b batch
		for _, letter := range []byte(c.given) {
			b.add(letter)
		}
		if got, err := b.bytes(); err != nil || string(got) != c.want {
			t.Errorf("%q: %q, %v; want %q", c.given, got, err, c.want)
		}
	}
}

func TestABatchHasALimit(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]error{30: nil, 32: errTooMany, 10000: errTooMany} {
		var b batch
		for _, letter := range []byte(strings.Repeat("Ll", n/2)) {
			b.add(letter)
		}
		if _, err := b.bytes(); !errors.Is(err, want) {
			t.Errorf("%d letters: %v, want %v", n, err, want)
		}
	}
}

// now is 1000 seconds after the labels of the tests.
var now = time.Unix(1e9+1000, 999)

// status is one of the tests' records.
func status(pid int, want supervise.Want) supervise.Status {
	return supervise.Status{Record: supervise.Record{Since: tai64.At(time.Unix(1e9, 500)), PID: pid, Want: want}}
}

func extended(s supervise.Status, phase supervise.Phase) supervise.Status {
	s.Extended, s.Phase = true, phase
	return s
}

func withLog(s, log supervise.Status) supervise.Status {
	s.Log = &log
	return s
}

var (
	encoreUp   = extended(status(7, supervise.Up), supervise.PhaseRunning)
	encoreOnce = extended(status(7, supervise.Once), supervise.PhaseStarting)
	encoreDown = extended(status(0, supervise.Down), supervise.PhaseFailed)
	virtual    = extended(status(0, supervise.Once), supervise.PhaseStarted)
)

func TestSvstatShowsWhatTheViewAsksFor(t *testing.T) {
	t.Parallel()
	const (
		all = iota
		main
		log
		both
	)
	views := []view{{}, {main: true}, {log: true}, {main: true, log: true}}
	pair := withLog(encoreUp, encoreDown)
	for _, c := range []struct {
		view   int
		status supervise.Status
		want   string
	}{
		{all, status(7, supervise.Up), "sv: up (pid 7) 1000 seconds\n"},
		{main, status(7, supervise.Up), "sv: up (pid 7) 1000 seconds\n"},
		{log, status(7, supervise.Up), "sv: no log service\n"},
		{both, status(7, supervise.Up), "sv: up (pid 7) 1000 seconds\nsv: no log service\n"},
		{all, encoreUp, "sv: up (pid 7) 1000 seconds, running\n"},
		{all, encoreOnce, "sv: up (pid 7) 1000 seconds, once, starting\n"},
		{all, virtual, "sv: down 1000 seconds, normally up, started\n"},
		{all, extended(status(0, supervise.Up), 9), "sv: down 1000 seconds, normally up, want up, status unknown\n"},
		{all, pair, "sv: up (pid 7) 1000 seconds, running\nsv log: down 1000 seconds, normally up, failed\n"},
		{main, pair, "sv: up (pid 7) 1000 seconds, running\n"},
		{log, pair, "sv log: down 1000 seconds, normally up, failed\n"},
		{both, pair, "sv: up (pid 7) 1000 seconds, running\nsv log: down 1000 seconds, normally up, failed\n"},
	} {
		r := report{name: "sv", status: c.status, normally: supervise.Up}
		if got := string(views[c.view].appendText(nil, r, now)); got != c.want {
			t.Errorf("view %d of %+v: %q, want %q", c.view, c.status, got, c.want)
		}
		r.problem = fmt.Errorf("unable to chdir: %w", syscall.ENOENT)
		if got := string(views[c.view].appendText(nil, r, now)); got != "sv: unable to chdir: file does not exist\n" {
			t.Errorf("view %d of a problem: %q", c.view, got)
		}
	}
}

func TestAgeIsNeverNegative(t *testing.T) {
	t.Parallel()
	const second = 1<<62 + 10 + 1e9 + 1000 // of now
	for since, want := range map[uint64]uint64{
		second: 0, second - 1: 1, second - 59: 59, second - 1<<40: 1 << 40, second + 1: 0, 1<<63 - 1: 0, 1<<64 - 1: 0,
		0: 1<<62 + 1e9 + 512, // 2^62 + 1000001010 in the 53 bits of a floating-point number
	} {
		if got := age(tai64.TAI64N{Sec: since}, now); got != want {
			t.Errorf("since %d: %d, want %d", since, got, want)
		}
	}
}

func TestSvstatObjects(t *testing.T) {
	t.Parallel()
	const fields = `"state":"up","pid":7,"seconds":1000,"since":"2001-09-09T01:46:40.000000500Z",` +
		`"tai64n":"@400000003b9aca0a000001f4","want":"up","paused":false,"normally":"down"`
	const down = `"state":"down","pid":0,"seconds":1000,"since":"2001-09-09T01:46:40.000000500Z",` +
		`"tai64n":"@400000003b9aca0a000001f4","want":"down","paused":false,"normally":"down"`
	paused := status(7, supervise.Once)
	paused.Paused = true
	pair := withLog(encoreUp, encoreDown)
	for _, c := range []struct {
		view   view
		status supervise.Status
		want   string
	}{
		{view{}, status(7, supervise.Up), `{"name":"sv",` + fields + `}`},
		{view{}, status(0, supervise.Down), `{"name":"sv",` + down + `}`},
		{view{}, paused, `{"name":"sv",` + strings.NewReplacer(`"want":"up"`, `"want":"once"`, "false", "true").Replace(fields) + `}`},
		{view{}, encoreUp, `{"name":"sv",` + fields + `,"phase":"running"}`},
		{view{}, pair, `{"name":"sv",` + fields + `,"phase":"running","log":{` + down + `,"phase":"failed"}}`},
		{view{main: true}, pair, `{"name":"sv",` + fields + `,"phase":"running"}`},
		{view{log: true}, pair, `{"name":"sv","log":{` + down + `,"phase":"failed"}}`},
		{view{log: true}, encoreUp, `{"name":"sv","error":"no log service"}`},
		{view{log: true, main: true}, encoreUp, `{"name":"sv",` + fields + `,"phase":"running"}`},
	} {
		got := c.view.appendObject(nil, report{name: "sv", status: c.status, normally: supervise.Down}, now)
		if string(got) != c.want+"\n" {
			t.Errorf("%+v: %s\nwant %s", c.view, got, c.want)
		}
		if !json.Valid(got) {
			t.Errorf("%+v: no JSON: %s", c.view, got)
		}
	}
	full := report{name: "sv", status: pair, normally: supervise.Down, dropped: &dropped{bytes: 299949, archives: 3}}
	if got, want := string(view{log: true}.appendObject(nil, full, now)), `,"dropped":{"bytes":299949,"archives":3}}`+"\n"; !strings.HasSuffix(got, want) || !json.Valid([]byte(got)) {
		t.Errorf("a full disk: %s\nwant %s at the end", got, want)
	}
	r := report{name: `a"b`, problem: fmt.Errorf("unable to chdir: %w", syscall.EACCES)}
	if got := string(view{}.appendObject(nil, r, now)); got != `{"name":"a\"b","error":"unable to chdir: access denied"}`+"\n" {
		t.Errorf("a problem: %s", got)
	}
}

func TestWhatALogHasDroppedIsReadWhereItsDirectoryIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       *dropped
	}{
		{"sv/log/main/dropped", "bytes 299949\narchives 3\nuntold 1 1 @a @b\n", &dropped{299949, 3}},
		{"sv/main/dropped", "bytes 0\narchives 0\n", &dropped{}},
		{"sv/main/dropped", "garbage", nil},
		{"sv/dropped", "bytes 1\narchives 1\n", nil},
	} {
		dir := t.TempDir()
		err := os.MkdirAll(filepath.Dir(filepath.Join(dir, c.name)), 0o700)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, c.name), []byte(c.text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		got := lookDropped(filepath.Join(dir, "sv"))
		if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%s with %q: %+v, want %+v", c.name, c.text, got, c.want)
		}
	}
}

func TestATimeThatHasNoYearIsNull(t *testing.T) {
	t.Parallel()
	for _, sec := range []uint64{0, 1, 1 << 61, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
		s := supervise.Status{Record: supervise.Record{Since: tai64.TAI64N{Sec: sec, Nano: 1<<32 - 1}}}
		got := view{}.appendObject(nil, report{name: "sv", status: s}, now)
		if !json.Valid(got) || !strings.Contains(string(got), `"since":null,"tai64n":"@`+fmt.Sprintf("%016x", sec)+`ffffffff"`) {
			t.Errorf("%d: %s", sec, got)
		}
	}
}

// FuzzString holds that a name comes back from JSON as it was, but for bytes
// that are no UTF-8, which come back as U+FFFD each.
func FuzzString(f *testing.F) {
	for _, s := range []string{"", "sv", "a\"b\\c/d\n\t\x00\x1f\x7f", "\xff\xfe", "über \u2028 \U0001f600", "\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := appendString(nil, s)
		var got string
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%q: %s: %v", s, text, err)
		}
		if want := string([]rune(s)); got != want { // the conversion replaces byte by byte
			t.Fatalf("%q came back as %q, want %q", s, got, want)
		}
		if slices.ContainsFunc(text, func(c byte) bool { return c < ' ' }) {
			t.Fatalf("%q is %q, not on one line", s, text)
		}
	})
}
