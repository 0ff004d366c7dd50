package tai64

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Zone holds the rules of local time of a place. It shows the same local time as
// the GNU C library for every time that library can show, which is where
// [time.Location] cannot help: years far beyond those of a [time.Time], and the
// zones below "right/", whose count of seconds includes leap seconds.
//
// The zero value is UTC. A Zone does not change; it is for concurrent use.
type Zone struct {
	// From a zone file; without types there is none.
	times []int64 // when a type starts, rising
	index []uint8 // that type, for each of times
	types []zoneType
	leaps []leapRecord // rising; of a "right" zone only

	// rule is from the TZ variable, or from the zone file and then for the time
	// from its last transition on. It is nil if there is none.
	rule *rule
}

// LocalZone returns the zone of this process as the GNU C library finds it: the
// environment variable TZ as of [LoadZone]; if it is not set, the file
// /etc/localtime. Whatever cannot be loaded gives UTC. A later change of the file
// is not seen.
func LocalZone() *Zone {
	z, err := localZone(os.LookupEnv("TZ"))
	if err != nil {
		return &Zone{}
	}
	return z
}

func localZone(tz string, isSet bool) (*Zone, error) {
	if !isSet {
		return loadFile("/etc/localtime")
	}
	return LoadZone(tz)
}

// LoadZone returns the zone that a value of TZ stands for: the name of a zone
// file below the directory TZDIR, or below /usr/share/zoneinfo and the like; the
// absolute path of one; or a POSIX rule such as CST6CDT,M3.2.0,M11.1.0 or
// <+03>-3. A colon may stand in front. An empty value is UTC. A rule without
// dates follows those of the United States since 2007.
func LoadZone(tz string) (*Zone, error) {
	if tz == "" {
		return &Zone{}, nil
	}
	name := strings.TrimPrefix(tz, ":")
	if name == "" {
		return &Zone{}, nil
	}
	z, fileErr := loadNamed(name)
	if fileErr == nil {
		return z, nil
	}
	if r, ok := parseRule(name); ok {
		return &Zone{rule: r}, nil
	}
	return nil, fmt.Errorf("time zone %q: %w", tz, fileErr)
}

// zoneDirs are where systems keep their zone files.
var zoneDirs = []string{
	"/usr/share/zoneinfo",
	"/usr/share/lib/zoneinfo",
	"/usr/lib/locale/TZ",
	"/etc/zoneinfo",
}

// loadNamed loads a zone file by its path or its name below a zone directory.
func loadNamed(name string) (*Zone, error) {
	if filepath.IsAbs(name) {
		return loadFile(name)
	}
	dirs := zoneDirs
	if dir := os.Getenv("TZDIR"); dir != "" {
		dirs = []string{dir}
	}
	for _, dir := range dirs {
		z, err := loadFile(dir + "/" + name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return z, err
		}
	}
	return nil, errors.New("neither a zone file nor a rule")
}

// loadFile loads a zone file. Other things than files are left alone: reading a
// FIFO or a device might never end.
func loadFile(path string) (*Zone, error) {
	const most = 1 << 20 // bytes; the largest known is below 8 KiB
	switch info, err := os.Stat(path); {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > most:
		return nil, &fs.PathError{Op: "load", Path: path, Err: errZoneFile}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	z, err := parseTZif(data)
	if err != nil {
		return nil, &fs.PathError{Op: "load", Path: path, Err: err}
	}
	return z, nil
}

// local converts a count of seconds since 1970 to what the clock on the wall
// shows, as seconds for civil, and the number of leap seconds (0 or 1) to add to
// that. It returns false where the C library fails: the year is out of range.
func (z *Zone) local(unix int64) (sec int64, leap int, ok bool) {
	offset, ok := z.offset(unix)
	if !ok {
		return 0, 0, false
	}
	taken, leap := z.leapAt(unix)
	sec = unix + offset - taken
	return sec, leap, inCivil(sec)
}

// offset returns the seconds east of UTC.
func (z *Zone) offset(unix int64) (int64, bool) {
	if len(z.types) == 0 {
		if z.rule == nil {
			return 0, true
		}
		return z.rule.offset(unix)
	}
	n := len(z.times)
	if n == 0 || unix < z.times[0] {
		return z.first().offset, true
	}
	if z.rule != nil && unix >= z.times[n-1] {
		if offset, ok := z.rule.offset(unix); ok {
			return offset, true
		}
	}
	i := sort.Search(n, func(i int) bool { return unix < z.times[i] })
	return z.types[z.index[i-1]].offset, true
}

// first returns the type before the first transition: the first that is not
// daylight saving time, or else the first.
func (z *Zone) first() zoneType {
	for _, t := range z.types {
		if !t.dst {
			return t
		}
	}
	return z.types[0]
}

// leapAt returns the leap seconds to be taken off the count, and 1 within a leap
// second: its own is taken off already then, which shows second 59.
func (z *Zone) leapAt(unix int64) (taken int64, leap int) {
	i := sort.Search(len(z.leaps), func(i int) bool { return unix < z.leaps[i].at }) - 1
	if i < 0 {
		return 0, 0
	}
	l, before := z.leaps[i], int64(0)
	if i > 0 {
		before = z.leaps[i-1].total
	}
	if unix == l.at && l.total > before {
		leap = 1
	}
	return l.total, leap
}
