package tai64

import "strings"

// A rule is a POSIX TZ string such as CST6CDT,M3.2.0,M11.1.0: standard time,
// and daylight saving time between two days of each year.
type rule struct {
	std, dst   int64 // seconds east of UTC
	hasDST     bool
	start, end change // of daylight saving time, each by the clock before it
}

// change is a day of the year and a time of that day.
type change struct {
	kind             changeKind
	month, week, day int
	secs             int64 // after midnight, may be negative or above a day
}

type changeKind byte

const (
	julian   changeKind = 'J' // J1 to J365, 29 February is never counted
	yearDay  changeKind = 'n' // 0 to 365
	monthDay changeKind = 'M' // weekday of a week of a month; week 5 is the last
)

// offset returns the seconds east of UTC at a time, or false if the C library
// cannot break the time down. It decides as the GNU C library does, which
// matters for the years where its numbers give out. Up to 1970 the days of change
// are those of 1970, so that it is winter in the north and summer in the south
// all along. In years above 5.8 million its count of days overflows, so that a
// summer is met by chance only.
func (r *rule) offset(unix int64) (int64, bool) {
	if !inCivil(unix) {
		return 0, false
	}
	if !r.hasDST {
		return r.std, true
	}
	year, _, _, _ := civil(unix)
	start, end := r.start.in(year)-r.std, r.end.in(year)-r.dst
	summer := start <= unix && unix < end
	if start > end { // the southern half: summer spans the new year
		summer = unix < end || start <= unix
	}
	if summer {
		return r.dst, true
	}
	return r.std, true
}

// in returns the local seconds since 1970 of the change in a year.
func (c *change) in(year int64) int64 {
	days := int64(0)
	if year > 1970 {
		days = int64(int32(yearStart(year))) // cut as in the C library
	}
	switch c.kind {
	case julian:
		days += int64(c.day - 1)
		if c.day >= 60 && isLeapYear(year) {
			days++
		}
	case yearDay:
		days += int64(c.day)
	case monthDay:
		days += c.inMonth(year)
	}
	return days*daySeconds + c.secs
}

// monthStarts holds the days of a common year before each month, from 1.
var monthStarts = [14]int{0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365}

// inMonth returns the days from 1 January to a weekday of a week of a month.
func (c *change) inMonth(year int64) int64 {
	first, length := monthStarts[c.month], monthStarts[c.month+1]-monthStarts[c.month]
	if isLeapYear(year) {
		switch {
		case c.month == 2:
			length++
		case c.month > 2:
			first++
		}
	}
	_, weekday := floorDiv(yearStart(year)+int64(first)+4, 7) // 1970-01-01 was a Thursday
	day := (c.day-int(weekday)+7)%7 + 7*(c.week-1)
	if day >= length {
		day -= 7
	}
	return int64(first + day)
}

// parseRule reads a POSIX TZ string.
func parseRule(s string) (r *rule, ok bool) {
	p := ruleParser{s}
	r = &rule{}
	if !p.name() || !p.offset(&r.std) {
		return nil, false
	}
	if p.rest == "" {
		return r, true
	}
	r.hasDST, r.dst = true, r.std+3600
	if !p.name() {
		return nil, false
	}
	if p.rest != "" && p.rest[0] != ',' && !p.offset(&r.dst) {
		return nil, false
	}
	if p.rest == "" || p.rest == "," {
		p.rest = ",M3.2.0,M11.1.0" // the dates of the United States since 2007
	}
	return r, p.change(&r.start) && p.change(&r.end) && p.rest == ""
}

// ruleParser takes the parts of a TZ string off its front. Each method returns
// false where its part is not there.
type ruleParser struct{ rest string }

// name takes a name: at least 3 letters, or more characters in < and >.
func (p *ruleParser) name() bool {
	quoted := p.skip('<')
	n := 0
	for n < len(p.rest) && isNameByte(p.rest[n], quoted) {
		n++
	}
	p.rest = p.rest[n:]
	return n >= 3 && (!quoted || p.skip('>'))
}

func isNameByte(c byte, quoted bool) bool {
	lower := c | 0x20
	return 'a' <= lower && lower <= 'z' ||
		quoted && ('0' <= c && c <= '9' || c == '+' || c == '-')
}

// offset takes seconds as of time and returns them counted east, whereas the
// string counts them west.
func (p *ruleParser) offset(east *int64) bool {
	sign := int64(-1)
	if !p.skip('+') && p.skip('-') {
		sign = 1
	}
	v, ok := p.clock(24)
	*east = sign * v
	return ok
}

// clock takes hh, hh:mm or hh:mm:ss. Numbers too large count as the largest.
func (p *ruleParser) clock(maxHour int) (secs int64, ok bool) {
	h, ok := p.number()
	if !ok {
		return 0, false
	}
	secs = int64(min(h, maxHour)) * 3600
	for unit := int64(60); unit > 0 && p.skip(':'); unit /= 60 {
		v, ok := p.number()
		if !ok {
			return 0, false
		}
		secs += int64(min(v, 59)) * unit
	}
	return secs, true
}

// change takes a comma and a day of change: Jn, n or Mm.w.d, and perhaps /time.
func (p *ruleParser) change(c *change) bool {
	if !p.skip(',') || !p.day(c) {
		return false
	}
	c.secs = 2 * 3600
	if !p.skip('/') {
		return true
	}
	sign := int64(1)
	if p.skip('-') {
		sign = -1
	}
	v, ok := p.clock(maxChangeHour)
	c.secs = sign * v
	return ok
}

// maxChangeHour is as large as the C library reads numbers; POSIX stops at 167.
const maxChangeHour = 1<<16 - 1

// day takes the day of a change.
func (p *ruleParser) day(c *change) (ok bool) {
	switch {
	case p.skip('M'):
		c.kind = monthDay
		c.month, ok = p.number()
		ok = ok && p.skip('.') && c.month >= 1 && c.month <= 12
		if ok {
			c.week, ok = p.number()
		}
		ok = ok && p.skip('.') && c.week >= 1 && c.week <= 5
		if ok {
			c.day, ok = p.number()
		}
		return ok && c.day <= 6
	case p.skip('J'):
		c.kind = julian
		c.day, ok = p.number()
		return ok && c.day >= 1 && c.day <= 365
	}
	c.kind = yearDay
	c.day, ok = p.number()
	return ok && c.day <= 365
}

// number takes decimal digits.
func (p *ruleParser) number() (v int, ok bool) {
	digits := len(p.rest) - len(strings.TrimLeft(p.rest, "0123456789"))
	for _, c := range []byte(p.rest[:digits]) {
		v = min(10*v+int(c-'0'), maxChangeHour)
	}
	p.rest = p.rest[digits:]
	return v, digits > 0
}

// skip takes the byte c, if that is next.
func (p *ruleParser) skip(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}
