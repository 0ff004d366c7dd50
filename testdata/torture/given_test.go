//go:build linux

package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestWhatWasGivenUpHasToBeSaid: the first lines may be missing if the logger
// says so, with their bytes; no others may, and not without a word.
func TestWhatWasGivenUpHasToBeSaid(t *testing.T) {
	t.Parallel()
	f := form{numbered: true}
	const stamp = "@400000006b0340fe0d710cc1 "
	lines := func(numbers ...int) (text string) {
		for _, n := range numbers {
			text += stamp + string(f.text(nil, n))
		}
		return text
	}
	const notice = stamp + "tailight: dropped 1 bytes of @400000006b0340fe0d710cc1.s: no space left on device\n"
	two := len(lines(0, 1))
	for _, row := range []struct {
		name            string
		log             string
		bytes, archives int
		want            count
	}{
		{"nothing", lines(0, 1, 2, 3), 0, 0, count{in: 4}},
		{"two lines", notice + lines(2, 3), two, 1, count{in: 4}},
		{"two lines, and a notice", lines(2) + notice + lines(3), two + len(notice), 2, count{in: 4}},
		{"more than is said", lines(3), two, 1, count{in: 4, torn: 1}},
		{"less than is said", lines(2, 3), two + 1000, 1, count{in: 4, torn: 1}},
		{"without a word", lines(2, 3), 0, 0, count{in: 4, torn: 1}},
		{"not the oldest", lines(0, 3), two, 1, count{in: 4, lost: 2}},
		{"doubled", lines(2, 2, 3), two, 1, count{in: 4, doubled: 1}},
		{"everything", "", len(lines(0, 1, 2, 3)), 1, count{in: 4}},
	} {
		d := &disk{dir: t.TempDir(), script: logScript{form: f}}
		if err := os.Mkdir(filepath.Join(d.dir, "d"), 0o700); err != nil {
			t.Fatal(err)
		}
		write := func(name, text string) {
			if err := os.WriteFile(filepath.Join(d.dir, "d", name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("current", row.log)
		if row.archives > 0 {
			write("dropped", string(dropped{int64(row.bytes), int64(row.archives)}.text()))
		}
		var res result
		if err := d.account(&res, 4, flood{drops: true}); err != nil || res.count != row.want {
			t.Errorf("%s: %+v, %v; want %+v", row.name, res.count, err, row.want)
		}
	}
}
