package tai64

import (
	"sort"
	"time"
)

// Leap is one step of UTC against TAI.
type Leap struct {
	Unix   int64 // Unix seconds from which Offset holds
	Offset int64 // TAI - UTC in seconds
}

// LeapTable lists the steps of UTC against TAI by rising time; the first entry
// also holds for all time before it. It converts between UTC and exact TAI
// labels, in which every second has a label of its own, leap seconds included.
//
// Before 1972 UTC ran at changing rates and TAI - UTC was no whole number; the
// 10 seconds of 1972 are taken for all of that time, so that labels up to the
// first leap second equal those of [At]. After its last entry a table is only
// right until the next leap second: bring it up to date by appending to a copy.
//
// The zero value, an empty table, stands for 10 seconds at all times: its labels
// are those of [At].
type LeapTable []Leap

// Leaps is the table of all leap seconds announced until IERS Bulletin C 70
// (July 2025), valid to 28 June 2026; there was none after 2016. The values are
// those of the file leap-seconds.list that the IERS and the IETF publish. It must
// not be modified.
var Leaps = LeapTable{
	{63072000, 10},   // 1972-01-01
	{78796800, 11},   // 1972-07-01
	{94694400, 12},   // 1973-01-01
	{126230400, 13},  // 1974-01-01
	{157766400, 14},  // 1975-01-01
	{189302400, 15},  // 1976-01-01
	{220924800, 16},  // 1977-01-01
	{252460800, 17},  // 1978-01-01
	{283996800, 18},  // 1979-01-01
	{315532800, 19},  // 1980-01-01
	{362793600, 20},  // 1981-07-01
	{394329600, 21},  // 1982-07-01
	{425865600, 22},  // 1983-07-01
	{489024000, 23},  // 1985-07-01
	{567993600, 24},  // 1988-01-01
	{631152000, 25},  // 1990-01-01
	{662688000, 26},  // 1991-01-01
	{709948800, 27},  // 1992-07-01
	{741484800, 28},  // 1993-07-01
	{773020800, 29},  // 1994-07-01
	{820454400, 30},  // 1996-01-01
	{867715200, 31},  // 1997-07-01
	{915148800, 32},  // 1999-01-01
	{1136073600, 33}, // 2006-01-01
	{1230768000, 34}, // 2009-01-01
	{1341100800, 35}, // 2012-07-01
	{1435708800, 36}, // 2015-07-01
	{1483228800, 37}, // 2017-01-01
}

// At returns the exact TAI label of t. A [time.Time] cannot name a leap second,
// so no t gives the label of one: 23:59:59 and the following 00:00:00 are two
// label seconds apart. Where a table removes a second, the time that never was
// gets the label of the time one second later.
func (lt LeapTable) At(t time.Time) TAI64N {
	l := At(t)
	extra := lt.offset(func(e Leap) bool { return e.Unix <= t.Unix() }) - 10
	return l.Add(time.Duration(extra) * time.Second)
}

// Time returns the UTC time of an exact TAI label. Within an inserted leap
// second, 23:59:60, it returns the time one second earlier, 23:59:59, and true;
// the caller prints 60 then.
func (lt LeapTable) Time(l TAI64N) (t time.Time, leap bool) {
	tai := int64(l.Sec - 1<<62)
	next := lt.search(func(e Leap) bool { return e.Unix+e.Offset <= tai })
	sec := tai - lt.offsetBefore(next)
	// The table's next step has not come yet, but its second has: then this is
	// what was inserted before that step.
	if next > 0 && next < len(lt) && sec >= lt[next].Unix {
		sec, leap = lt[next].Unix-1, true
	}
	return time.Unix(sec, int64(l.Nano)).UTC(), leap
}

// search returns how many entries from the first on have passed.
func (lt LeapTable) search(passed func(Leap) bool) int {
	return sort.Search(len(lt), func(i int) bool { return !passed(lt[i]) })
}

// offset returns TAI - UTC in seconds after the entries that have passed.
func (lt LeapTable) offset(passed func(Leap) bool) int64 {
	return lt.offsetBefore(lt.search(passed))
}

// offsetBefore returns TAI - UTC in seconds before entry i.
func (lt LeapTable) offsetBefore(i int) int64 {
	if len(lt) == 0 {
		return 10
	}
	return lt[max(i-1, 0)].Offset
}
