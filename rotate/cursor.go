package rotate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/tailight/tailight/tai64"
)

// Cursor says where a [Reader] is in each of its directories, so that another
// one goes on there: see [ReadOptions.After]. The zero value is no place at all.
type Cursor struct{ marks []mark }

// mark is a place in a directory: behind the line of that label, at an offset
// in a file. The file is looked for first. If it is not there any more, as
// after a processor, the label has to do, and for lines without labels the floor.
type mark struct {
	dir      string
	label    tai64.TAI64N // of the last line, or the floor
	position Position     // Size is the offset
	floor    tai64.TAI64N // see part
	behind   bool
}

// cursorHead is the first line of a cursor.
const cursorHead = "tailight cursor 1" // on disk; fixed

// Label returns the label of the last line of a directory, and false if the
// directory is not known.
func (c *Cursor) Label(dir string) (tai64.TAI64N, bool) {
	if m := c.mark(dir); m != nil {
		return m.label, true
	}
	return tai64.TAI64N{}, false
}

func (c *Cursor) mark(dir string) *mark {
	if c != nil {
		for i := range c.marks {
			if c.marks[i].dir == dir {
				return &c.marks[i]
			}
		}
	}
	return nil
}

// set puts a mark in the place of the one its directory has.
func (c *Cursor) set(m mark) {
	if old := c.mark(m.dir); old != nil {
		*old = m
	} else {
		c.marks = append(c.marks, m)
	}
}

func (c *Cursor) clone() *Cursor {
	if c == nil {
		return new(Cursor)
	}
	return &Cursor{slices.Clone(c.marks)}
}

// MarshalText returns the cursor as text of a line for each directory. The
// error is always nil.
func (c *Cursor) MarshalText() ([]byte, error) {
	b := append([]byte(cursorHead), '\n')
	for _, m := range c.marks {
		p := m.position
		b = fmt.Appendf(b, "%s %s %t %d %d %d %d %q\n", m.label, m.floor, m.behind, p.Dev, p.Ino, p.Born, p.Size, m.dir)
	}
	return b, nil
}

// UnmarshalText reads what MarshalText wrote; after an error c is unchanged.
func (c *Cursor) UnmarshalText(b []byte) error {
	head, text, _ := strings.Cut(string(b), "\n")
	if head != cursorHead {
		return errors.New("not a cursor")
	}
	var marks []mark
	for line := range strings.Lines(text) {
		m, err := parseMark(line)
		if err != nil {
			return fmt.Errorf("not a cursor: line %d: %w", len(marks)+2, err)
		}
		marks = append(marks, m)
	}
	c.marks = marks
	return nil
}

func parseMark(line string) (m mark, err error) {
	word := strings.SplitN(line, " ", 8)
	if len(word) != 8 || !strings.HasSuffix(line, "\n") {
		return m, errors.New("cut short")
	}
	keep := func(e error) {
		if err == nil {
			err = e
		}
	}
	number := func(s string, v *uint64) {
		var e error
		*v, e = strconv.ParseUint(s, 10, 64)
		keep(e)
	}
	var born, size uint64
	keep(m.label.UnmarshalText([]byte(word[0])))
	keep(m.floor.UnmarshalText([]byte(word[1])))
	m.behind = word[2] == "true"
	number(word[3], &m.position.Dev)
	number(word[4], &m.position.Ino)
	number(word[5], &born)
	number(word[6], &size)
	m.position.Born, m.position.Size = int64(born), max(int64(size), 0)
	dir, e := strconv.Unquote(strings.TrimSuffix(word[7], "\n"))
	m.dir = dir
	keep(e)
	return m, err
}

// LoadCursor reads a file that Save wrote. One that is missing is a Cursor
// without a place.
func LoadCursor(name string) (*Cursor, error) {
	c := new(Cursor)
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err == nil {
		err = c.UnmarshalText(text)
	}
	if err != nil {
		return nil, fail(err, "unable to read cursor %s", name)
	}
	return c, nil
}

// Save writes the cursor to a file. After a crash at any moment the file holds
// this cursor or the one before. Beside it, name.new is written.
func (c *Cursor) Save(name string) error {
	return orNil(c.save(name), "unable to write cursor %s", name)
}

func (c *Cursor) save(name string) error {
	text, _ := c.MarshalText()
	f, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	// A crash here leaves the old cursor, and a name.new that the next Save
	// writes over.
	if err := os.Rename(name+".new", name); err != nil {
		return err
	}
	parent, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer parent.Close()
	return parent.Sync()
}

// Cursor returns where the Reader is: behind the line that Lines has delivered
// last, or in [ReadOptions.After] for a directory that was not read. It may be
// called within the loop and after it, but not for a Reader of Reverse.
func (r *Reader) Cursor() *Cursor {
	c := r.opt.After.clone()
	for _, s := range r.sources {
		if m := s.mark(); m.position.Ino != 0 {
			c.set(m)
		}
	}
	return c
}
