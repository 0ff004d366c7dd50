package control

import (
	"bytes"
	"errors"
	"strings"
)

// The letters that svc takes.
const (
	classic   = "udopchaitkx" // of 0.76
	further   = "q12w"        // of daemontools-encore
	modifiers = "+=Ll"        // of daemontools-encore: they change what follows
	reexec    = 'e'           // of ours
)

// longest is the size of the largest batch. It is far below the size up to
// which one write to a FIFO is never mixed with another's.
const longest = 32

var errTooMany = errors.New("too many options")

// A batch is the letters for one write to a control FIFO, in the order in which
// they were given. A letter that comes again is dropped, as it is by 0.76,
// unless a modifier has changed its meaning since.
type batch struct {
	letters []byte
	since   int // where the last modifier stands
}

func (b *batch) add(letter byte) {
	if bytes.IndexByte(b.letters[b.since:], letter) >= 0 {
		return
	}
	if strings.IndexByte(modifiers, letter) >= 0 {
		b.since = len(b.letters)
	}
	b.letters = append(b.letters, letter)
}

// bytes returns what is to be written. Letters of 0.76 alone are written just
// as 0.76 does. With any other the batch begins with l, as all batches of
// daemontools-encore do; and it ends by taking its modifiers back, for
// supervise cannot see where a batch ends when the next one comes soon.
func (b *batch) bytes() ([]byte, error) {
	text := string(b.letters)
	if strings.Trim(text, classic) == "" {
		return b.letters, nil
	}
	text = "l" + strings.TrimPrefix(text, "l")
	if len(text) > longest {
		return nil, errTooMany
	}
	if strings.LastIndexByte(text, '+') > strings.LastIndexByte(text, '=') {
		text += "="
	}
	if strings.LastIndexByte(text, 'L') > strings.LastIndexByte(text, 'l') {
		text += "l"
	}
	return []byte(text), nil
}
