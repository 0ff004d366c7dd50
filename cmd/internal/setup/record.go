package setup

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// recordName is the file in the directory of commands that says what uninstall
// is to take back. A thing is in it before it is made, so that a crash leaves
// nothing that is unknown; what was never made is not there to take back.
const recordName = ".tailight-installed"

const recordHead = "# What `tailight install` has made, and `tailight uninstall` takes back.\n"

// record is everything that was made, in order.
type record []thing

// find returns what the record has of a thing, or nil.
func (r record) find(t thing) *thing {
	for i := range r {
		if r[i].kind == t.kind && r[i].path == t.path {
			return &r[i]
		}
	}
	return nil
}

// with is the record with one more thing. The contents that a file ever had
// from us stay known: a crash may have left any of the last two.
func (r record) with(t thing) record {
	known := r.find(t)
	switch {
	case known == nil:
		return append(r, t)
	case t.kind != file:
		known.detail = t.detail
	case !strings.Contains(known.detail, t.detail):
		known.detail += " " + t.detail
	}
	return r
}

// text is the record on disk: a line for each thing.
func (r record) text() string {
	var b strings.Builder
	b.WriteString(recordHead)
	for _, t := range r {
		fmt.Fprintf(&b, "%s %q %q\n", t.kind, t.path, t.detail)
	}
	return b.String()
}

// readRecord reads the record of a directory. Without one it is empty.
func readRecord(d *disk, dir string) (record, error) {
	name := d.at(dir + "/" + recordName)
	content, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("unable to read %s: %w", name, cli.Errno(err))
	}
	r, err := parseRecord(string(content))
	if err != nil {
		return nil, fmt.Errorf("unable to read %s: %w", name, err)
	}
	return r, nil
}

func parseRecord(content string) (r record, err error) {
	for i, line := range strings.Split(content, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		t, ok := parseThing(line)
		if !ok {
			return nil, fmt.Errorf("line %d is not of a record", i+1)
		}
		r = append(r, t)
	}
	return r, nil
}

func parseThing(line string) (t thing, ok bool) {
	word, rest, _ := strings.Cut(line, " ")
	t.kind = kind(word)
	path, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return t, false
	}
	detail, ok := strings.CutPrefix(rest[len(path):], " ")
	if !ok {
		return t, false
	}
	var errPath, errDetail error
	t.path, errPath = strconv.Unquote(path)
	t.detail, errDetail = strconv.Unquote(detail)
	known := t.kind == directory || t.kind == link || t.kind == file || t.kind == text
	return t, known && errPath == nil && errDetail == nil && strings.HasPrefix(t.path, "/")
}
