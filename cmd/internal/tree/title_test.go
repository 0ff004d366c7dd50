package tree

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tailight/tailight/cmd/internal/cli"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// shifted is the rule itself: a byte at a time, without NUL.
func shifted(window []byte, text string) {
	for _, b := range []byte(text) {
		if b != 0 {
			copy(window, window[1:])
			window[len(window)-1] = b
		}
	}
}

func TestPiecesOfAnySizeScrollLikeSingleBytes(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 76))
	for range 2000 {
		n := 2 + random.IntN(30)
		got, want := []byte(strings.Repeat(".", n)), []byte(strings.Repeat(".", n))
		for range random.IntN(6) {
			piece := make([]byte, random.IntN(2*n))
			for i := range piece {
				piece[i] = byte(random.IntN(4)) + '0'*byte(random.IntN(2)) // NULs among them
			}
			must(t, scroll(got, strings.NewReader(string(piece))))
			shifted(want, string(piece))
		}
		if string(got) != string(want) {
			t.Fatalf("window %q, want %q", got, want)
		}
	}
}

// What came before the error, or in one read with it, is shown.
func TestAReadErrorEndsTheScrolling(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	window := []byte("....")
	err := scroll(window, iotest.DataErrReader(io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(broken))))
	if !errors.Is(err, broken) || string(window) != "..ab" {
		t.Errorf("%v with %q, want the error, and ..ab", err, window)
	}
}

func TestReadproctitleIsSilentWhateverHappens(t *testing.T) {
	t.Parallel()
	closed, err := os.Open(os.DevNull)
	must(t, err)
	must(t, closed.Close())
	for _, c := range []struct {
		title string
		code  int
	}{{"", 100}, {"xxxx", 100}, {"xxxxx", 111}} {
		title := []byte(c.title)
		if code := Readproctitle(&cli.Env{In: closed, Title: title}); code != c.code { // Err is nil: nothing may be said
			t.Errorf("title of %d bytes: code %d, want %d", len(title), code, c.code)
		}
	}
}
