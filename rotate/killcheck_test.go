//go:build linux

package rotate_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// check looks at what all processes together have left, the last of which came
// to the end.
func (r *run) check(when string) {
	r.t.Helper()
	for dir, want := range r.row.wants {
		if err := r.checkDir(dir, want); err != nil {
			r.t.Fatalf("%s: %s: %v\n%s\n%q", when, dir, err, r.Disk(r.Name+"/"+dir).Listing(), r.said)
		}
	}
}

// checkWaits wants what the row is there for: input that was taken behind a write
// that failed, and before it was done again.
func (r *run) checkWaits() {
	r.t.Helper()
	if r.row.flaky == 0 {
		return
	}
	log := slices.DeleteFunc(slices.Clone(r.Disk(r.Name+"/a").Log()), func(call string) bool { return strings.HasPrefix(call, "store ") })
	waits := 0
	for i, call := range log[1:] {
		if strings.HasPrefix(call, "splice") && strings.HasPrefix(log[i], "write current: ") {
			waits++
		}
	}
	if waits == 0 {
		r.t.Errorf("nothing was taken while a write was waited for\n%s", strings.Join(log, "\n"))
	}
}

// checkOut wants standard output to be what the directory is, but for one piece
// that a kill between a write and its record has doubled, and reports that.
func (r *run) checkOut(when string) (doubled bool) {
	r.t.Helper()
	if r.out == nil || r.lives > 2 {
		return false
	}
	want := string(r.Disk(r.Name + "/" + r.row.tee).Content())
	b := make([]byte, 2*len(want)+1)
	n, _ := r.out.ReadAt(b, 0)
	got := string(b[:n])
	first, last := 0, 0
	for first < min(len(got), len(want)) && got[first] == want[first] {
		first++
	}
	for last < min(len(got), len(want)) && got[len(got)-1-last] == want[len(want)-1-last] {
		last++
	}
	if len(got) < len(want) || first+last < len(want) {
		r.t.Fatalf("%s: standard output: %v", when, differ(got, want))
	}
	return len(got) > len(want)
}

func (r *run) checkDir(dir string, wants func(string) bool) error {
	d := r.Disk(r.Name + "/" + dir)
	for _, name := range d.Names() {
		switch {
		case strings.HasPrefix(name, "@") && !strings.HasSuffix(name, ".u"):
		case strings.HasPrefix(name, "@") && r.clean[dir]:
			// It was closed in good order, and opened again by a process that
			// was killed before it had a record: the rules of 0.76.
		case name == "current", name == "lock", name == "state":
		case r.row.space > 0 && (name == "dropped" || name == "dropped.new"):
		default:
			return fmt.Errorf("has %s", name)
		}
	}
	if d.Mode("current") != 0o744 {
		return fmt.Errorf("current has mode %o", d.Mode("current"))
	}
	names, content := d.Given()
	if err := r.checkState(append(names, d.Names()...), func(name string) string {
		if i := slices.Index(names, name); i >= 0 {
			_, content := d.Given()
			return content[i]
		}
		return d.File(name)
	}); err != nil && !r.clean[dir] {
		return err
	}
	all := strings.Join(content, "") + string(d.Content())
	if r.row.space > 0 {
		var err error
		if all, err = r.checkDropped(dir, all); err != nil {
			return err
		}
	}
	if dir == r.row.rated {
		return r.checkRated(all)
	}
	return r.checkLines([]byte(all), wants, r.row.makes[dir])
}

// checkDropped wants a line for every archive that was dropped, and the right
// counts, and returns the log without these lines.
func (r *run) checkDropped(dir, log string) (string, error) {
	d := r.Disk(r.Name + "/" + dir)
	names, content := d.Given()
	var text strings.Builder
	told, bytes, stamp := 0, 0, ""
	for line := range strings.Lines(log) {
		at, what, _ := strings.Cut(line, " tailight: dropped ")
		if what == "" {
			stamp, _, _ = strings.Cut(line, " ")
			text.WriteString(line)
			continue
		}
		if at != stamp {
			return "", fmt.Errorf("%q is stamped otherwise than the line before it, at %s", line, stamp)
		}
		var n int
		first, last, many := "", "", 1
		if strings.Contains(what, " archives, ") {
			fmt.Sscanf(what, "%d bytes of %d archives, %s to %s", &n, &many, &first, &last)
		} else {
			fmt.Sscanf(what, "%d bytes of %s", &n, &first)
			last = first
		}
		last = strings.TrimSuffix(last, ":")
		first = strings.TrimSuffix(first, ":")
		if told+many > len(names) || names[told] != first || names[told+many-1] != last {
			return "", fmt.Errorf("%q, after %d of the archives dropped were told: %q", line, told, names)
		}
		told, bytes = told+many, bytes+n
	}
	owed := ""
	if r.owes && told < len(names) {
		owed = fmt.Sprintf("untold %d %d %s %s\n", len(strings.Join(content[told:], "")), len(names)-told, names[told], names[len(names)-1])
		bytes, told = bytes+len(strings.Join(content[told:], "")), len(names)
	}
	size := len(strings.Join(content, ""))
	if told != len(names) || bytes != size {
		return "", fmt.Errorf("%d archives and %d bytes are told, %d and %d were dropped", told, bytes, len(names), size)
	}
	want := ""
	if told > 0 {
		want = fmt.Sprintf("bytes %d\narchives %d\n", size, told) + owed
	}
	if got := d.File("dropped"); got != want {
		return "", fmt.Errorf("dropped is %q, want %q", got, want)
	}
	if told == 0 && dir == "a" {
		return "", fmt.Errorf("nothing was dropped")
	}
	return text.String(), nil
}

// checkLines wants every line once, whole, in order, with rising stamps.
func (r *run) checkLines(got []byte, wants func(string) bool, makes func(string) string) error {
	text, err := r.texts(string(got))
	if err != nil {
		return err
	}
	want := new(strings.Builder)
	for line := range strings.Lines(string(killInput) + "\n") {
		if wants == nil || wants(line) {
			if makes != nil {
				line = makes(line)
			}
			want.WriteString(line)
		}
	}
	return differ(text, want.String())
}

// texts wants rising stamps, and returns the lines without.
func (r *run) texts(got string) (string, error) {
	stamp, text := "", new(strings.Builder)
	for line := range strings.Lines(got) {
		if w := append(slices.Concat(r.row.changes...), r.row.words...)[0]; w == "t" || w == "T" || strings.HasPrefix(w, "stamp=") {
			var at string
			at, line, _ = strings.Cut(line, " ")
			if at < stamp || at == stamp && w != "T" {
				return "", fmt.Errorf("stamp %s after %s", at, stamp)
			}
			stamp = at
		}
		text.WriteString(line)
	}
	return text.String(), nil
}

// pieces cuts a line as line= does, where all characters are bytes.
func pieces(prefix string, size int) func(string) string {
	return func(line string) string {
		var text strings.Builder
		text.WriteString(prefix)
		for ; len(line) > size+1; line = line[size:] {
			text.WriteString(line[:size] + "\\\n" + prefix)
		}
		return text.String() + line
	}
}

// checkRated wants every line to be there or to be counted as suppressed.
func (r *run) checkRated(log string) error {
	text, err := r.texts(log)
	if err != nil {
		return err
	}
	last, suppressed := -1, 0
	lines := strings.SplitAfter(string(killInput)+"\n", "\n")
	lines = lines[:len(lines)-1]
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", "\\")) {
		var n int
		if _, err := fmt.Sscanf(line, "tailight: suppressed %d line", &n); err == nil && n > 0 {
			suppressed += n
			continue
		}
		at := -1
		for i, l := range lines {
			if len(line) > 3 && strings.HasPrefix(l, line[:4]) {
				at = i
			}
		}
		if at <= last {
			return fmt.Errorf("%.40q after line %d", line, last)
		}
		last = at
		if want := lines[at]; len(line) < len(want) {
			return differ(line, want)
		}
		suppressed++
	}
	if suppressed != len(lines) {
		return fmt.Errorf("%d lines are there or told of, want %d", suppressed, len(lines))
	}
	return nil
}

func differ(got, want string) error {
	if got == want {
		return nil
	}
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	return fmt.Errorf("%d bytes, want %d; they differ at %d:\n%.80q, want\n%.80q", len(got), len(want), at, got[at:], want[at:])
}

// checkState wants a processor's state to know of all finished files.
func (r *run) checkState(names []string, file func(string) string) error {
	var want strings.Builder
	for _, name := range names {
		if strings.HasPrefix(name, "@") {
			want.WriteString(strconv.Itoa(len(file(name))) + "\n")
		}
	}
	if got := file("state"); got != "" && got != want.String() {
		return fmt.Errorf("the processor has seen %q, want %q", got, want.String())
	}
	return nil
}
