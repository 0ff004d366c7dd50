package rotate

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// suffixes are those of the directory's archives, oldest first.
func (l *logDir) suffixes() (all []string) {
	l.t.Helper()
	for _, name := range l.archives() {
		all = append(all, name[labelSize:])
	}
	return all
}

func (l *logDir) wantSuffixes(want ...string) {
	l.t.Helper()
	if got := l.suffixes(); !slices.Equal(got, want) {
		l.t.Errorf("suffixes %q, want %q", got, want)
	}
}

func TestASuffixIsForFinishedArchivesOnly(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"gz", "", "tar.gz", ".", "-", "S", "u"} {
		l := newLogDir(t)
		l.opt.Suffix, l.opt.HasSuffix = suffix, true
		d := l.open()
		l.write(d, "cut")
		d.Abandon()
		d = l.open()
		l.write(d, "whole\n")
		l.rotate(d)
		l.close(d)
		l.wantSuffixes(".u", "."+suffix)
		l.wantContents("cut", "whole\n", "")
		l.wantTold()
		if fi, err := os.Stat(l.path(l.archives()[1])); err != nil || fi.Mode() != 0o744 {
			t.Errorf("suffix %q: the finished file has mode %v, %v", suffix, fi.Mode(), err)
		}
	}
}

func TestASuffixThatIsNotMeantIsTheDefault(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	l.opt.Suffix = "gz"
	d := l.open()
	l.write(d, "one\n")
	l.rotate(d)
	l.close(d)
	l.wantSuffixes(".s")
}

func TestASuffixThatCannotBeOneIsRefusedBeforeAnythingIsMade(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"a/b", "/", "~", "a b", "\x00", "ü", "a~", "~a", strings.Repeat("x", maxSuffix+1)} {
		l := newLogDir(t)
		l.opt.Suffix, l.opt.HasSuffix = suffix, true
		if _, err := Open(l.name, l.opt); err == nil || !strings.HasPrefix(err.Error(), "unable to open directory "+l.name) {
			t.Errorf("%q: %v", suffix, err)
		}
		if _, err := os.Stat(l.name); err == nil {
			t.Errorf("%q: the directory was made", suffix)
		}
	}
}

func TestTheLongestSuffixIsOneTheSystemTakes(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	l.opt.Suffix, l.opt.HasSuffix = strings.Repeat("x", maxSuffix), true
	d := l.open()
	l.write(d, "one\n")
	l.rotate(d)
	l.close(d)
	l.wantContents("one\n", "")
}

// TestArchivesOfAllSuffixesAreOneHistory has multilogs of different suffixes,
// one after the other, in one directory.
func TestArchivesOfAllSuffixesAreOneHistory(t *testing.T) {
	t.Parallel()
	l := newLogDir(t)
	l.opt.Num = 4
	for i, suffix := range []string{"s", "gz", "", "s", "x", "y"} {
		l.opt.Suffix, l.opt.HasSuffix = suffix, true
		d := l.open()
		l.write(d, fmt.Sprintln(i))
		l.rotate(d)
		l.close(d)
	}
	l.wantSuffixes(".s", ".x", ".y")
	l.wantContents("3\n", "4\n", "5\n", "")
	l.wantTold()
}

// TestAChangeOfSuffixAfterADeathDoublesNothing dies at every call and goes on
// with another suffix: an archive may have its name of the old one already.
func TestAChangeOfSuffixAfterADeathDoublesNothing(t *testing.T) {
	t.Parallel()
	for _, processor := range []bool{false, true} {
		before := history{processor: processor, suffix: "gz", hasSuffix: true}
		after := history{processor: processor}
		mixed := 0
		deaths := eachDeath(t, newDisk,
			func(d *memDisk) int { acked, _ := before.run(d); return acked },
			func(d *memDisk, _ int, when string) {
				after.start = d.landed
				d.restart()
				acked, err := after.run(d)
				if err != nil {
					t.Fatalf("%s: %v", when, err)
				}
				if err := after.holds(d, acked); err != nil {
					t.Fatalf("%s: %v\n%s", when, err, d.listing())
				}
				if err := tidy(d); err != nil {
					t.Fatalf("%s: %v\n%s", when, err, d.listing())
				}
				if s := d.listing(); strings.Contains(s, ".gz") && strings.Contains(s, ".s") {
					mixed++
				}
			})
		if deaths < 50 || mixed < 20 {
			t.Errorf("%d deaths, %d directories of both suffixes", deaths, mixed)
		}
	}
}
