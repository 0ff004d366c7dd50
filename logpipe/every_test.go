package logpipe

import "testing"

// TestAnOldCurrentIsRotatedWhileTheInputIsSilent waits in every way for every kind
// of input that may be silent.
func TestAnOldCurrentIsRotatedWhileTheInputIsSilent(t *testing.T) {
	eachWay(t, func(k inputKind) bool { return k.name != "file" && k.name != "null" }, func(t *testing.T, w way, k inputKind) {
		in := k.make(t, "one\n")
		if in.put == nil {
			t.Fatal("it is never silent")
		}
		g := w.start(t, in, "t", "every=20ms")
		eventually(t, "an archive", func() bool { return len(archived(t, g.dir)) == 1 })
		in.put([]byte("two\n"))
		eventually(t, "another", func() bool { return len(archived(t, g.dir)) == 2 })
		if current := g.current(t); current != "" {
			t.Errorf("current holds %q", current)
		}
	})
}
