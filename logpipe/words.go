package logpipe

import (
	"errors"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/tailight/tailight/rotate"
)

// keyword is a word of the form key=value. 0.76 ignores most of them; some begin
// with a letter that it obeys, so the whole key counts here, wherever it stands.
type keyword struct {
	key  string
	read func(s *Script, value string, set *opening) error // the error is why the value is bad
}

var keywords = [...]keyword{
	{"compress", (*Script).readCompress},
	{"config", readConfig},
	{"drop", func(s *Script, value string, _ *opening) error { return s.readRegex(deselect, value) }},
	{"every", func(_ *Script, value string, set *opening) (err error) { set.every, err = period(value); return }},
	{"file", (*Script).readFile},
	{"full", func(_ *Script, value string, set *opening) (err error) { set.full, err = filling(value); return }},
	{"keep", func(_ *Script, value string, set *opening) (err error) { set.keep, err = duration(value); return }},
	{"line", readLine},
	{"prefix", readPrefix},
	{"rate", func(_ *Script, value string, set *opening) (err error) { set.rate, err = parseRate(value); return }},
	{"ready", (*Script).readReady},
	{"replace", readReplace},
	{"select", func(s *Script, value string, _ *opening) error { return s.readRegex(choose, value) }},
	{"spool", (*Script).readSpool},
	{"stamp", (*Script).readStamp},
	{"sync", func(_ *Script, value string, set *opening) (err error) { set.sync, err = syncing(value); return }},
	{"tee", (*Script).readTee},
	{"total", func(_ *Script, value string, set *opening) (err error) { set.total, err = bytesOf(value); return }},
}

// keyed reads a word if it is one of these, and reports whether it is.
func (s *Script) keyed(word string, set *opening) (bool, error) {
	key, value, ok := strings.Cut(word, "=")
	for _, k := range keywords {
		if ok && k.key == key {
			if err := k.read(s, value, set); err != nil {
				return true, &WordError{word, err.Error()}
			}
			return true, nil
		}
	}
	return false, nil
}

// readCompress reads compress=.
func (s *Script) readCompress(value string, set *opening) error {
	switch value {
	case "gzip":
		set.compress = rotate.Gzip
	case "zstd":
		set.compress = rotate.Zstd
	default:
		return errors.New("neither gzip nor zstd")
	}
	return nil
}

// readFile adds a plain rotated file.
func (s *Script) readFile(path string, set *opening) error {
	switch {
	case path == "":
		return errors.New("no path")
	case set.hasProcessor:
		return errors.New("a plain file has no processor, put file= before the ! word")
	case set.compress == rotate.Zstd:
		return errors.New("a plain file is compressed by gzip only, put file= before compress=zstd")
	case set.suffix != rotate.DefaultSuffix:
		return errors.New("a plain file has no suffix, put file= before w")
	case set.sync != rotate.SyncRotate:
		return errors.New("a plain file is not synced, put file= before sync=")
	case set.full != rotate.FullWait:
		return errors.New("a plain file drops nothing, put file= before full=")
	case set.every != rotate.NeverOld:
		return errors.New("a plain file is rotated by its size, put file= before every=")
	case set.total != 0:
		return errors.New("plain files are not counted together, put file= before total=")
	}
	for _, o := range s.outlets {
		if !o.dir && o.tee == 0 && filepath.Clean(o.path) == filepath.Clean(path) {
			return errors.New("named twice")
		}
	}
	o := *set
	o.path = path
	s.deliver(o)
	return nil
}

// filling reads the value of full=.
func filling(value string) (rotate.Full, error) {
	switch value {
	case "wait":
		return rotate.FullWait, nil
	case "drop-oldest":
		return rotate.FullDropOldest, nil
	}
	return 0, errors.New("neither wait nor drop-oldest")
}

// syncing reads the value of sync=.
func syncing(value string) (rotate.Sync, error) {
	switch value {
	case "always":
		return rotate.SyncAlways, nil
	case "rotate":
		return rotate.SyncRotate, nil
	}
	every, err := duration(value)
	if err != nil {
		return 0, errors.New("neither always nor rotate nor a duration such as 500ms or 10s")
	}
	return rotate.Sync(every), nil
}

// period reads the value of every=.
func period(value string) (rotate.Every, error) {
	switch value {
	case "hour":
		return rotate.EveryHour, nil
	case "day":
		return rotate.EveryDay, nil
	}
	every, err := duration(value)
	if err != nil {
		return 0, errors.New("neither day nor hour nor a duration such as 30m or 12h")
	}
	return rotate.Every(every), nil
}

// duration reads a whole number with a unit: ms, s, m, h or d.
func duration(s string) (time.Duration, error) {
	for _, u := range []struct {
		name string
		unit time.Duration
	}{{"ms", time.Millisecond}, {"s", time.Second}, {"m", time.Minute}, {"h", time.Hour}, {"d", 24 * time.Hour}} {
		digits, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 63)
		if err == nil && n > 0 && n <= uint64(math.MaxInt64/u.unit) {
			return time.Duration(n) * u.unit, nil
		}
	}
	return 0, errors.New("not a duration such as 12h or 30d")
}

// bytesOf reads a number of bytes, or of the unit k, m or g.
func bytesOf(s string) (int64, error) {
	digits, unit := s, uint64(1)
	for _, u := range units {
		if d, ok := strings.CutSuffix(s, u.letter); ok {
			digits, unit = d, u.bytes
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || n == 0 || n > math.MaxInt64/unit {
		return 0, errors.New("not a size such as 100m or 2g")
	}
	return int64(n * unit), nil
}

// units are those of sizes.
var units = [...]struct {
	letter string
	bytes  uint64
}{{"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}}
