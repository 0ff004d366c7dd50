package logs

import (
	"strconv"
	"time"

	"github.com/tailight/tailight/tai64"
)

// style is how a time is shown.
type style uint8

const (
	styleLocal style = iota // 2006-01-02 15:04:05.000000+01:00
	styleISO                // the same with a T, as in RFC 3339
	styleTAI64N
	styleUnix
	styleNone
)

// styleNames are the values of --time, by style.
var styleNames = [...]string{"local", "iso", "tai64n", "unix", "none"}

// stamps shows labels. Most lines are of the same second as the one before.
type stamps struct {
	zone      *tai64.Zone
	style     style
	precision int // digits behind the second

	sec        uint64
	known      bool   // of sec, whether the two below are its
	head, tail []byte // what stands before the digits of the nanoseconds and behind them
	label      bool   // the zone has no such time, the label itself is shown
}

// append appends the time of a label.
func (s *stamps) append(b []byte, l tai64.TAI64N) []byte {
	if s.style == styleTAI64N {
		return appendLabel(b, l)
	}
	if !s.known || s.sec != l.Sec {
		s.second(l.Sec)
	}
	if s.label {
		return appendLabel(b, l)
	}
	b = append(b, s.head...)
	if s.precision > 0 {
		b = appendFraction(append(b, '.'), l.Nano, s.precision)
	}
	return append(b, s.tail...)
}

func appendLabel(b []byte, l tai64.TAI64N) []byte {
	b, _ = l.AppendText(b) // the error is always nil
	return b
}

// appendFraction appends the first digits of the nanoseconds: what is shown is
// never later than what is meant.
func appendFraction(b []byte, nano uint32, digits int) []byte {
	var d [9]byte
	for i := len(d) - 1; i >= 0; i-- {
		d[i] = '0' + byte(nano%10)
		nano /= 10
	}
	return append(b, d[:min(digits, len(d))]...)
}

// second prepares what all labels of a second share.
func (s *stamps) second(sec uint64) {
	s.sec, s.known, s.label = sec, true, false
	unix := unixOf(tai64.TAI64N{Sec: sec})
	if s.style == styleUnix {
		s.head, s.tail = strconv.AppendInt(s.head[:0], unix, 10), s.tail[:0]
		return
	}
	wall, east, ok := s.zone.Wall(unix)
	at := time.Unix(wall, 0).UTC()
	if !ok || at.Year() < 0 || at.Year() > 9999 {
		s.label = true
		return
	}
	layout := "2006-01-02 15:04:05"
	if s.style == styleISO {
		layout = "2006-01-02T15:04:05"
	}
	s.head = at.AppendFormat(s.head[:0], layout)
	s.tail = appendOffset(s.tail[:0], east)
}

// appendOffset appends what is to be added to UTC, to the minute.
func appendOffset(b []byte, east int64) []byte {
	sign := byte('+')
	if east < 0 {
		sign, east = '-', -east
	}
	h, m := east/3600, east/60%60
	return append(b, sign, '0'+byte(h/10), '0'+byte(h%10), ':', '0'+byte(m/10), '0'+byte(m%10))
}
