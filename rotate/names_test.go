package rotate

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tailight/tailight/tai64"
)

// odd are names that begin like an archive's and are not one.
var odd = []string{
	"@", "@short", "@~~~~~~~~~~~~~~~~~~~~~~~~~~~~", "@{ten thousand",
	"@400000003b9aca0000000000",    // no suffix
	"@400000003b9aca0000000000s",   // no dot
	"@400000003B9ACA0000000000.s",  // upper case
	"@400000003b9aca003b9aca00.s",  // 10^9 nanoseconds
	"@ffffffffffffffff00000000.s",  // above the scale
	"@400000003b9aca000000000.s",   // a digit short
	"@400000003b9aca00000000000.s", // a digit more
	"@400000003b9aca0000000000.s~", // somebody's backup
	"@400000003b9aca0000000000.s \n",
	" @400000003b9aca0000000000.s",
}

func TestOddNamesAreNeverDeletedNorWaitedFor(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	for _, name := range odd {
		l.put(name, "mine", 0o600)
	}
	l.put("@400000003b9aca0000000000.s", "old", 0o744)
	l.opt.Num = 2
	d := l.open()
	for i := range 3 {
		l.write(d, fmt.Sprintln(i))
		l.rotate(d)
	}
	l.close(d)
	l.wantContents("2\n", "")
	l.wantTold()
	for _, name := range odd {
		if l.read(name) != "mine" {
			t.Errorf("%q was changed", name)
		}
	}
}

func TestADirectoryNamedLikeAnArchiveIsLeftWithOneWarning(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	const name = "@400000003b9aca0000000000.s"
	if err := os.MkdirAll(l.path(name), 0o700); err != nil {
		t.Fatal(err)
	}
	l.opt.Num = 2
	d := l.open()
	l.write(d, "one\n")
	l.rotate(d)
	l.close(d)
	l.wantTold("remove " + l.path(name) + ": is a directory")
	if fi, err := os.Stat(l.path(name)); err != nil || !fi.IsDir() {
		t.Error("the directory is gone")
	}
	if got := l.archives(); len(got) != 2 || l.read(got[1]) != "one\n" {
		t.Errorf("archives %q", got)
	}
}

func TestANewArchiveLiesAboveEveryOther(t *testing.T) {
	t.Parallel()
	for _, future := range []string{
		"@4000003b9aca000000000000.s", "@4000003b9aca00003b9ac9ff.u", "@4000003b9aca000000000001.gz",
	} {
		l := newLogDir(t)
		l.put(future, "from the future\n", 0o744)
		d := l.open()
		l.write(d, "one\n")
		l.rotate(d)
		l.write(d, "two\n")
		l.rotate(d)
		l.close(d)
		l.wantContents("from the future\n", "one\n", "two\n", "")
		l.opt.Num = 2
		d = l.open()
		l.write(d, "three\n")
		l.rotate(d)
		l.close(d)
		l.wantContents("three\n", "")
		l.wantTold()
	}
}

// TestTheLastLabelOfTheScaleDoesNotStopRotation has an archive above which
// there is no label.
func TestTheLastLabelOfTheScaleDoesNotStopRotation(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	l.put("@7fffffffffffffff3b9ac9ff.s", "the last\n", 0o744)
	d := l.open()
	for i := range 3 {
		l.write(d, fmt.Sprintln(i))
		l.rotate(d)
	}
	l.close(d)
	got := strings.Join(l.contents(), "")
	for i := range 3 {
		if !strings.Contains(got, fmt.Sprintln(i)) {
			t.Errorf("%d is missing in %q", i, got)
		}
	}
}

// racingFS is the real file system, with somebody who makes each name just
// before it would be linked to.
type racingFS struct {
	fsys
	l     *logDir
	raced map[string]bool
}

func (r racingFS) link(from, to string) error {
	if len(r.raced) < 2 {
		r.raced[to] = true
		r.l.put(to, "not ours\n", 0o644)
	}
	return r.fsys.link(from, to)
}

func TestANameThatIsTakenMeanwhileIsNotOverwritten(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	raced := map[string]bool{}
	l.opt.openFS = func(name string) (fsys, error) {
		real, err := openFS(name)
		return racingFS{real, l, raced}, err
	}
	l.opt.Retry = func(err error) bool { l.told = append(l.told, err.Error()); return len(l.told) < 10 }
	d := l.open()
	l.write(d, "ours\n")
	l.rotate(d)
	l.close(d)
	l.wantContents("not ours\n", "not ours\n", "ours\n", "")
	l.wantTold("link to "+l.name+"/@", "link to "+l.name+"/@")
}

// stampedDir is a directory whose lines are stamped by the same clock.
func stampedDir(t *testing.T) (*logDir, func() string) {
	l := newLogDir(t)
	now := time.Unix(1e9, 0)
	clock := &tai64.Clock{Now: func() time.Time { now = now.Add(time.Microsecond); return now }}
	l.opt.Clock, l.opt.Stamped = clock, true
	return l, func() string {
		clock.Read()
		return clock.Next().String() + " " + strings.Repeat("text", 200) + "\n"
	}
}

// TestAnArchiveIsNamedByTheStampOfItsLastLine fills files with stamped lines,
// one by one and in batches.
func TestAnArchiveIsNamedByTheStampOfItsLastLine(t *testing.T) {
	t.Parallel()
	for _, batch := range []int{1, 3, 20} {
		l, stamped := stampedDir(t)
		l.opt.Num = 100
		d := l.open()
		for range 10 {
			var text strings.Builder
			for range batch {
				text.WriteString(stamped())
			}
			l.write(d, text.String())
		}
		l.close(d)
		checkStamps(t, l, 10*batch, func(label, lastLine string) bool { return label == lastLine })
	}
}

// TestAnArchiveIsNamedByTheUnixStampOfItsLastLine does so with the other kind
// of stamps, where the lines of a batch mostly share theirs.
func TestAnArchiveIsNamedByTheUnixStampOfItsLastLine(t *testing.T) {
	t.Parallel()
	l, _ := stampedDir(t)
	l.opt.Num = 100
	stamper := tai64.NewUnixStamper(l.opt.Clock)
	d := l.open()
	for range 10 {
		var text []byte
		l.opt.Clock.Read()
		for range 20 {
			text = append(stamper.Append(text), strings.Repeat("text", 200)+"\n"...)
		}
		l.write(d, string(text))
	}
	l.close(d)
	before := tai64.TAI64N{}
	for _, name := range l.archives() {
		label, _ := parseArchive(name)
		var last tai64.TAI64N
		for line := range strings.Lines(l.read(name)) {
			last, _ = tai64.ParseUnixStamp([]byte(line))
			if last.Add(time.Microsecond).Compare(before) <= 0 {
				t.Errorf("archive %v is followed by line %.20q", before, line)
			}
		}
		if label.Time().Truncate(time.Microsecond) != last.Time() {
			t.Errorf("archive %v ends with the stamp %v", label, last)
		}
		before = label
	}
	if len(l.archives()) < 20 {
		t.Errorf("archives %q", l.archives())
	}
}

// TestAnArchiveIsNamedByTheISOStampOfItsLastLine: these hold all of a label.
func TestAnArchiveIsNamedByTheISOStampOfItsLastLine(t *testing.T) {
	t.Parallel()
	l, _ := stampedDir(t)
	l.opt.Num, l.opt.Stamps = 100, tai64.ISOStamps
	stamper := tai64.NewISOStamper(l.opt.Clock)
	d := l.open()
	for range 10 {
		var text []byte
		l.opt.Clock.Read()
		for range 20 {
			text = append(stamper.Append(text), strings.Repeat("text", 200)+"\n"...)
		}
		l.write(d, string(text))
	}
	l.close(d)
	for _, name := range l.archives() {
		file := l.read(name)
		last, ok := tai64.ParseISOStamp([]byte(file[strings.LastIndexByte(file[:len(file)-1], '\n')+1:]))
		if label, _ := parseArchive(name); !ok || label != last {
			t.Errorf("archive %v ends with the stamp %v", label, last)
		}
	}
	if len(l.archives()) < 20 {
		t.Errorf("archives %q", l.archives())
	}
}

// checkStamps compares each archive's label with the stamps around it.
func checkStamps(t *testing.T, l *logDir, lines int, is func(label, lastLine string) bool) {
	t.Helper()
	seen, before := 0, ""
	for _, name := range append(l.archives(), "@z") {
		file := name
		if name == "@z" {
			file = "current"
		}
		stamp := ""
		for line := range strings.Lines(l.read(file)) {
			stamp = line[:labelSize]
			if stamp <= before {
				t.Errorf("line %s follows archive or line %s", stamp, before)
			}
			before = stamp
			seen++
		}
		if name != "@z" {
			if label := name[:labelSize]; label < stamp || !is(label, stamp) {
				t.Errorf("archive %s ends with line %s", label, stamp)
			}
			before = name[:labelSize]
		}
	}
	if seen != lines {
		t.Errorf("%d lines, want %d", seen, lines)
	}
}

func TestARotationOnRequestIsNamedBetweenTheLines(t *testing.T) {
	t.Parallel()
	l, stamped := stampedDir(t)
	d := l.open()
	for range 5 {
		l.write(d, stamped())
		l.rotate(d)
	}
	l.close(d)
	checkStamps(t, l, 5, func(label, lastLine string) bool { return label > lastLine })
}

// TestAStampInTheMiddleOfALineIsNotBelieved has a line that comes in two
// pieces, of which the second looks like a stamped line of the far future.
func TestAStampInTheMiddleOfALineIsNotBelieved(t *testing.T) {
	t.Parallel()
	l, stamped := stampedDir(t)
	d := l.open()
	l.write(d, strings.TrimSuffix(stamped(), "\n")+strings.Repeat("x", 2000))
	l.write(d, "@700000003b9aca0000000000 forged\n")
	l.write(d, stamped())
	l.close(d)
	if name := l.archives()[0]; name >= "@5" {
		t.Errorf("archive %s", name)
	}
}

// TestAStampOfLostLinesNamesNoOtherFile loses a full current; the next file,
// ended on request, has a label of its own.
func TestAStampOfLostLinesNamesNoOtherFile(t *testing.T) {
	t.Parallel()
	l, stamped := stampedDir(t)
	var first bool
	l.opt.spawn = func(run func()) { run() }
	d := l.open()
	d.mu.Lock()
	d.due, d.last = true, d.clock.Next()
	d.mu.Unlock()
	if err := os.Remove(l.path("current")); err != nil {
		t.Fatal(err)
	}
	l.write(d, stamped())
	l.rotate(d)
	l.close(d)
	checkStamps(t, l, 1, func(label, lastLine string) bool { first = true; return label > lastLine })
	if !first {
		t.Error("no archive")
	}
	l.wantTold("find " + l.name + "/current, starting a new one")
}
