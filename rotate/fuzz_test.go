package rotate

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tailight/tailight/tai64"
)

// FuzzArchiveName holds that a name is an archive's only if it is strictly
// one, and that no other name is ever deleted.
func FuzzArchiveName(f *testing.F) {
	for _, name := range append(odd, "@400000003b9aca0000000000.s", "@400000003b9aca0000000000.tar.gz", "current", "") {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		l, ok := parseArchive(name)
		if ok {
			label, suffix, _ := strings.Cut(name, ".")
			if l.String() != label || archive(l, suffix) != name || strings.ContainsAny(suffix, "/~@ \n\x00") {
				t.Fatalf("%q read as %v", name, l)
			}
			for i := range len(label) { // no digit may be missing or strange
				if _, ok := parseArchive(name[:i] + name[i+1:]); ok {
					t.Fatalf("%q without byte %d is taken for an archive", name, i)
				}
			}
		}
		names := []string{
			name, "@400000003b9aca0000000001.s", "@400000003b9aca0000000002.u", "@400000003b9aca0000000003.s",
		}
		if free := freeLabel(l, names); slices.Contains(names, archive(free, DefaultSuffix)) {
			t.Fatalf("label %v is taken among %q", free, names)
		}
		for num := range 5 {
			del := surplus(names, num)
			if !ok && slices.Contains(del, name) {
				t.Fatalf("%q would be deleted", name)
			}
			left := slices.DeleteFunc(archives(names), func(n string) bool { return slices.Contains(del, n) })
			if want := min(max(num-1, 1), len(archives(names))); len(left) != want {
				t.Fatalf("num %d: %q are left, want %d", num, left, want)
			}
			if all := archives(names); slices.Contains(del, all[len(all)-1]) {
				t.Fatalf("num %d: the newest of %q goes", num, names)
			}
		}
	})
}

// tape is a source of choices: the bytes of a fuzz input.
type tape struct{ b []byte }

func (c *tape) next(n int) int {
	if len(c.b) == 0 {
		return 0
	}
	v := int(c.b[0])
	c.b = c.b[1:]
	return v % n
}

// FuzzLeftovers makes any state of a directory, then goes through several
// lives of writing, deaths and losses of power, as the input says. Whatever
// was promised stays, nothing is doubled, nothing that is marked is torn.
func FuzzLeftovers(f *testing.F) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 40 {
		seed := make([]byte, 60)
		for i := range seed {
			seed[i] = byte(rnd.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &tape{b}
		d := anyDisk(c)
		lives(t, c, d)
	})
}

// anyDisk has leftovers of any kind, also such that no crash leaves. What they
// hold is of no line of the input.
func anyDisk(c *tape) *memDisk {
	d := newDisk()
	for i, name := range []string{"current", "previous", "processed", "newstate", "state", "lock"} {
		switch c.next(4) {
		case 1:
			d.put(name, fmt.Sprintf("#%d#", i), 0o644)
		case 2:
			d.put(name, fmt.Sprintf("#%d#", i), 0o744)
		case 3:
			d.put(name, "", []fs.FileMode{0o644, 0o744}[c.next(2)])
		}
	}
	for _, name := range []string{"previous", "processed"} {
		if d.entries[name] == nil || c.next(3) > 0 {
			continue
		}
		l := tai64.TAI64N{Sec: 1<<62 + uint64(c.next(255)), Nano: uint32(c.next(255))}
		if to := archive(l, []string{DefaultSuffix, unfinished, "gz", ""}[c.next(4)]); d.entries[to] == nil {
			d.putLink(name, to)
		}
	}
	if c.next(5) == 1 {
		d.put("@4000000100000000000000ff.s", "#9#", 0o744) // of the future
	}
	return d
}

// lives goes on with the disk until the tape ends, at most a few times. Each
// life may have another suffix.
func lives(t *testing.T, c *tape, d *memDisk) {
	t.Helper()
	h := history{processor: c.next(2) == 1}
	for range 4 {
		h.start = d.landed
		h.suffix, h.hasSuffix = []string{"", "gz", "x.y"}[c.next(3)], c.next(2) == 1
		d.restart()
		if n := c.next(120); n > 0 {
			d.inject(n, dieBefore, 0)
		}
		acked, err := h.run(d)
		if err != nil && !d.dead {
			t.Fatalf("%v\n%s", err, d.listing())
		}
		if !d.dead {
			d.promised = acked
		}
		if c.next(3) == 1 {
			all := d.losses(rand.New(rand.NewPCG(uint64(c.next(255)), 7)))
			l := all[c.next(len(all))]
			after := d.crash(l)
			if err := torn(d, after); err != nil {
				t.Fatalf("%s: %v\n%s", l.name, err, d.listing())
			}
			holdsPromised(t, h, after, d.promised)
			return // what was not promised may have holes
		}
		if err := h.reopen(d); err != nil {
			t.Fatalf("%v\n%s", err, d.listing())
		}
		if got := ours(d); !bytes.EqualFold(got, input[:d.landed]) {
			t.Fatalf("%d bytes were written, the directory has %d\n%s", d.landed, len(got), d.listing())
		}
		if err := tidy(d); err != nil {
			t.Fatalf("%v\n%s", err, d.listing())
		}
	}
}

// tidy is what a directory has to be after Close, whatever was there before.
func tidy(d *memDisk) error {
	for name := range d.entries {
		_, ok := parseArchive(name)
		switch {
		case name == "previous" || name == "processed":
			return fmt.Errorf("%s remains", name)
		case ok && d.links(d.entries[name]) != 1:
			return fmt.Errorf("%s has %d links", name, d.links(d.entries[name]))
		}
	}
	if d.open != 0 || d.locked {
		return fmt.Errorf("%d files are still open, locked %v", d.open, d.locked)
	}
	return nil
}

// ours is the content of the directory without what anyDisk put there.
func ours(d *memDisk) []byte {
	var b []byte
	for _, name := range append(archives(slices.Collect(maps.Keys(d.entries))), "current") {
		b = append(b, withoutMarks(d.entries[name].data)...)
	}
	return b
}

// withoutMarks takes out "#digit#".
func withoutMarks(b []byte) []byte {
	for {
		i := bytes.IndexByte(b, '#')
		if i < 0 || i+2 >= len(b) {
			return b
		}
		b = append(slices.Clone(b[:i]), b[i+3:]...)
	}
}

func holdsPromised(t *testing.T, h history, after *memDisk, promised int) {
	t.Helper()
	if err := h.reopen(after); err != nil {
		t.Fatal(err)
	}
	if got := ours(after); promised > len(got) || !bytes.EqualFold(got[:promised], input[:promised]) {
		t.Fatalf("%d bytes were promised\n%s", promised, after.listing())
	}
}
