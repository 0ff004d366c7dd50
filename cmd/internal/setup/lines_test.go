package setup

import (
	"testing"
)

func TestALineIsPutWhereAShellSeesIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ content, want string }{
		{"", "L\n"},
		{"a\n", "a\nL\n"},
		{"a", "a\nL"},
		{"a\n\n\n", "a\n\n\nL\n"},
		{"a\nexit 0\n", "a\nL\nexit 0\n"},
		{"a\n  exit 0\t\n\n", "a\nL\n  exit 0\t\n\n"},
		{"exit 0", "L\nexit 0"},
		{"a\nexit 0\nb\n", "a\nexit 0\nb\nL\n"},
		{"if x; then exit 0\nfi\n", "if x; then exit 0\nfi\nL\n"},
		{"# exit 0\n", "# exit 0\nL\n"},
		{"a\n# L\n", "a\n# L\nL\n"},
		{"L2\nx L\n", "L2\nx L\nL\n"},
		// It is there already.
		{"a\nL\nb\n", "a\nL\nb\n"},
		{"a\n  L ", "a\n  L "},
	} {
		at, put := insertion([]byte(c.content), "L")
		if got := c.content[:at] + put + c.content[at:]; got != c.want {
			t.Errorf("%q becomes %q, want %q", c.content, got, c.want)
		}
	}
}

func TestOnlyWholeLinesAreTakenOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		content, put string
		at           int
	}{
		{"L\n", "L\n", 0},
		{"a\nL\nb\n", "L\n", 2},
		{"aL\nL\n", "L\n", 3},
		{"aL\n", "L\n", -1},
		{"a\nL", "L\n", -1},
		{"a\nL", "\nL", 1},
		{"a\nL\nb\n", "\nL", 1},
		{"a\nL2\nL", "\nL", 4},
		{"L", "\nL", -1},
		{"", "L\n", -1},
		{"a", "", -1},
	} {
		if at := place([]byte(c.content), c.put); at != c.at {
			t.Errorf("%q in %q: %d, want %d", c.put, c.content, at, c.at)
		}
	}
}

// Whatever a file holds, taking the line out leaves what was there before it
// was put in, and putting it in twice is putting it in once.
func FuzzALineTakenOutLeavesWhatWasThere(f *testing.F) {
	for _, s := range []string{"", "a", "a\n", "exit 0", "a\nexit 0\n\n", "\n", "L", "aL\nLa\n", " exit 0\nL2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, content string) {
		at, put := insertion([]byte(content), "L")
		if put == "" {
			if !hasLine([]byte(content), "L") {
				t.Fatal("nothing is put where the line is not")
			}
			return
		}
		edited := content[:at] + put + content[at:]
		if _, again := insertion([]byte(edited), "L"); again != "" {
			t.Errorf("%q gets the line twice", content)
		}
		found := place([]byte(edited), put)
		if found < 0 {
			t.Fatalf("%q became %q, where %q is not found", content, edited, put)
		}
		if left := edited[:found] + edited[found+len(put):]; left != content {
			t.Errorf("%q became %q, and then %q", content, edited, left)
		}
	})
}

// A record is read as it was written, and what is not one is refused.
func FuzzRecord(f *testing.F) {
	f.Add("dir", "/command", "", "")
	f.Add("text", "/etc/rc.local", "\n/command/svscanboot &", "x")
	f.Add("file", "/a b", "\x00\xff\"\\", "dir \"/x\" \"\"\n")
	f.Fuzz(func(t *testing.T, k, path, detail, junk string) {
		if r, err := parseRecord(junk); err == nil && len(r) > 0 {
			again, err := parseRecord(r.text())
			if err != nil || len(again) != len(r) {
				t.Errorf("%q is read as %v, and then as %v, %v", junk, r, again, err)
			}
		}
		one := thing{kind: kind(k), path: "/" + path, detail: detail}
		if k != "dir" && k != "link" && k != "file" && k != "text" {
			return
		}
		r, err := parseRecord(record{one, one}.text())
		if err != nil || len(r) != 2 || r[1].kind != one.kind || r[1].path != one.path || r[1].detail != one.detail {
			t.Errorf("%s %q %q became %v, %v", k, one.path, detail, r, err)
		}
	})
}
