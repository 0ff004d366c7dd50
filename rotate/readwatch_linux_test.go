package rotate

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestAFollowerIsWokenWithoutASweep has the next sweep an hour away: what is written
// has to be told of by the system, at once and in every file it may be in.
func TestAFollowerIsWokenWithoutASweep(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	name := filepath.Join(base, "a")
	d := openStamped(t, name, Options{Size: MinSize, Num: 1000})
	f := follow(t, []string{name}, ReadOptions{
		rarely: time.Hour, Watch: []string{base},
		Dirs: func() []string { names, _ := filepath.Glob(filepath.Join(base, "*")); return names },
	})
	eventually(t, "a follower that waits", func() bool { return f.idle.Load() > 0 })
	for i := range 30 {
		if err := d.batch(1+i%7, 300); err != nil { // now and then a rotation
			t.Fatal(err)
		}
		f.want(d.texts...)
	}
	if err := d.Rotate(); err != nil {
		t.Fatal(err)
	}
	if err := d.batch(1, 10); err != nil {
		t.Fatal(err)
	}
	f.want(d.texts...)
	other := openStamped(t, filepath.Join(base, "b"), Options{})
	for i := range 3 {
		if err := other.batch(1, i); err != nil {
			t.Fatal(err)
		}
		f.want(slices.Concat(d.texts, other.texts)...)
	}
	if names, err := os.ReadDir(name); err != nil || len(names) < 10 {
		t.Errorf("%v has only %d entries, %v", name, len(names), err)
	}
}
