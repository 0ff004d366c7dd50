package tree

import (
	"bytes"
	"errors"
	"io"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// shortestTitle is the least length of the last argument: three dots that
// stay, and at least two bytes of text.
const shortestTitle = 5

// Readproctitle keeps the end of its input in the memory of its last
// argument, where ps shows it. It fails in silence, as the original does.
func Readproctitle(e *cli.Env) int {
	if len(e.Title) < shortestTitle {
		return cli.Misuse
	}
	for i := range e.Title {
		e.Title[i] = '.'
	}
	if err := scroll(e.Title[3:], e.In); err != nil {
		return cli.Failed
	}
	return cli.OK
}

// scroll moves everything that is read through window from the right, except
// NUL, which would end the argument for ps. It reads as much as there is, and
// what is read is in the window before the next read.
func scroll(window []byte, in io.Reader) error {
	buf := make([]byte, 4096)
	for {
		n, err := in.Read(buf)
		push(window, bytes.ReplaceAll(buf[:n], []byte{0}, nil))
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// push shifts text into window from the right.
func push(window, text []byte) {
	text = text[max(0, len(text)-len(window)):]
	copy(window, window[len(text):])
	copy(window[len(window)-len(text):], text)
}
