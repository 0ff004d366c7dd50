package logs

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tailight/tailight/rotate"
	"github.com/tailight/tailight/tai64"
)

// steps are the lengths of time that rows have if none is asked for, in seconds.
// Each is a multiple of the one before, so that rows can be put together.
var steps = [...]int64{1, 10, 60, 600, 3600, 6 * 3600, day, 10 * day, 100 * day, 1000 * day, 10000 * day, 100000 * day}

const day = 24 * 3600

// mostRows is how many rows there are then, at most.
const mostRows = 24

// counts are of a service within a row.
type counts struct{ lines, bytes int64 }

// statistics count lines instead of showing them.
type statistics struct {
	v     *viewer
	fixed bool  // the length of a row was asked for
	step  int64 // the length of a row
	at    int   // of steps

	rows  map[int64][]counts // by the first second of the row on the wall; then by Source
	total []counts

	sec, row int64 // of the last line, so that most need no looking
	now      []counts
}

// timeless is the row of lines without any time.
const timeless = math.MinInt64

func newStatistics(v *viewer) *statistics {
	s := &statistics{v: v, rows: map[int64][]counts{}, step: steps[0]}
	if b := v.options.bucket; b > 0 {
		s.step, s.fixed = max(b, 1), true
	}
	return s
}

func (s *statistics) show(l *rotate.Line) {
	unix := int64(timeless)
	if l.Label != (tai64.TAI64N{}) {
		unix = unixOf(l.Label)
	}
	if s.now == nil || unix != s.sec || l.Source >= len(s.now) {
		s.turn(unix, l.Source)
	}
	c := &s.now[l.Source]
	c.bytes += int64(len(l.Text))
	if !l.More {
		c.lines++
		if !l.Open {
			c.bytes++
		}
	}
}

// turn goes to the row of a line.
func (s *statistics) turn(unix int64, source int) {
	s.sec, s.row = unix, timeless
	if wall, _, ok := s.v.options.stamps.zone.Wall(unix); ok && unix != timeless {
		s.row = floor(wall, s.step)
	}
	s.now = s.rows[s.row]
	if source >= len(s.now) {
		s.now = append(s.now, make([]counts, source+1-len(s.now))...)
	}
	s.rows[s.row] = s.now
	for !s.fixed && len(s.rows) > mostRows && s.at < len(steps)-1 {
		s.coarser()
	}
}

func floor(wall, step int64) int64 {
	rest := wall % step
	if rest < 0 {
		rest += step
	}
	return wall - rest
}

// coarser puts rows together.
func (s *statistics) coarser() {
	s.at++
	s.step = steps[s.at]
	old := s.rows
	s.rows = map[int64][]counts{}
	place := func(row int64) int64 {
		if row == timeless {
			return row
		}
		return floor(row, s.step)
	}
	for row, from := range old {
		to := s.rows[place(row)]
		if len(from) > len(to) {
			to = append(to, make([]counts, len(from)-len(to))...)
		}
		add(to, from)
		s.rows[place(row)] = to
	}
	s.row = place(s.row)
	s.now = s.rows[s.row]
}

func add(to, from []counts) {
	for i, c := range from {
		to[i].lines += c.lines
		to[i].bytes += c.bytes
	}
}

// end shows what was counted.
func (s *statistics) end() {
	dirs := s.v.reader.Dirs()
	names := make([]string, len(dirs))
	for i, dir := range dirs {
		names[i] = s.v.names[dir]
	}
	s.total = make([]counts, len(dirs))
	rows := slices.Sorted(maps.Keys(s.rows))
	for _, row := range rows {
		add(s.total, s.rows[row])
	}
	switch {
	case s.v.options.format == "json":
		s.objects(rows, names)
	case s.v.options.histogram:
		s.picture(rows, names)
	default:
		s.table(rows, names)
	}
	for i, dir := range dirs {
		s.dropped(names[i], dir)
	}
}

// time is the time at which a row begins.
func (s *statistics) time(row int64) string {
	if row == timeless {
		return "-"
	}
	layout := "2006-01-02 15:04:05"
	if s.step%day == 0 {
		layout = "2006-01-02"
	} else if s.step%60 == 0 {
		layout = "2006-01-02 15:04"
	}
	return time.Unix(row, 0).UTC().Format(layout)
}

// table shows a line for every row and service, and a sum for every service.
func (s *statistics) table(rows []int64, names []string) {
	width := utf8.RuneCountInString("service")
	for _, name := range names {
		width = max(width, utf8.RuneCountInString(name))
	}
	when := len("total")
	for _, row := range rows {
		when = max(when, len(s.time(row)))
	}
	line := func(at, name, lines, bytes string) {
		s.v.out.b = fmt.Appendf(s.v.out.b, "%-*s  %-*s  %10s  %14s\n", when, at, width, name, lines, bytes)
	}
	counted := func(at string, all []counts) {
		for i, c := range all {
			if c != (counts{}) {
				line(at, names[i], strconv.FormatInt(c.lines, 10), strconv.FormatInt(c.bytes, 10))
			}
		}
	}
	line("time", "service", "lines", "bytes")
	for _, row := range rows {
		counted(s.time(row), s.rows[row])
	}
	counted("total", s.total)
}

// objects shows that as JSON.
func (s *statistics) objects(rows []int64, names []string) {
	b := s.v.out.b
	for _, row := range rows {
		for i, c := range s.rows[row] {
			if c == (counts{}) {
				continue
			}
			b = append(b, `{"time":`...)
			if unix, ok := s.v.options.stamps.zone.Unix(row, false); ok && row != timeless {
				b = appendTime(b, &stamps{zone: s.v.options.stamps.zone, style: styleISO}, tai64.At(time.Unix(unix, 0)))
			} else {
				b = append(b, "null"...)
			}
			b = strconv.AppendInt(append(b, `,"seconds":`...), s.step, 10)
			b, _ = appendString(append(b, `,"service":`...), []byte(names[i]))
			b = strconv.AppendInt(append(b, `,"lines":`...), c.lines, 10)
			b = strconv.AppendInt(append(b, `,"bytes":`...), c.bytes, 10)
			b = append(b, "}\n"...)
		}
	}
	s.v.out.b = b
}

// picture shows a bar for every row, also for those in between that have no lines.
func (s *statistics) picture(rows []int64, names []string) {
	most, digits, when := int64(1), 1, 1
	for _, row := range rows {
		n := linesOf(s.rows[row])
		most, digits, when = max(most, n), max(digits, len(strconv.FormatInt(n, 10))), max(when, len(s.time(row)))
	}
	room := max(s.v.options.width-when-digits-4, 10)
	before := int64(timeless)
	for _, row := range rows {
		if before != timeless {
			gap := (row - before) / s.step
			if gap > 4 {
				s.v.out.b = append(s.v.out.b, "...\n"...)
			} else {
				for at := before + s.step; at < row; at += s.step {
					s.v.out.b = fmt.Appendf(s.v.out.b, "%-*s  %*d\n", when, s.time(at), digits, 0)
				}
			}
		}
		before = row
		s.v.out.b = fmt.Appendf(s.v.out.b, "%-*s  %*d  ", when, s.time(row), digits, linesOf(s.rows[row]))
		s.bar(s.rows[row], most, room)
		s.v.out.b = append(s.v.out.b, '\n')
	}
	if len(names) > 1 && s.v.options.colour && len(rows) > 0 {
		s.legend(names)
	}
}

func linesOf(all []counts) (n int64) {
	for _, c := range all {
		n += c.lines
	}
	return n
}

// bar draws a bar, in colour a piece for each service. Whatever there is has at
// least one cell.
func (s *statistics) bar(all []counts, most int64, room int) {
	cell := "#"
	if s.v.options.blocks {
		cell = "█"
	}
	n := linesOf(all)
	if n == 0 {
		return
	}
	cells := max(share(n, most, room), 1)
	if !s.v.options.colour {
		s.v.out.b = append(s.v.out.b, strings.Repeat(cell, cells)...)
		return
	}
	done, drawn := int64(0), 0
	for i, c := range all {
		done += c.lines
		if to := share(done, n, cells); to > drawn {
			s.v.out.b = append(s.v.out.b, palette[i%len(palette)]+strings.Repeat(cell, to-drawn)...)
			drawn = to
		}
	}
	s.v.out.b = append(s.v.out.b, plainText...)
}

// share is the part of room that n is of all.
func share(n, all int64, room int) int { return int(float64(n)/float64(all)*float64(room) + 0.5) }

// legend says which colour is whose.
func (s *statistics) legend(names []string) {
	var shown []string
	for i, name := range names {
		if s.total[i].lines > 0 {
			shown = append(shown, palette[i%len(palette)]+name+plainText)
		}
	}
	s.v.out.b = append(s.v.out.b, strings.Join(shown, "  ")+"\n"...)
}

// dropped tells what a log directory has given up for want of space: see
// rotate.FullDropOldest.
func (s *statistics) dropped(name, dir string) {
	text, err := os.ReadFile(filepath.Join(dir, "dropped"))
	var bytes, archives int64
	if err != nil {
		return
	}
	if _, err := fmt.Sscanf(string(text), "bytes %d\narchives %d\n", &bytes, &archives); err != nil || archives == 0 {
		return
	}
	if s.v.options.format != "json" {
		s.v.out.b = fmt.Appendf(s.v.out.b, "%s has dropped %d bytes in %d archives for want of space\n", name, bytes, archives)
		return
	}
	b, _ := appendString(append(s.v.out.b, `{"service":`...), []byte(name))
	s.v.out.b = fmt.Appendf(b, `,"dropped":{"bytes":%d,"archives":%d}}`+"\n", bytes, archives)
}
