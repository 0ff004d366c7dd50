package rotate

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// plainFile is a File and its directory.
type plainFile struct {
	*File
	t    *testing.T
	path string
}

func newPlainFile(t *testing.T, opt FileOptions) plainFile {
	t.Helper()
	path := filepath.Join(t.TempDir(), "logs", "app.log")
	f, err := OpenFile(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return plainFile{f, t, path}
}

// old are the names of the old files, oldest first.
func (p plainFile) old() (names []string) {
	p.t.Helper()
	entries, err := os.ReadDir(filepath.Dir(p.path))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "app.log" {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names
}

func (p plainFile) read(name string) string {
	p.t.Helper()
	b, err := os.ReadFile(filepath.Join(filepath.Dir(p.path), name))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

func (p plainFile) write(text string) {
	p.t.Helper()
	if n, err := p.Write([]byte(text)); n != len(text) || err != nil {
		p.t.Fatalf("wrote %d bytes of %d: %v", n, len(text), err)
	}
}

func TestAFileMakesItsDirectoryAndIsItsOwners(t *testing.T) {
	t.Parallel()
	f := newPlainFile(t, FileOptions{})
	if f.Name() != f.path {
		t.Errorf("Name %s", f.Name())
	}
	if fi, err := os.Stat(f.path); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
	f.write("one\n")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := OpenFile(f.path, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(again, "two")
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if got := f.read("app.log"); got != "one\ntwo\n" {
		t.Errorf("holds %q", got)
	}
}

func TestSizeNumAndAgeAreRoundedToLumberjacksUnits(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		opt             FileOptions
		size, num, days int
	}{
		{FileOptions{}, 1, 9, 0},
		{FileOptions{Size: 1, Num: 1, Age: 1}, 1, 1, 1},
		{FileOptions{Size: 1 << 20, Num: 2, Age: 24 * time.Hour}, 1, 1, 1},
		{FileOptions{Size: 1<<20 + 1, Num: 3, Age: 24*time.Hour + 1}, 2, 2, 2},
		{FileOptions{Size: 16777215, Num: 100}, 16, 99, 0},
		{FileOptions{Size: MaxSize}, 2048, 9, 0},
		{FileOptions{Size: -1, Num: -1}, 1, 1, 0},
	} {
		f := newPlainFile(t, row.opt)
		if f.log.MaxSize != row.size || f.log.MaxBackups != row.num || f.log.MaxAge != row.days {
			t.Errorf("%+v: %d MB, %d old files, %d days, want %d, %d, %d", row.opt, f.log.MaxSize, f.log.MaxBackups, f.log.MaxAge, row.size, row.num, row.days)
		}
	}
}

// TestLinesAreSplitOverFilesOnlyWhenLongerThanAFile writes in one piece what
// lumberjack would refuse.
func TestLinesAreSplitOverFilesOnlyWhenLongerThanAFile(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, text string
		whole      bool // every file ends with a line end
	}{
		{"short lines", lines(25000, 100), true},
		{"lines longer than a piece", lines(50, 50000), true},
		{"a line longer than a file", strings.Repeat("x", 5<<19) + "\n", false},
		{"a line exactly as long as a file", strings.Repeat("x", 1<<20-1) + "\n", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newPlainFile(t, FileOptions{})
			f.write(row.text)
			var got strings.Builder
			for _, name := range append(f.old(), "app.log") {
				part := f.read(name)
				if len(part) > 1<<20 {
					t.Errorf("%s has %d bytes", name, len(part))
				}
				if row.whole && part != "" && !strings.HasSuffix(part, "\n") {
					t.Errorf("%s ends in a line", name)
				}
				got.WriteString(part)
			}
			if got.String() != row.text {
				t.Error("the files together are not the input")
			}
		})
	}
}

func TestAFileIsRotatedOnRequestUnlessItIsEmpty(t *testing.T) {
	t.Parallel()
	f := newPlainFile(t, FileOptions{})
	rotate := func() {
		t.Helper()
		if err := f.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	rotate()
	if n := len(f.old()); n != 0 {
		t.Errorf("%d old files of an empty one", n)
	}
	f.write("one\n")
	rotate()
	rotate()
	if got := f.old(); len(got) != 1 || f.read(got[0]) != "one\n" || f.read("app.log") != "" {
		t.Errorf("old files %q", got)
	}
}

// rotations makes old files; their names have milliseconds, so each waits
// until the name is a new one.
func (p plainFile) rotations(n int) {
	p.t.Helper()
	for i := range n {
		p.write(fmt.Sprintln(i))
		if err := p.Rotate(); err != nil {
			p.t.Fatal(err)
		}
		stamp := time.Now().Format("2006-01-02T15-04-05.000")
		eventually(p.t, "the next millisecond", func() bool { return time.Now().Format("2006-01-02T15-04-05.000") > stamp })
	}
}

func TestOldFilesAreRemovedAboveNum(t *testing.T) {
	t.Parallel()
	f := newPlainFile(t, FileOptions{Num: 3})
	f.rotations(6)
	eventually(t, "two old files", func() bool { return len(f.old()) == 2 })
	if got := f.old(); f.read(got[0]) != "4\n" || f.read(got[1]) != "5\n" {
		t.Errorf("old files %q", got)
	}
}

func TestOldFilesAreCompressed(t *testing.T) {
	t.Parallel()
	f := newPlainFile(t, FileOptions{Compress: true})
	f.rotations(1)
	eventually(t, "a .gz file alone", func() bool {
		got := f.old()
		return len(got) == 1 && strings.HasSuffix(got[0], ".gz")
	})
	z, err := gzip.NewReader(strings.NewReader(f.read(f.old()[0])))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); string(got) != "0\n" || err != nil {
		t.Errorf("it holds %q, %v", got, err)
	}
}

func TestABadPathIsToldWhenItIsOpened(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"file/app.log", "file/deep/app.log"} {
		path := filepath.Join(dir, name)
		_, err := OpenFile(path, FileOptions{})
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), "unable to open "+path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOnlyARotationWithinAWriteHoldsLines has a file in the place of the
// directory, so that no rotation works: one that was asked for holds no line,
// so that a program that has to leave may leave it; a Write's does.
func TestOnlyARotationWithinAWriteHoldsLines(t *testing.T) {
	t.Parallel()
	f := newPlainFile(t, FileOptions{})
	full := strings.Repeat("x", megabyte-1) + "\n"
	f.write(full)
	dir := filepath.Dir(f.Name())
	if err := errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	var asked, within *Error
	if err := f.Rotate(); !errors.As(err, &asked) || asked.Writing {
		t.Errorf("asked for: %#v", err)
	}
	if _, err := f.Write([]byte("more\n")); !errors.As(err, &within) || !within.Writing {
		t.Errorf("within a Write: %#v", err)
	}
}

// TestQuickRotationsKeepEveryFile rotates more often than once in the
// millisecond by which lumberjack names old files.
func TestQuickRotationsKeepEveryFile(t *testing.T) {
	t.Parallel()
	f := newPlainFile(t, FileOptions{Num: 100})
	for range 50 {
		f.write("line\n")
		if err := f.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(f.old()); n != 50 {
		t.Errorf("%d old files of 50", n)
	}
}
