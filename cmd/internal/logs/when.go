package logs

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tailight/tailight/tai64"
)

var errWhen = errors.New("neither a time such as 2026-11-25 10:00, 10:00, 10m, yesterday, nor a label")

// clock says what is meant by a time that is written down.
type clock struct {
	now  tai64.TAI64N
	zone *tai64.Zone
}

// parse reads a point in time:
//
//	now, today, yesterday             the last two are midnight, local time
//	[today|yesterday ]10:00[:00[.5]]  local time, of today without a word
//	2026-11-25[ 10:00[:00[.5]]]       local time; T may stand for the space
//	2026-11-25T10:00:00+01:00         with a zone, as in RFC 3339: Z, +01:00 or +0100
//	1h30m[ ago]                       before now, with the units s, m, h, d and w
//	@400000006b0340fe0d710cc1         a label
//	1764061572[.5]                    Unix time, of nine digits or more
//
// A local time that was shown twice, because the clock was set back, is the last
// one if last is true, and otherwise the first.
func (c clock) parse(s string, last bool) (tai64.TAI64N, error) {
	if strings.HasPrefix(s, "@") {
		return tai64.ParseTAI64N(s)
	}
	if s == "now" {
		return c.now, nil
	}
	if d, ok := spell(strings.TrimSuffix(s, " ago")); ok {
		return c.now.Add(-d), nil
	}
	if l, ok := unixTime(s); ok {
		return l, nil
	}
	w, ok := c.wall(s)
	if !ok {
		return tai64.TAI64N{}, errWhen
	}
	unix := w.sec - w.east
	if !w.zoned {
		if unix, ok = c.zone.Unix(w.sec, last); !ok {
			return tai64.TAI64N{}, errWhen
		}
	}
	return tai64.At(time.Unix(unix, int64(w.nano))), nil
}

// wallTime is a time as it is written, in a zone if it says one.
type wallTime struct {
	sec   int64
	nano  uint32
	east  int64
	zoned bool
}

// wall reads a date, a time of day, or both.
func (c clock) wall(s string) (w wallTime, ok bool) {
	today, ok := c.today()
	if !ok {
		return w, false
	}
	which, rest, hasTime := strings.Cut(s, " ")
	if !hasTime {
		which, rest, hasTime = strings.Cut(s, "T")
	}
	switch {
	case which == "today":
		w.sec = today
	case which == "yesterday":
		w.sec = today - day
	case !hasTime && strings.Contains(which, ":"):
		w.sec, rest, hasTime = today, which, true
	default:
		if w.sec, ok = date(which); !ok {
			return w, false
		}
	}
	if !hasTime {
		return w, true
	}
	rest, w.east, w.zoned = zoneOf(rest)
	sec, nano, ok := timeOfDay(rest)
	w.sec, w.nano = w.sec+sec, nano
	return w, ok
}

// today is the midnight that has passed last, on the clock on the wall.
func (c clock) today() (int64, bool) {
	wall, _, ok := c.zone.Wall(unixOf(c.now))
	if !ok {
		return 0, false
	}
	return floor(wall, day), true
}

// unixOf is the Unix time of a label.
func unixOf(l tai64.TAI64N) int64 {
	const epoch = 1<<62 + 10
	return int64(l.Sec - epoch)
}

// date reads YYYY-MM-DD.
func date(s string) (int64, bool) {
	if len(s) != len("2006-01-02") || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	year, ok1 := number(s[:4], 9999)
	month, ok2 := number(s[5:7], 12)
	day, ok3 := number(s[8:], 31)
	t := time.Date(int(year), time.Month(month), int(day), 0, 0, 0, 0, time.UTC)
	// A day that the month does not have becomes one of the next.
	return t.Unix(), ok1 && ok2 && ok3 && month > 0 && t.Day() == int(day)
}

// timeOfDay reads HH:MM, HH:MM:SS, and that with a fraction.
func timeOfDay(s string) (sec int64, nano uint32, ok bool) {
	if len(s) < len("15:04") || s[2] != ':' {
		return 0, 0, false
	}
	hour, ok1 := number(s[:2], 23)
	minute, ok2 := number(s[3:5], 59)
	if !ok1 || !ok2 {
		return 0, 0, false
	}
	sec = hour*3600 + minute*60
	if s = s[5:]; s == "" {
		return sec, 0, true
	}
	if len(s) < len(":05") || s[0] != ':' {
		return 0, 0, false
	}
	second, ok := number(s[1:3], 59)
	if s = s[3:]; s == "" || !ok {
		return sec + second, 0, ok
	}
	nano, ok = fraction(s)
	return sec + second, nano, ok
}

// fraction reads a dot and up to nine digits.
func fraction(s string) (nano uint32, ok bool) {
	if len(s) < 2 || len(s) > 10 || s[0] != '.' {
		return 0, false
	}
	n, ok := number((s[1:] + "00000000")[:9], 999999999)
	return uint32(n), ok
}

// number reads a decimal number that is made of digits only.
func number(s string, most int64) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n <= most
}

// zoneOf takes a zone off the end of a time of day.
func zoneOf(s string) (rest string, east int64, zoned bool) {
	if rest, ok := strings.CutSuffix(s, "Z"); ok {
		return rest, 0, true
	}
	at := strings.LastIndexAny(s, "+-")
	if at < 0 {
		return s, 0, false
	}
	hours, minutes, found := strings.Cut(s[at+1:], ":")
	if !found && len(hours) == 4 {
		hours, minutes = hours[:2], hours[2:]
	}
	h, ok1 := number(hours, 24)
	m, ok2 := number(minutes, 59)
	if !ok1 || !ok2 || len(hours) != 2 || len(minutes) != 2 {
		return s, 0, false
	}
	if east = h*3600 + m*60; s[at] == '-' {
		east = -east
	}
	return s[:at], east, true
}

// unixTime reads Unix time. A number of few digits is none: it is rather a
// mistake.
func unixTime(s string) (l tai64.TAI64N, ok bool) {
	digits, frac := s, ""
	if dot := strings.IndexByte(s, '.'); dot >= 0 {
		digits, frac = s[:dot], s[dot:]
	}
	sec, ok := number(digits, 1<<62-11) // the last label
	if !ok || len(digits) < 9 {
		return l, false
	}
	nano := uint32(0)
	if frac != "" {
		if nano, ok = fraction(frac); !ok {
			return l, false
		}
	}
	return tai64.At(time.Unix(sec, int64(nano))), true
}

// spell reads a length of time: whole numbers, each with its unit.
func spell(s string) (d time.Duration, ok bool) {
	for s != "" {
		n := strings.IndexAny(s, "smhdw")
		if n < 1 {
			return 0, false
		}
		unit := map[byte]time.Duration{
			's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour,
		}[s[n]]
		count, isNumber := number(s[:n], int64((math.MaxInt64-d)/unit))
		if !isNumber {
			return 0, false
		}
		d, ok, s = d+time.Duration(count)*unit, true, s[n+1:]
	}
	return d, ok
}
