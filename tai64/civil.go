package tai64

import "strconv"

const (
	daySeconds = 24 * 60 * 60
	eraYears   = 400    // the calendar repeats after so many years
	eraDays    = 146097 // that many days
)

// The seconds of 1 January of the first year, and of the first year no more,
// that the C library can break down: the year less 1900 is an int there.
const (
	civilMin = -67768040609740800 // -2147481748-01-01 00:00:00
	civilEnd = 67768036191676800  // 2147485548-01-01 00:00:00
)

// inCivil reports whether the C library can break down this many seconds.
func inCivil(sec int64) bool { return civilMin <= sec && sec < civilEnd }

// civil splits seconds since 1970-01-01 00:00:00, as shown by the local clock,
// into the date and the second of the day. The calendar is Gregorian throughout,
// with a year 0.
func civil(sec int64) (year int64, month, day, rest int) {
	days, rest64 := floorDiv(sec, daySeconds)
	// Years begin on 1 March here, so that a leap day is the last of its year
	// and the lengths of months follow one formula.
	era, dayOfEra := floorDiv(days+719468, eraDays) // from 0000-03-01
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	m := (5*dayOfYear + 2) / 153 // from March
	year = era*eraYears + yearOfEra
	month, day = int(m)+3, int(dayOfYear-(153*m+2)/5)+1
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, day, int(rest64)
}

// yearStart returns the days from 1970-01-01 to the 1 January of a year.
func yearStart(year int64) int64 {
	era, y := floorDiv(year-1, eraYears) // years passed since 0001-01-01
	return era*eraDays + 365*y + y/4 - y/100 - 719162
}

func isLeapYear(year int64) bool {
	return year%4 == 0 && (year%100 != 0 || year%400 == 0)
}

// floorDiv divides a by a positive b and rounds down; the rest is not negative.
func floorDiv(a, b int64) (quotient, rest int64) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		quotient, rest = quotient-1, rest+b
	}
	return quotient, rest
}

// appendCivil appends "YYYY-MM-DD HH:MM:SS." for seconds as of civil; leap
// seconds are added to SS. The year is printed as the original prints it: the
// int of the C library, taken for an unsigned long.
func appendCivil(b []byte, sec int64, leap int) []byte {
	year, month, day, rest := civil(sec)
	b = strconv.AppendUint(b, uint64(int32(year)), 10)
	b = appendPair(append(b, '-'), month)
	b = appendPair(append(b, '-'), day)
	b = appendPair(append(b, ' '), rest/3600)
	b = appendPair(append(b, ':'), rest/60%60)
	b = appendPair(append(b, ':'), rest%60+leap)
	return append(b, '.')
}

// appendPair appends two decimal digits.
func appendPair(b []byte, v int) []byte {
	return append(b, byte('0'+v/10), byte('0'+v%10))
}

// appendNano appends nanoseconds with at least 9 digits. A label may hold up to
// 4294967295 of them, which the original prints as they are.
func appendNano(b []byte, v uint32) []byte {
	if v >= billion {
		b = append(b, byte('0'+v/billion))
		v %= billion
	}
	// In place: a processor stalls when it reads what it has just written in parts.
	b = append(b, "000000000"...)
	d := (*[9]byte)(b[len(b)-9:])
	for i := 7; i > 0; i -= 2 {
		p := 2 * (v % 100)
		v /= 100
		d[i], d[i+1] = decimalPairs[p], decimalPairs[p+1]
	}
	d[0] = byte('0' + v)
	return b
}

// decimalPairs holds the two digits of 0 to 99, one after the other.
var decimalPairs = func() (p [200]byte) {
	for i := range 100 {
		p[2*i], p[2*i+1] = byte('0'+i/10), byte('0'+i%10)
	}
	return p
}()
