package control

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/supervise"
)

// The objects are put together by hand: encoding/json would be in every
// resident process of the one binary, for the sake of twelve fields.

// sinceLayout is RFC 3339 with all nine digits, so that it sorts as text.
const sinceLayout = "2006-01-02T15:04:05.000000000Z07:00"

// appendObject appends what is to be seen of a service as one JSON object on a
// line.
func (v view) appendObject(b []byte, r report, now time.Time) []byte {
	b = appendString(append(b, `{"name":`...), r.name)
	problem, log := "", r.status.Log
	switch {
	case r.problem != nil:
		problem = cli.Text(r.problem)
	case log == nil && !v.showsMain():
		problem = noLog
	}
	if problem != "" {
		b = appendString(append(b, `,"error":`...), problem)
		return append(b, "}\n"...)
	}
	if v.showsMain() {
		b = appendFields(append(b, ','), &r.status, r.normally, now)
	}
	if v.showsLog() && log != nil {
		b = appendFields(append(b, `,"log":{`...), log, r.normally, now)
		b = append(b, '}')
	}
	if d := r.dropped; d != nil {
		b = strconv.AppendUint(append(b, `,"dropped":{"bytes":`...), d.bytes, 10)
		b = append(strconv.AppendUint(append(b, `,"archives":`...), d.archives, 10), '}')
	}
	return append(b, "}\n"...)
}

// appendFields appends the fields of a service without the braces around them.
func appendFields(b []byte, s *supervise.Status, normally supervise.Want, now time.Time) []byte {
	state := supervise.Down
	if s.PID != 0 {
		state = supervise.Up
	}
	b = append(b, `"state":"`+state.String()+`","pid":`...)
	b = strconv.AppendUint(b, uint64(uint32(s.PID)), 10)
	b = strconv.AppendUint(append(b, `,"seconds":`...), age(s.Since, now), 10)
	b = appendTime(append(b, `,"since":`...), s.Since.Time())
	b = append(b, `,"tai64n":"`+s.Since.String()+`","want":"`+s.Want.String()+`","paused":`...)
	b = strconv.AppendBool(b, s.Paused)
	b = append(b, `,"normally":"`+normally.String()+`"`...)
	if s.Extended {
		b = appendString(append(b, `,"phase":`...), s.Phase.String())
	}
	return b
}

// appendTime appends a time, or null if RFC 3339 has no year for it.
func appendTime(b []byte, t time.Time) []byte {
	if t.Year() < 0 || t.Year() > 9999 {
		return append(b, "null"...)
	}
	return append(t.AppendFormat(append(b, '"'), sinceLayout), '"')
}

// appendString appends a JSON string. A byte that is no part of UTF-8, which a
// file name may hold and JSON cannot, becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ':
			b = append(b, '\\', 'u', '0', '0', digits[r>>4], digits[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
