package supervise

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/tailight/tailight/tai64"
)

// records are status files and what they mean. The first was written by the
// supervise of 0.76; the longer ones follow section 21.2 of the specification.
var records = []struct {
	name, hex string
	status    Status
}{
	{
		"0.76, up", "4000000067889abc 1234567c 39300000 00 75",
		Status{Record: Record{Since: tai64.TAI64N{Sec: 0x4000000067889abc, Nano: 0x1234567c}, PID: 12345, Want: Up}},
	},
	{
		"0.76, up, paused, wanted down", "4000000067889abc 000001f4 ffffff7f 01 64",
		Status{Record: Record{Since: tai64.TAI64N{Sec: 0x4000000067889abc, Nano: 500}, PID: math.MaxInt32, Paused: true, Want: Down}},
	},
	{
		"0.76, down, once", "4000000067889abc 000001f4 00000000 00 00",
		Status{Record: Record{Since: tai64.TAI64N{Sec: 0x4000000067889abc, Nano: 500}}},
	},
	{
		"extended", "4000000067889abc 000001f4 01000000 00 75 03 00",
		Status{
			Record:   Record{Since: tai64.TAI64N{Sec: 0x4000000067889abc, Nano: 500}, PID: 1, Want: Up},
			Extended: true, Phase: PhaseRunning,
		},
	},
	{
		"with a log", "4000000067889abc 000001f4 00000000 00 64 05 00  4000000067889abd 000005dc 00010000 01 75 01 00",
		Status{
			Record:   Record{Since: tai64.TAI64N{Sec: 0x4000000067889abc, Nano: 500}, Want: Down},
			Extended: true, Phase: PhaseFailed,
			Log: &Status{
				Record:   Record{Since: tai64.TAI64N{Sec: 0x4000000067889abd, Nano: 1500}, PID: 256, Paused: true, Want: Up},
				Extended: true, Phase: PhaseStarting,
			},
		},
	},
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(s), []byte(" "), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestARecordIsReadAndWrittenAlike(t *testing.T) {
	t.Parallel()
	for _, r := range records {
		want := unhex(t, r.hex)
		got, err := r.status.AppendBinary([]byte("before"))
		if err != nil || string(got) != "before"+string(want) {
			t.Errorf("%s: wrote %x, %v; want %x", r.name, got, err, want)
		}
		status, err := ParseStatus(want)
		if err != nil || !reflect.DeepEqual(status, r.status) {
			t.Errorf("%s: read %+v, %v; want %+v", r.name, status, err, r.status)
		}
	}
}

// Every reader finds its own form at the start of a longer one.
func TestALongerRecordBeginsWithTheShorter(t *testing.T) {
	t.Parallel()
	logged := records[len(records)-1]
	full := unhex(t, logged.hex)
	for n := range len(full) + 10 {
		b := append(bytes.Clone(full), "more bytes"...)[:n]
		s, err := ParseStatus(b)
		if n < 18 {
			if !errors.Is(err, ErrFormat) {
				t.Errorf("%d bytes: %v, want %v", n, err, ErrFormat)
			}
			continue
		}
		if err != nil || s.Record != logged.status.Record || s.Extended != (n >= 20) || (s.Log != nil) != (n >= 40) {
			t.Errorf("%d bytes: %+v, %v", n, s, err)
		}
	}
}

func TestAPidWithoutPlaceIsRefused(t *testing.T) {
	t.Parallel()
	for _, pid := range []int{-1, math.MinInt, math.MaxInt} {
		s := Status{Record: Record{PID: pid}}
		if b, err := s.AppendBinary(nil); err == nil || len(b) != 0 {
			t.Errorf("pid %d: wrote %x, %v", pid, b, err)
		}
		if b, err := (Status{Log: &s}).AppendBinary(nil); err == nil {
			t.Errorf("pid %d of the log: wrote %x", pid, b)
		}
	}
}

func TestALogMakesARecordExtended(t *testing.T) {
	t.Parallel()
	s := Status{Log: &Status{Log: &Status{}}} // the log of a log is none
	b, err := s.AppendBinary(nil)
	if err != nil || len(b) != 40 {
		t.Errorf("%d bytes, %v; want 40", len(b), err)
	}
}

func TestPhasesHaveTheWordsOfEncore(t *testing.T) {
	t.Parallel()
	for p, want := range []string{"stopped", "starting", "started", "running", "stopping", "failed", "status unknown"} {
		if got := Phase(p).String(); got != want {
			t.Errorf("phase %d is %q, want %q", p, got, want)
		}
	}
	for w, want := range map[Want]string{'u': "up", 'd': "down", 0: "once", 'x': "once"} {
		if got := w.String(); got != want {
			t.Errorf("want %q is %q, want %q", byte(w), got, want)
		}
	}
}

// FuzzParseStatus holds that whatever is read is written as it was, but for
// the bytes that have no meaning.
func FuzzParseStatus(f *testing.F) {
	for _, r := range records {
		f.Add(unhex(f, r.hex))
	}
	f.Add(make([]byte, 17))
	f.Add(bytes.Repeat([]byte{0xff}, 41))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseStatus(b)
		if (err != nil) != (len(b) < 18) {
			t.Fatalf("%d bytes: %v", len(b), err)
		}
		if err != nil {
			return
		}
		got, err := s.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		want := bytes.Clone(b[:min(len(b), 40)])
		switch { // a torn longer form is the shorter one
		case len(want) < 20:
			want = want[:18]
		case len(want) < 40:
			want = want[:20]
		}
		for start := 0; start < len(want); start += 20 {
			want[start+16] = min(want[start+16], 1) // paused is 0 or 1
			if len(want) >= start+20 {
				want[start+19] = 0
			}
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%x was read as %+v and written as %x, want %x", b, s, got, want)
		}
	})
}
