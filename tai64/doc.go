// Package tai64 reads and writes TAI64 labels, the time stamps of daemontools,
// and guarantees that the stamps it gives out rise strictly: no two lines of a
// stream carry the same label, and sorting by label is sorting by arrival.
// Appending a label, stamping a line and showing its local time allocate
// nothing per line.
//
// # Format
//
// A label is "@" and lower-case hexadecimal digits; its binary form holds the
// same fields, big-endian:
//
//	TAI64    16 digits,  8 bytes  seconds
//	TAI64N   24 digits, 12 bytes  seconds, nanoseconds (8 digits)
//	TAI64NA  32 digits, 16 bytes  seconds, nanoseconds, attoseconds (8 digits)
//
// Seconds below 2^63 are labels; the rest is reserved. Nanoseconds and
// attoseconds (of the nanosecond) are below 1e9. Because every digit has its
// fixed place, labels sort as text.
//
// # Convention
//
// Seconds are 2^62 + 10 + Unix seconds, as in daemontools 0.76: no table of leap
// seconds is consulted, so a program needs no update when one is announced, and
// a label may be off from true TAI by the leap seconds since 1972. Who wants
// true TAI converts through a [LeapTable], such as [Leaps], in both directions.
//
// # Streams
//
// [Stamp] is the tai64n program, [Local] the tai64nlocal program; a [Clock]
// gives the stamps, a [Stamper] writes them at speed, a [UnixStamper] and an
// [ISOStamper] write them as Unix time and as ISO 8601 instead, [ParseStamp] reads
// them all, and a [Zone] holds the rules of local time as the GNU C library
// understands the TZ variable.
package tai64
