// What is known to be untested here: a disk that is full for real, a file
// system that loses writes at a power failure (the tests of rotate have
// that), descriptor 0 shared with a second reader that takes the bytes
// between poll and read, terminals in raw mode, and lines longer than memory.

package logpipe

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tailight/tailight/tai64"
)

// The vectors of section 23.2 that a pipe can show without a process.
func TestTheHeadIsAThousandBytesStampIncluded(t *testing.T) {
	t.Parallel()
	a := func(n int) string { return strings.Repeat("a", n) }
	for _, c := range []struct {
		script []string
		line   string
		alert  int // bytes of the alert
	}{
		{[]string{"e"}, a(199), 200}, {[]string{"e"}, a(200), 201}, {[]string{"e"}, a(201), 204},
		{[]string{"e"}, a(5000), 204}, {[]string{"e"}, "", 1},
		{[]string{"t", "e"}, a(174), 201}, {[]string{"t", "e"}, a(175), 204}, {[]string{"t", "e"}, "", 27},
		{[]string{"-*", "+*Z", "e"}, a(999) + "Z", 204}, {[]string{"-*", "+*Z", "e"}, a(1000) + "Z", 0},
		{[]string{"t", "-*", "+@* *Z", "e"}, a(973) + "Z", 204}, {[]string{"t", "-*", "+@* *Z", "e"}, a(974) + "Z", 0},
	} {
		var got []byte
		alerts := 0
		p := opened(t, Options{Clock: fixedClock(), Alert: func(line []byte) {
			got = append(got, line...)
			alerts++
		}}, c.script...)
		put(t, p, []byte(c.line+"\n"))
		if len(got) != c.alert || alerts > 1 {
			t.Errorf("%q, line of %d bytes: %d alerts of %d bytes, want %d bytes", c.script, len(c.line), alerts, len(got), c.alert)
		}
	}
}

func TestLongLinesAreNeverCut(t *testing.T) {
	t.Parallel()
	for _, stamp := range []bool{false, true} {
		for _, n := range []int{0, 1, 973, 974, 975, 999, 1000, 1001, 1999, 2000, 2001, 4095, 4096, 4097, 65536, 1 << 20} {
			words := []string{"s16777215", "+*", ".", "e", "="}
			if stamp {
				words = append([]string{"t"}, words...)
			}
			line := bytes.Repeat([]byte{0, 'a', '\r', 0xff}, n/4+1)[:n]
			input := slices.Concat(line, []byte("\n"), line, []byte("\nlast"), line)
			for _, size := range []int{len(input), 977, 4096} {
				if n == 1<<20 && size == 977 {
					continue
				}
				var pieces [][]byte
				for b := range slices.Chunk(input, size) {
					pieces = append(pieces, b)
				}
				got := trial(t, words, pieces, byWrite(t))
				wantResult(t, fmt.Sprintf("stamp %v, lines of %d, pieces of %d", stamp, n, size),
					got, model(words, input, fixedStamp))
			}
		}
	}
}

func TestAnInputOfAnySizeAroundTheBuffersArrivesWhole(t *testing.T) {
	t.Parallel()
	for _, words := range [][]string{{"s16777215", "."}, {"t", "s16777215", "."}, {"s16777215", "-x*", ".", "+x*", "."}} {
		for _, around := range []int{smallBatch, 2 * smallBatch, largeBatch, 4 * largeBatch} {
			for _, n := range []int{around - 27, around - 26, around - 1, around, around + 1, around + 1000} {
				if n > 2*largeBatch && n%2 == 0 {
					continue
				}
				// Lines of 64 bytes, and the last one partial.
				input := bytes.Repeat([]byte("x"+strings.Repeat("y", 62)+"\n"), n/64+1)[:n]
				feed := byWrite(t)
				if n%2 == 0 {
					feed = byRun(t)
				}
				got := trial(t, words, [][]byte{input}, feed)
				wantResult(t, fmt.Sprintf("%q, %d bytes", words, n), got, model(words, input, fixedStamp))
			}
		}
	}
}

func TestEmptyLinesGrow27TimesAndArriveWhole(t *testing.T) {
	t.Parallel()
	words := []string{"t", "s16777215", "."}
	input := bytes.Repeat([]byte("\n"), 200000)
	got := trial(t, words, [][]byte{input}, byWrite(t))
	wantResult(t, "empty lines", got, model(words, input, fixedStamp))
}

// TestLongLinesAmongEmptyOnesArriveWhole: text is flushed within a batch, between lines
// and within one.
func TestLongLinesAmongEmptyOnesArriveWhole(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	var input []byte
	for len(input) < 1<<20 {
		input = append(input, bytes.Repeat([]byte("\n"), rnd.IntN(20000))...)
		long := bytes.Repeat([]byte{"ab"[rnd.IntN(2)]}, rnd.IntN(6000))
		input = append(append(input, long...), '\n')
	}
	for _, words := range [][]string{
		{"t", "s16777215", "."},
		{"t", "s16777215", "-*b*", ".", "-*", "."},
		{"t", "s16777215", ".", "-*", "+*b*", "."},
	} {
		got := trial(t, words, [][]byte{input}, byWrite(t))
		wantResult(t, fmt.Sprint(words), got, model(words, input, fixedStamp))
	}
}

func TestManyDestinationsGetTheirOwnLines(t *testing.T) {
	t.Parallel()
	var words []string
	for i := range 40 {
		words = append(words, "-*", fmt.Sprintf("+line %d*", i%10), ".", "=")
	}
	var input []byte
	for i := range 2000 {
		input = fmt.Appendf(input, "line %d\n", i)
	}
	got := trial(t, words, cut(rand.New(rand.NewPCG(1, 1)), input), byWrite(t))
	wantResult(t, "40 destinations", got, model(words, input, fixedStamp))
}

func TestNoWordsTakeEverythingNowhere(t *testing.T) {
	t.Parallel()
	p := opened(t, Options{})
	put(t, p, bytes.Repeat([]byte("abc\n"), 100000))
	put(t, p, []byte("part"))
	closed(t, p)
}

// A clock that the test moves, read once a batch.
func TestStampsRiseFromTheReadingOfTheirBatch(t *testing.T) {
	t.Parallel()
	now, reads := moment, 0
	dir := t.TempDir() + "/d"
	p := opened(t, Options{Clock: &tai64.Clock{Now: func() time.Time { reads++; return now }}}, "t", dir)
	batch := func(d time.Duration, text string) {
		now = moment.Add(d)
		put(t, p, []byte(text))
	}
	batch(0, "a\nb\nc\n")
	batch(time.Millisecond, "d\n")
	batch(2*time.Millisecond, "e\nf par")
	batch(3*time.Millisecond, "tial\ng\n") // f has the time of its first byte
	batch(3*time.Millisecond-1, "h\n")     // a step back is absorbed
	batch(3*time.Millisecond+1, "i\nj\n")  // below the last stamp
	batch(time.Hour, "\n")
	if reads != 7 {
		t.Errorf("the clock was read %d times, want once a batch: 7", reads)
	}
	closed(t, p)
	var want []byte
	for _, l := range []struct {
		at   time.Duration
		text string
	}{
		{0, "a"}, {1, "b"}, {2, "c"}, {time.Millisecond, "d"}, {2 * time.Millisecond, "e"},
		{2*time.Millisecond + 1, "f partial"}, {3 * time.Millisecond, "g"}, {3*time.Millisecond + 1, "h"},
		{3*time.Millisecond + 2, "i"}, {3*time.Millisecond + 3, "j"}, {time.Hour, ""},
	} {
		want = append(want, tai64.At(moment.Add(l.at)).String()+" "+l.text+"\n"...)
	}
	wantBytes(t, "stamps", logged(t, dir), want)
}

func TestStampsOfTheSystemsClockRiseStrictly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/d"
	before := tai64.At(time.Now())
	p := opened(t, Options{}, "t", "s16777215", dir)
	byRun(t)(p, cut(rand.New(rand.NewPCG(1, 2)), bytes.Repeat([]byte("a line\n"), 20000)))
	closed(t, p)
	last := before.Add(-1)
	lines := bytes.Split(bytes.TrimSuffix(logged(t, dir), []byte("\n")), []byte("\n"))
	for i, line := range lines {
		l, err := tai64.ParseTAI64N(string(line[:25]))
		if err != nil || l.Compare(last) <= 0 || string(line[25:]) != " a line" {
			t.Fatalf("line %d is %q after the stamp %v (%v)", i, line, last, err)
		}
		last = l
	}
	if len(lines) != 20000 || last.Compare(tai64.At(time.Now()).Add(time.Second)) > 0 {
		t.Errorf("%d lines, the last at %v, want 20000 of the present time", len(lines), last)
	}
}

// The label of a full file is the stamp of its last line, so that labels and
// stamps together are in order.
func TestFilesAreNamedByTheStampOfTheirLastLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/d"
	p := opened(t, Options{}, "t", "s4096", "n1000", dir)
	for i := range 1000 {
		put(t, p, fmt.Appendf(nil, "%060d\n", i))
	}
	closed(t, p)
	names := archived(t, dir)
	if len(names) < 10 {
		t.Fatalf("%d files, want more", len(names))
	}
	for _, name := range names {
		lines := strings.Split(strings.TrimSuffix(string(slurp(t, name)), "\n"), "\n")
		if last := lines[len(lines)-1][:25]; filepath.Base(name) != last+".s" {
			t.Errorf("%s ends with the stamp %s", name, last)
		}
	}
}

func TestLinesAreInTheirFilesWhenWriteReturns(t *testing.T) {
	t.Parallel()
	for _, words := range [][]string{{}, {"t"}, {"T"}, {"-nothing"}} {
		root := t.TempDir()
		p := opened(t, Options{Clock: fixedClock()}, append(words, root+"/d", "="+root+"/s", "file="+root+"/f")...)
		put(t, p, []byte("one\ntwo"))
		line := "one\n"
		if p.stamper != nil {
			line = stampsFor(words)(0) + line
		}
		wantBytes(t, "current", slurp(t, root+"/d/current"), []byte(line))
		wantBytes(t, "plain file", slurp(t, root+"/f"), []byte(line))
		wantBytes(t, "status", slurp(t, root+"/s"), statusOf([]byte(strings.TrimSuffix(line, "\n"))))
	}
}

func TestAPartialLineIsHeldUpToItsHeadAndThenStreams(t *testing.T) {
	t.Parallel()
	for _, words := range [][]string{{}, {"-nothing"}} {
		dir := t.TempDir() + "/d"
		p := opened(t, Options{}, append(words, dir)...)
		all := bytes.Repeat([]byte("x"), 3000)
		put(t, p, all[:999])
		wantBytes(t, "999 bytes", slurp(t, dir+"/current"), nil)
		put(t, p, all[:1])
		wantBytes(t, "1000 bytes", slurp(t, dir+"/current"), all[:1000])
		put(t, p, all[:5])
		wantBytes(t, "1005 bytes", slurp(t, dir+"/current"), all[:1005])
		closed(t, p)
		wantBytes(t, "the end", slurp(t, dir+"/current"), append(all[:1005:1005], '\n'))
	}
}

func TestAStatusFileKeepsWhatIsBeyond1001Bytes(t *testing.T) {
	t.Parallel()
	name := t.TempDir() + "/s"
	old := bytes.Repeat([]byte("o"), 3000)
	if err := os.WriteFile(name, old, 0o600); err != nil {
		t.Fatal(err)
	}
	p := opened(t, Options{}, "="+name)
	wantBytes(t, "before a line", slurp(t, name), old)
	put(t, p, []byte("a\nthe second is longer\n"))
	wantBytes(t, "two lines", slurp(t, name), append(statusOf([]byte("the second is longer")), old[1001:]...))
	put(t, p, []byte("short\n"))
	wantBytes(t, "a shorter one", slurp(t, name), append(statusOf([]byte("short")), old[1001:]...))
	closed(t, p)
}

func TestOpenMakesStatusFilesFirstAndLeavesThemEmpty(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	s, err := Parse([]string{root + "/no/such/dir", "=" + root + "/s"})
	if err != nil {
		t.Fatal(err)
	}
	err = New(s, Options{}).Open()
	if err == nil || !strings.HasPrefix(err.Error(), "unable to open directory "+root+"/no/such/dir: ") {
		t.Errorf("error %v, want unable to open directory", err)
	}
	fi, err := os.Stat(root + "/s")
	if err != nil || fi.Size() != 0 || fi.Mode() != 0o600 {
		t.Errorf("status file: %v, %v, want an empty one of mode 0600", fi, err)
	}
}

func TestOpenReportsWhatItCannotOpen(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.WriteFile(root+"/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(root+"/dir", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ words, want string }{
		{"=R/no/file", "unable to create R/no/file: "},
		{"=R", "unable to create R: "},
		{"R/file", "unable to open directory R/file: "},
		{"R/twice R/twice", "unable to lock directory R/twice: "},
		{"file=R/file/x", "unable to open R/file/x: "},
		{"file=R/dir", "unable to open R/dir: "},
	} {
		fill := func(s string) string { return strings.ReplaceAll(s, "R", root) }
		s, err := Parse(strings.Fields(fill(c.words)))
		if err != nil {
			t.Fatal(err)
		}
		err = New(s, Options{}).Open()
		if err == nil || !strings.HasPrefix(err.Error(), fill(c.want)) {
			t.Errorf("%s: error %v, want %s", c.words, err, c.want)
		}
	}
	fi, err := os.Stat(root + "/twice/current")
	if err != nil || fi.Mode() != 0o644 {
		t.Errorf("current of the first directory: %v, %v, want it unmarked: 0644", fi, err)
	}
}

// sizes of the buffers, seen through the reads that fill them
func TestBuffersGrowOnlyWhenTheyAreFilled(t *testing.T) {
	t.Parallel()
	for _, words := range [][]string{{}, {"t"}} {
		p := opened(t, Options{}, words...)
		for range 1000 {
			put(t, p, []byte("a short line\n"))
		}
		if n := len(p.space()); n != smallBatch {
			t.Errorf("%q: %d bytes of space after short lines, want %d", words, n, smallBatch)
		}
		put(t, p, bytes.Repeat([]byte("a short line\n"), 1<<18))
		if n := len(p.space()); n > largeBatch || n < largeBatch-headSize {
			t.Errorf("%q: %d bytes of space after a flood, want about %d", words, n, largeBatch)
		}
	}
}

func TestCloseTwiceIsCloseOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/d"
	p := opened(t, Options{}, dir)
	put(t, p, []byte("part"))
	closed(t, p)
	closed(t, p)
	wantBytes(t, "current", slurp(t, dir+"/current"), []byte("part\n"))
}

func TestFinishedFilesHaveTheSuffixOfTheirDirectory(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	p := opened(t, Options{}, root+"/a", "wgz", root+"/b", "w", root+"/c", "ws", root+"/d")
	put(t, p, []byte("one\n"))
	p.Rotate()
	put(t, p, []byte("two\n"))
	closed(t, p)
	for dir, suffix := range map[string]string{"/a": ".s", "/b": ".gz", "/c": ".", "/d": ".s"} {
		names := archived(t, root+dir)
		if len(names) != 1 || filepath.Base(names[0])[25:] != suffix {
			t.Errorf("%s: %q, want one that ends with %q", dir, names, suffix)
		}
		wantBytes(t, dir, logged(t, root+dir), []byte("one\ntwo\n"))
	}
}

// TestALargeFileIsNotCutAtTheLimitOf076 fills a file beyond it.
func TestALargeFileIsNotCutAtTheLimitOf076(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	p := opened(t, Options{}, "n3", "s17m", root+"/large", "s17825792", root+"/plain")
	text := linesOf(1<<20, 17)
	for piece := range slices.Chunk(text, 1<<18) {
		put(t, p, piece)
	}
	closed(t, p)
	if n := len(archived(t, root+"/large")); n != 1 {
		t.Errorf("%d old files", n)
	}
	wantBytes(t, "the file of 17 MiB", slurp(t, archived(t, root+"/large")[0]), text)
	if n := len(slurp(t, archived(t, root+"/plain")[0])); n > 16777215 {
		t.Errorf("%d bytes in a file without a unit", n)
	}
}

// TestAGlobSeesTheHeadOfALine is about the last byte of the head, as the one
// for star patterns.
func TestAGlobSeesTheHeadOfALine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stamp, pattern string
		before         int // bytes before the Z
		want           bool
	}{
		{"", "*Z", 999, true}, {"", "*Z", 1000, false}, {"", "*[Z]", 999, true}, {"", "*a[!a]", 1000, false}, {"", "*aa", 1000, true},
		{"t", "@* *Z", 973, true}, {"t", "@* *Z", 974, false}, {"T", "*.?????? *Z", 981, true}, {"T", "*.?????? *Z", 982, false},
	} {
		var alerts int
		words := []string{"F", "-*", "+" + c.pattern, "e"}
		if c.stamp != "" {
			words = append([]string{c.stamp}, words...)
		}
		p := opened(t, Options{Clock: fixedClock(), Alert: func([]byte) { alerts++ }}, words...)
		put(t, p, append(bytes.Repeat([]byte("a"), c.before), "Z\n"...))
		if got := alerts == 1; got != c.want {
			t.Errorf("%q behind %d bytes: selected %v, want %v", c.pattern, c.before, got, c.want)
		}
	}
}

// TestTheWordSyncReachesItsDirectory counts what the directory is asked to put on
// disk, on a device that refuses it.
func TestTheWordSyncReachesItsDirectory(t *testing.T) {
	t.Parallel()
	for words, syncs := range map[string]bool{"sync=always": true, "sync=rotate": false} {
		x := newPatient(t, words, "ROOT/d")
		fifo := filepath.Join(x.root, "fifo") // fsync of a FIFO is EINVAL
		must(t, syscall.Mkfifo(fifo, 0o600))
		fd, err := syscall.Open(fifo, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
		must(t, err)
		defer syscall.Close(fd)
		must(t, os.Rename(fifo, x.dir+"/current"))
		done := x.inBackground(t, "one\n")
		if syncs {
			x.await(t, 3)
		}
		x.Stop()
		await(t, "the write after Stop", done)
		said := slices.Contains(x.all(), pausing("unable to write "+x.dir+"/current to disk", syscall.EINVAL))
		if said != syncs {
			t.Errorf("%s: said %q", words, x.all())
		}
		_ = x.Close()
	}
}
