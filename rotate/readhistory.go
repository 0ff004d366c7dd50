package rotate

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/tailight/tailight/tai64"
)

// part is a file of a directory's history.
type part struct {
	name  string
	label tai64.TAI64N // of an archive
	named bool         // it is an archive
	f     *os.File     // open already, or nil
	id    fileID       // if it is open

	// floor is the label of the last archive before; behind says that one file
	// that is no archive yet lies between.
	floor  tai64.TAI64N
	behind bool

	bare bool // it is known that no line has a label
}

// cut reports whether an outage may have ended the file within a line that
// nobody goes on with.
func (p *part) cut() bool { return p.named && p.name[labelSize+1:] == unfinished }

func (p *part) close() {
	if p.f != nil {
		_ = p.f.Close()
		p.f = nil
	}
}

func closeParts(parts []part) {
	for i := range parts {
		parts[i].close()
	}
}

// lookTries is how often a directory is looked at that changes meanwhile.
const lookTries = 1000

// look returns the history of a directory, oldest first. What is no archive yet
// is open, since its name will soon be another file's.
func look(root *os.Root, between func(string)) ([]part, error) {
	for try := range lookTries {
		parts, settled, err := lookOnce(root, between)
		if settled {
			return parts, err
		}
		closeParts(parts)
		switch {
		case errors.Is(err, fs.ErrPermission) && try < 20:
			// A current that was just made is not everybody's to read yet.
			time.Sleep(time.Millisecond)
		case err != nil:
			return nil, err
		}
	}
	return nil, syscall.EAGAIN
}

// lookOnce looks. Files move from current to previous to an archive, and
// nowhere else. They are opened in that order, and the archives are listed last,
// so none is missed that moves on meanwhile. As long as current is the same file
// at the end, there was no rotation, and none is missed before it either.
func lookOnce(root *os.Root, between func(string)) (parts []part, settled bool, err error) {
	var open []part // newest first
	defer func() {
		if err != nil {
			closeParts(open)
		}
	}()
	for _, name := range []string{"current", "previous", "processed"} {
		p, err := openPart(root, name)
		if err != nil {
			return nil, false, err
		}
		open = append(open, p)
		between(name)
	}
	names, err := readNames(root)
	if err != nil {
		return nil, false, err
	}
	between("names")
	cur, prev, out := open[0], open[1], open[2]
	if settled, err = same(root, cur, prev); err != nil {
		return nil, false, err
	}
	for _, name := range archives(names) {
		l, _ := parseArchive(name)
		parts = append(parts, part{name: name, label: l, named: true})
	}
	if prev.f != nil || !isDone(out.f) {
		// What goes through the processor is read as it was.
		out.close()
	}
	for _, p := range []part{out, prev, cur} {
		switch {
		case p.f == nil:
		case isArchive(root, parts, p):
			p.close()
		default:
			parts = append(parts, p)
		}
	}
	setFloors(parts)
	return parts, settled, nil
}

// setFloors says for each file what comes before.
func setFloors(parts []part) {
	for i := 1; i < len(parts); i++ {
		before := &parts[i-1]
		if before.named {
			parts[i].floor = before.label
		} else {
			parts[i].floor, parts[i].behind = before.floor, true
		}
	}
}

// same reports whether there was no rotation since cur and prev were opened.
func same(root *os.Root, cur, prev part) (bool, error) {
	now, err := idOf(root, "current")
	if err != nil || now != cur.id {
		return false, err
	}
	if cur.f != nil {
		return true, nil
	}
	// Without a current a rotation shows itself in previous.
	now, err = idOf(root, "previous")
	return now == prev.id || now == fileID{}, err
}

// isArchive reports whether a file has a name as an archive too. That is its
// latest name: the newest of all, unless somebody has made links.
func isArchive(root *os.Root, parts []part, p part) bool {
	if fi, err := p.f.Stat(); err == nil && infoOf(fi).links <= 1 {
		parts = parts[max(len(parts)-2, 0):]
	}
	return find(root, parts, p.id) >= 0
}

// find returns the index of the file id, or -1.
func find(root *os.Root, parts []part, id fileID) int {
	for i, p := range slices.Backward(parts) {
		have := p.id
		if p.f == nil {
			have, _ = idOf(root, p.name)
		}
		if have == id {
			return i
		}
	}
	return -1
}

// openPart opens a file of that name; a part without a file if there is none.
func openPart(root *os.Root, name string) (part, error) {
	p := part{name: name}
	f, err := root.OpenFile(name, readOnly, 0)
	if err != nil {
		return p, ignoreMissing(err)
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: syscall.EINVAL}
	}
	if err != nil {
		_ = f.Close()
		return p, err
	}
	p.f, p.id = f, infoOf(fi).id
	return p, nil
}

// idOf tells which file has a name; the zero fileID is none.
func idOf(root *os.Root, name string) (fileID, error) {
	fi, err := root.Stat(name)
	if err != nil {
		return fileID{}, ignoreMissing(err)
	}
	return infoOf(fi).id, nil
}

func isDone(f *os.File) bool {
	if f == nil {
		return false
	}
	fi, err := f.Stat()
	return err == nil && infoOf(fi).done
}

func readNames(root *os.Root) ([]string, error) {
	d, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}
