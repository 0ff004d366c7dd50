package rotate

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// fullDisk is a disk with space for three files and something, and a directory on
// it that is told to give up its oldest archives.
func fullDisk(t *testing.T, change func(*Options)) (*memDisk, *Dir) {
	t.Helper()
	d := newDisk()
	d.space = 3*MinSize + 100
	opt := history{}.options(d)
	opt.Full = FullDropOldest
	if change != nil {
		change(&opt)
	}
	dir := must(Open("d", opt))
	t.Cleanup(dir.Abandon)
	return d, dir
}

// fill writes whole lines of that many bytes at least, in small pieces.
func fill(dir *Dir, size int) error {
	for at := 0; at < size; {
		end := at + slices.Index(input[at+500:], '\n') + 501
		n, err := dir.Write(input[at:end])
		if at += n; err != nil {
			return err
		}
	}
	return nil
}

// archivesOf lists the archives of a disk.
func archivesOf(d *memDisk) []string { return archives(slices.Collect(maps.Keys(d.entries))) }

func TestDropOldestLogsOnWhereWaitStops(t *testing.T) {
	t.Parallel()
	d, dir := fullDisk(t, func(o *Options) { o.Full = FullWait })
	if err := fill(dir, 5*MinSize); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("full=wait: %v, want no space", err)
	}
	if len(d.given) > 0 {
		t.Errorf("full=wait: %d archives were dropped", len(d.given))
	}
	var told []string
	d, dir = fullDisk(t, func(o *Options) { o.Warn = func(err error) { told = append(told, err.Error()) } })
	if err := errors.Join(fill(dir, 5*MinSize), dir.Close()); err != nil {
		t.Fatal(err)
	}
	if len(d.given) == 0 || len(told) != len(d.given) {
		t.Errorf("%d archives were dropped, told %q", len(d.given), told)
	}
	for i, g := range d.given {
		if want := fmt.Sprintf("unable to keep d/%s, %d bytes: %v", g.name, len(g.data), syscall.ENOSPC); told[i] != want {
			t.Errorf("told %q, want %q", told[i], want)
		}
	}
}

func TestTheQuotaOfAnOwnerCountsAsAFullDisk(t *testing.T) {
	t.Parallel()
	for errno, want := range map[error]bool{syscall.ENOSPC: true, syscall.EDQUOT: true, syscall.EIO: false, syscall.EROFS: false} {
		if noSpace(fail(errno, "unable to write")) != want {
			t.Errorf("%v: no space is %v", errno, !want)
		}
	}
}

// TestTheNewestArchiveIsNotDropped leaves too little space for two files.
func TestTheNewestArchiveIsNotDropped(t *testing.T) {
	t.Parallel()
	tries := 0
	var d *memDisk
	d, dir := fullDisk(t, func(o *Options) {
		o.Retry = func(err error) bool {
			if tries++; tries == 3 {
				d.mu.Lock()
				d.space = 0
				d.mu.Unlock()
			}
			return true
		}
	})
	if err := fill(dir, 2*MinSize); err != nil {
		t.Fatal(err)
	}
	d.space = 3000 // a file ends between 2096 bytes and 4096
	if err := errors.Join(fill(dir, 2*MinSize), dir.Close()); err != nil {
		t.Fatal(err)
	}
	if tries < 3 || len(archivesOf(d)) < MinArchives {
		t.Errorf("waited %d times, %d archives are left", tries, len(archivesOf(d)))
	}
	for _, g := range d.given {
		if g.name > archivesOf(d)[0] {
			t.Errorf("%s was dropped before %q", g.name, archivesOf(d))
		}
	}
}

// TestTheLineAboutADropIsNoInput looks at what the record gets to know: the line
// is behind it, and counts for no byte of input.
func TestTheLineAboutADropIsNoInput(t *testing.T) {
	t.Parallel()
	var places []Place
	var d *memDisk
	d, dir := fullDisk(t, func(o *Options) {
		o.Turning = func(p Place) { places = append(places, p) }
	})
	for at := 0; at < 5*MinSize; {
		dir.Accounted()
		places = places[:0]
		dropped := len(d.given)
		end := at + slices.Index(input[at+500:], '\n') + 501
		must(dir.Write(input[at:end]))
		if cur := d.entries["current"].data; len(d.given) > dropped {
			last := places[len(places)-1]
			if last.Skip != int64(end-at) || last.Position.Size != int64(len(cur)) || !strings.HasSuffix(string(cur), "no space left on device\n") {
				t.Errorf("a write of %d bytes leaves %+v of a current of %d bytes that ends with %q", end-at, last, len(cur), cur[len(cur)-80:])
			}
		}
		at = end
	}
	if len(d.given) == 0 {
		t.Error("nothing was dropped")
	}
}

// TestAProcessorThatFillsItsDiskDropsTheOldest has one that only says that it has
// failed, as a process does.
func TestAProcessorThatFillsItsDiskDropsTheOldest(t *testing.T) {
	t.Parallel()
	d, dir := fullDisk(t, func(o *Options) {
		o.HasProcessor = true
		o.run = func(p *processing) error {
			if writeAll(p.out, must(p.in.(*memFile).read())) != nil {
				return &Error{Text: "processor failed in d"}
			}
			return nil
		}
	})
	if err := errors.Join(fill(dir, 5*MinSize), dir.Close()); err != nil {
		t.Fatal(err)
	}
	if len(d.given) == 0 {
		t.Error("nothing was dropped")
	}
}

// TestWhatIsDroppedIsOnRecordFirst loses power before every call: no archive is
// gone that the file dropped does not count.
func TestWhatIsDroppedIsOnRecordFirst(t *testing.T) {
	t.Parallel()
	var d *memDisk
	seen, losses := map[string]bool{}, 0
	rnd := rand.New(rand.NewPCG(1, 9))
	d, dir := fullDisk(t, nil)
	d.watch = func(d *memDisk) {
		for _, name := range archivesOf(d) {
			if d.durable[name] != nil {
				seen[name] = true
			}
		}
		for _, l := range d.losses(rnd) {
			after := d.crash(l)
			gone, loss := 0, losing{}
			for name := range seen {
				if after.entries[name] == nil {
					gone++
				}
			}
			if in := after.entries[droppedName]; in != nil {
				loss = parseLosing(string(in.data))
			}
			if losses++; int64(gone) > loss.archives {
				t.Fatalf("%d archives are gone, %d are on record, after %q, power lost with %s", gone, loss.archives, last(d.log), l.name)
			}
		}
	}
	if err := errors.Join(fill(dir, 5*MinSize), dir.Close()); err != nil {
		t.Fatal(err)
	}
	if len(d.given) == 0 {
		t.Error("nothing was dropped")
	}
	t.Logf("%d losses of power", losses)
}

func TestTheFileDroppedIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	label := "@400000003b9aca0a000f4240"
	for _, l := range []losing{
		{},
		{bytes: 1, archives: 2},
		{bytes: 299949, archives: 3, untold: []dropping{{199966, 2, label + ".s", label + ".u"}, {99983, 1, label + ".", label + ".gz"}}},
	} {
		got := parseLosing(string(l.text()))
		if fmt.Sprint(got) != fmt.Sprint(l) {
			t.Errorf("%q is read as %+v, want %+v", l.text(), got, l)
		}
	}
	for _, bad := range []string{
		"", "\x00\x00", "bytes", "bytes x\narchives -1\n", "bytes 99999999999999999999\n",
		"untold 1 1 current current\n", "untold 1 1 ../x " + label + ".s\n",
	} {
		if got := parseLosing(bad); fmt.Sprint(got) != fmt.Sprint(losing{}) {
			t.Errorf("%q is read as %+v", bad, got)
		}
	}
}
