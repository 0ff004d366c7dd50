package rotate

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// slowWriter does the steps of a log directory's writer one by one.
type slowWriter struct {
	l     *logDir
	at, n int
	lines []string
}

// step does the next one: a line more than one, then a rotation.
func (w *slowWriter) step() {
	var err error
	current, previous := w.l.path("current"), w.l.path("previous")
	switch w.at++; w.at % 6 {
	case 1, 2, 4:
		var f *os.File
		if f, err = os.OpenFile(current, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644); err == nil {
			w.n++
			w.lines = append(w.lines, fmt.Sprintf("%s %d", stampAt(w.n), w.n))
			_, err = f.WriteString(w.lines[w.n-1] + "\n")
			_ = f.Close()
		}
	case 3:
		err = os.Rename(current, previous)
	case 5:
		// Above all that is in the file, and below what follows.
		err = os.Link(previous, w.l.path(archive(labelAt(w.n-1), "s")))
	case 0:
		err = os.Remove(previous)
	}
	if err != nil {
		w.l.t.Error(err)
	}
}

func newSlowWriter(t *testing.T, steps int) *slowWriter {
	w := &slowWriter{l: newLogDir(t)}
	if err := os.Mkdir(w.l.name, 0o700); err != nil {
		t.Fatal(err)
	}
	for range steps {
		w.step()
	}
	return w
}

func TestALookMissesNothingWhateverAWriterDoesMeanwhile(t *testing.T) {
	t.Parallel()
	for before := 1; before <= 6; before++ {
		for at := range 5 {
			for _, steps := range []int{0, 1, 2, 3, 5, 6, 7, 12} {
				w := newSlowWriter(t, 6+before)
				there, calls := w.n, 0
				got := readAllLines(t, []string{w.l.name}, ReadOptions{between: func(string) {
					if calls++; calls == at+1 {
						for range steps {
							w.step()
						}
					}
				}})
				if len(got) < there || !slices.Equal(got, w.lines[:len(got)]) {
					t.Fatalf("%d steps, then %d at %d: got %d lines of %d, %d at first:%s\nwant%s",
						before, steps, at, len(got), w.n, there, brief(got, w.lines), brief(w.lines, got))
				}
			}
		}
	}
}

func TestFollowMissesNothingWhateverAWriterDoesMeanwhile(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		w := newSlowWriter(t, 1)
		const most = 300
		opt := ReadOptions{Follow: true, Warn: func(err error) { t.Error(err) }, between: func(where string) {
			// A line that is written at the end of all wakes the reader. A look
			// comes to an end only if it is left alone now and then.
			if where != "end" && rnd.IntN(8) > 0 {
				return
			}
			for n := 1 + rnd.IntN(16); w.n < most && (n > 0 || w.at%6 != 1 && w.at%6 != 2 && w.at%6 != 4); n-- {
				w.step()
			}
		}}
		ctx, cancel := context.WithCancel(t.Context())
		var got []string
		for l, err := range NewReader([]string{w.l.name}, opt).Lines(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, string(l.Text)); len(got) == most || string(l.Text) == w.lines[len(w.lines)-1] && w.n == most {
				break
			}
		}
		cancel()
		if !slices.Equal(got, w.lines) {
			t.Fatalf("seed %d: got %d lines of %d:%s\nwant%s", seed, len(got), w.n, brief(got, w.lines), brief(w.lines, got))
		}
	}
}
