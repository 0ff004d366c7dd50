package rotate

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestADamagedDirectoryIsReadAsFarAsItGoes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxLine+maxLine/2)
	line := func(n int, text string) string { return stampAt(n) + " " + text + "\n" }
	type files map[string]string
	for _, c := range []struct {
		name  string
		files files
		want  string // the texts, without stamps
		told  string
	}{
		{"an empty directory", files{}, "", ""},
		{"only a previous", files{"previous": "a\n"}, "a", ""},
		{"a .u with half a line", files{"@400000000000000000000001.u": "a\nhal", "current": "b\n"}, "a|hal~|b", ""},
		{"a line cut at the end of a file", files{"@400000000000000000000001.s": "a\nhal", "current": "f\nb\n"}, "a|hal+|f|b", ""},
		{"a cut line before a stamp", files{"@400000000000000000000001.s": "a\nhal", "current": line(1, "b")}, "a|hal~|b", ""},
		{"half a line at the end", files{"current": "a\nb"}, "a|b~", ""},
		{"names that are no archives", files{"@4.s": "no\n", "@40000000000000000000000g.s": "no\n", "current": "a\n"}, "a", ""},
		{"an archive of zeros", files{"@400000000000000000000001.s": strings.Repeat("\x00", 99), "current": line(1, "a")}, strings.Repeat("\x00", 99) + "~|a", ""},
		{"labels that step back", files{"current": line(5, "a") + line(3, "b") + line(4, "c") + line(2, "d")}, "a|b|c|d", "unable to keep the order of current: labels step back"},
		{"stamps that are none", files{"current": "@400000000000000000000001x\n@40 x\n@40000000000000003b9aca00 y\n"}, "@400000000000000000000001x|@40 x|@40000000000000003b9aca00 y", ""},
		{"gzip that ends too early", files{"@400000000000000000000001.s": string(gzipped([]byte("a\nb\n"))[:15]), "current": "c\n"}, "a|b|c", "unable to read @400000000000000000000001.s: "},
		{"gzip with a wrong head", files{"@400000000000000000000001.s": "\x1f\x8b\x08", "current": "c\n"}, "c", "unable to read @400000000000000000000001.s: "},
		{"zstd that is none", files{"@400000000000000000000001.s": "\x28\xb5\x2f\xfdabcdefghi", "current": "c\n"}, "c", "unable to read @400000000000000000000001.s: "},
		{"compressed, by other names", files{"@400000000000000000000001.s": string(gzipped([]byte("a\n"))), "@400000000000000000000002.gz": string(zstded([]byte("b\nc\n"))), "current": "d\n"}, "a|b|c|d", ""},
		{"members one after the other", files{"@400000000000000000000001.s": string(gzipped([]byte("a\n"))) + string(gzipped([]byte("b\n"))), "@400000000000000000000002.s": string(zstded([]byte("c\n"))) + string(zstded([]byte("d\n")))}, "a|b|c|d", ""},
		{"a line longer than what is held", files{"current": long + "\nb\n"}, long[:maxLine] + "+|" + long[maxLine:] + "|b", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLogDir(t)
			l.put("other", "no\n", 0o644)
			for name, text := range c.files {
				l.put(name, text, 0o644)
			}
			opt := ReadOptions{Warn: func(err error) { l.told = append(l.told, strings.ReplaceAll(err.Error(), l.name+"/", "")) }}
			for _, opt.Reverse = range []bool{false, true} {
				var got []string
				for l, err := range NewReader([]string{l.name}, opt).Lines(t.Context()) {
					if err != nil {
						t.Fatal(err)
					}
					text := string(l.Bare())
					switch {
					case l.More:
						text += "+"
					case l.Open:
						text += "~"
					}
					got = append(got, text)
				}
				want := strings.Split(c.want, "|")
				if c.want == "" {
					want = nil
				}
				if opt.Reverse {
					slices.Reverse(want)
				}
				// Backwards, the parts of a line are in another order.
				if !slices.Equal(got, want) && !(opt.Reverse && strings.Contains(c.want, "+")) {
					t.Errorf("reverse %t: got %.300q, want %.300q", opt.Reverse, got, want)
				}
				if opt.Reverse {
					continue
				}
				if told := strings.Join(l.told, "; "); c.told == "" && told != "" || !strings.HasPrefix(told, c.told) || len(l.told) > 1 {
					t.Errorf("told %q, want %q", told, c.told)
				}
			}
		})
	}
}

func TestAnArchiveThatVanishesIsSaid(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	for i, name := range []string{"a", "b", "c"} {
		l.put(archive(labelAt(10+i), "s"), name+"\n", 0o744)
	}
	l.put("current", "d\n", 0o644)
	var got []string
	r := NewReader([]string{l.name}, ReadOptions{Warn: func(err error) { l.told = append(l.told, err.Error()) }})
	for line := range r.Lines(t.Context()) {
		got = append(got, string(line.Text))
		if len(got) == 1 {
			if err := os.Remove(l.path(archive(labelAt(11), "s"))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if want := []string{"a", "c", "d"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	l.wantTold("open " + l.path(archive(labelAt(11), "s")))
}

func TestADirectoryThatCannotBeReadIsAnErrorAndOthersGoOn(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	l.put("current", "a\n", 0o644)
	got := readAllLines(t, []string{l.path("none"), l.name}, ReadOptions{})
	if want := []string{"unable to read directory " + l.path("none") + ": no such file or directory", "a"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAReaderChangesNothing(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	l.put("current", "a\n", 0o644)
	l.put("previous", "b\n", 0o644)
	before := l.names()
	readAllLines(t, []string{l.name}, ReadOptions{})
	if after := l.names(); !slices.Equal(before, after) {
		t.Errorf("%q became %q", before, after)
	}
}

func TestARangeIsFoundInAVeryLongFile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "main")
	last := hugeDir(t, dir, 1<<10)
	reads := 0
	var got []string
	for l := range NewReader([]string{dir}, ReadOptions{Since: labelAt(last / 3), Until: labelAt(last/3 + 2)}).Lines(t.Context()) {
		reads += len(l.Text)
		if l.Lead > 0 {
			got = append(got, string(l.Text))
		}
	}
	if want := []string{stampAt(last/3) + " line", stampAt(last/3+1) + " line"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if reads > 4<<20 {
		t.Errorf("%d bytes were delivered", reads)
	}
}

func TestReadingAllocatesNothingPerLine(t *testing.T) {
	l := newLogDir(t)
	var text bytes.Buffer
	for n := range 20000 {
		text.WriteString(stampAt(n) + " line\n")
	}
	l.put("current", text.String(), 0o644)
	allocs := testing.AllocsPerRun(3, func() {
		for range NewReader([]string{l.name}, ReadOptions{}).Lines(context.Background()) {
		}
	})
	if allocs > 200 {
		t.Errorf("%v allocations for 20000 lines", allocs)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("a\nb\n\xff@400000000000000000000001 c\nd\xff"), uint8(0), uint8(3))
	f.Add(gzipped([]byte("a\nb\n")), uint8(1), uint8(3))
	stamps := []byte(stampAt(1) + " a\n" + stampAt(2) + " b\n" + stampAt(3) + " c\n")
	f.Add(append(inMembers(Gzip, stamps, 30), "\xffx\xffy"...), uint8(17), uint8(3))
	f.Add(append(inMembers(Zstd, stamps, 30), "\xffx\xffy"...), uint8(1), uint8(3))
	f.Add(slices.Concat([]byte("a\xff"), zstded([]byte("a\nb\n")), []byte("\xffx")), uint8(2), uint8(1))
	f.Add([]byte(stampAt(3)+" a\n"+stampAt(2)+" b\n\xffc\n"+stampAt(1)+" d"), uint8(15), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, how, n uint8) {
		l := newLogDir(t)
		var plain []byte
		packed := false
		parts := bytes.Split(data, []byte{0xff})
		if how&16 != 0 || len(parts) > 6 {
			parts = [][]byte{data}
		}
		for i, part := range parts {
			name := archive(labelAt(i*3+1), []string{"s", "u"}[i%2])
			switch len(parts) - i {
			case 1:
				name = "current"
			case 2:
				name = "previous"
			}
			packed = packed || packingOf(part) != asItIs
			l.put(name, string(part), 0o644)
			plain = append(plain, part...)
		}
		opt := ReadOptions{Reverse: how&4 != 0, HasLast: how&8 != 0, Last: int(n)}
		if how&1 != 0 {
			opt.Since = labelAt(int(n))
		}
		if how&2 != 0 {
			opt.Until = labelAt(int(n) + 4)
		}
		var got []byte
		r := NewReader([]string{l.name}, opt)
		for line, err := range r.Lines(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, line.Text...); !line.More && !line.Open {
				got = append(got, '\n')
			}
			if len(got) > 100<<20 {
				t.Fatal("there is no end")
			}
		}
		if how&15 == 0 && !packed && !bytes.Equal(got, plain) {
			t.Errorf("read %q, want %q", got, plain)
		}
	})
}
