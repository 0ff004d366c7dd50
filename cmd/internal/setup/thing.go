package setup

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// thing is what install makes and uninstall takes back. kind, path and detail
// are on disk, in the record.
type thing struct {
	kind   kind
	path   string // without the root
	detail string // see kind

	content []byte // of a file to make
	mode    fs.FileMode
}

type kind string // on disk; fixed

const (
	directory kind = "dir"  // an empty one; no detail
	link      kind = "link" // symbolic; detail is where it leads
	file      kind = "file" // detail is the sum of each content that was ever put there
	text      kind = "text" // in a file of somebody else; detail is what was put into it
)

func newFile(path string, content []byte, mode fs.FileMode) thing {
	return thing{kind: file, path: path, detail: sum(content), content: content, mode: mode}
}

// sum tells contents apart, of files that nobody has made alike on purpose.
// The cryptographic hashes cost every command of the one binary memory as it
// starts.
func sum(content []byte) string {
	h := fnv.New128a()
	_, _ = h.Write(content) // never fails
	return fmt.Sprintf("%x", h.Sum(nil))
}

// state is how a thing that shall be there is found.
type state int

const (
	absent  state = iota
	right         // nothing to do
	older         // of an earlier installation of ours
	foreign       // something else is in its place
)

// look tells the state of a thing. known is what the record has of it.
func (t thing) look(d *disk, known *thing) (state, error) {
	if t.kind == text {
		// Whoever made it a thing has looked for it.
		return map[bool]state{true: right, false: absent}[t.detail == ""], nil
	}
	info, err := os.Lstat(d.at(t.path))
	if errors.Is(err, fs.ErrNotExist) {
		return absent, nil
	}
	if err != nil {
		return foreign, fmt.Errorf("unable to stat %s: %w", d.at(t.path), cli.Errno(err))
	}
	switch {
	case t.kind == directory:
		if info, err := os.Stat(d.at(t.path)); err == nil && info.IsDir() {
			return right, nil
		}
	case t.kind == link:
		if to, err := os.Readlink(d.at(t.path)); err == nil && to == t.detail {
			return right, nil
		}
	case info.Mode().IsRegular():
		content, err := os.ReadFile(d.at(t.path))
		switch {
		case err != nil:
			return foreign, fmt.Errorf("unable to read %s: %w", d.at(t.path), cli.Errno(err))
		case sum(content) == t.detail:
			return right, nil
		case known != nil && strings.Contains(known.detail, sum(content)):
			return older, nil
		}
	}
	return foreign, nil
}

// make makes the thing, in the place of what is there if it is a file or link.
func (t thing) make(d *disk) error {
	switch t.kind {
	case directory:
		return d.mkdir(t.path)
	case link:
		return d.relink(t.detail, t.path)
	case file:
		return d.put(t.path, t.content, accessible(t.mode))
	}
	return d.edit(t.path, func(old []byte) ([]byte, error) {
		at, put := insertion(old, t.line())
		if put != t.detail {
			return nil, fmt.Errorf("unable to add to %s: it is being changed", d.at(t.path))
		}
		return append(append(bytes.Clone(old[:at]), put...), old[at:]...), nil
	})
}

// line is the line that a text puts into a file.
func (t thing) line() string { return strings.Trim(t.detail, "\n") }

// clearFresh removes what a crash has left of the thing, or of a change to the
// file that it is in.
func (t thing) clearFresh(d *disk) error {
	path := t.path
	if t.kind == text {
		if real, err := d.resolve(t.path); err == nil { // put works there
			path = real
		}
	}
	return d.clear(path + suffix)
}

// takeBack removes the thing if it is still as it was made. Otherwise it stays,
// and why says what keeps it. One that is gone is no error.
func (t thing) takeBack(d *disk) (done bool, why string, err error) {
	const changed = "it was changed"
	real := d.at(t.path)
	info, err := os.Lstat(real)
	if errors.Is(err, fs.ErrNotExist) {
		return false, "", nil
	}
	if err != nil {
		return false, "", fmt.Errorf("unable to stat %s: %w", real, cli.Errno(err))
	}
	switch t.kind {
	case directory:
		if !info.IsDir() {
			return false, changed, nil
		}
		if names, err := os.ReadDir(real); err != nil || len(names) > 0 {
			return false, "it is not empty", nil
		}
		err = d.rmdir(t.path)
	case link:
		if to, err := os.Readlink(real); err != nil || to != t.detail {
			return false, changed, nil
		}
		err = d.unlink(t.path)
	case file:
		content, unread := os.ReadFile(real)
		if unread != nil || !info.Mode().IsRegular() || !strings.Contains(t.detail, sum(content)) {
			return false, changed, nil
		}
		err = d.unlink(t.path)
	case text:
		return t.takeOut(d)
	}
	if err == nil {
		err = d.sync(filepath.Dir(t.path))
	}
	return err == nil, "", err
}

// errGone says that a text is not in its file any more.
var errGone = errors.New("the line is not there")

func (t thing) takeOut(d *disk) (done bool, why string, err error) {
	err = d.edit(t.path, func(old []byte) ([]byte, error) {
		at := place(old, t.detail)
		if at < 0 {
			return nil, errGone
		}
		return append(bytes.Clone(old[:at]), old[at+len(t.detail):]...), nil
	})
	if errors.Is(err, errGone) {
		return false, "", nil // taken out, by us before a crash or by the user
	}
	return err == nil, "", err
}
