package tai64

import (
	"encoding/binary"
	"errors"
	"strings"
)

// zoneType is one kind of local time of a zone.
type zoneType struct {
	offset int64 // seconds east of UTC
	dst    bool
}

// leapRecord is a leap second of a "right" zone.
type leapRecord struct {
	at    int64 // the zone's count of seconds at the leap second
	total int64 // to be taken off the count from here on
}

var errZoneFile = errors.New("malformed time zone file")

// parseTZif reads a time zone file (RFC 8536) of any version.
func parseTZif(data []byte) (*Zone, error) {
	p := tzifParser{rest: data, width: 4}
	h := p.header()
	if h.version >= '2' {
		// The 32-bit data come first; 64-bit data follow with a header of
		// their own.
		p.take(h.size(4))
		p.width = 8
		h = p.header()
	}
	z := p.zone(h)
	if p.bad || !z.valid() {
		return nil, errZoneFile
	}
	if p.width == 8 {
		z.rule = p.footer()
	}
	return z, nil
}

// tzifHeader holds the version and the counts in front of a block of data.
type tzifHeader struct {
	version                                   byte
	isUT, isStd, leaps, times, types, letters int
}

// size returns the length of the block, whose times have width bytes.
func (h *tzifHeader) size(width int) int {
	return h.times*(width+1) + h.types*6 + h.letters + h.leaps*(width+4) + h.isStd + h.isUT
}

// tzifParser takes parts off the front of a file; bad is set where a part is not
// there, for good.
type tzifParser struct {
	rest  []byte
	width int // bytes of a time, 4 or 8
	bad   bool
}

// take returns the next n bytes, or none if bad.
func (p *tzifParser) take(n int) []byte {
	if p.bad || n > len(p.rest) {
		p.bad = true
		return nil
	}
	b := p.rest[:n]
	p.rest = p.rest[n:]
	return b
}

func (p *tzifParser) header() (h tzifHeader) {
	const size = 44
	b := p.take(size)
	if p.bad || string(b[:4]) != "TZif" {
		p.bad = true
		return h
	}
	h.version = b[4]
	for i, n := range []*int{&h.isUT, &h.isStd, &h.leaps, &h.times, &h.types, &h.letters} {
		v := binary.BigEndian.Uint32(b[20+4*i:])
		// More than the file holds: also keeps the sizes above from overflow.
		if v > uint32(len(p.rest)) {
			p.bad = true
			return tzifHeader{}
		}
		*n = int(v)
	}
	return h
}

// zone reads the block of data that h describes.
func (p *tzifParser) zone(h tzifHeader) *Zone {
	if p.bad || h.size(p.width) > len(p.rest) {
		p.bad = true
		return nil
	}
	z := &Zone{}
	for range h.times {
		z.times = append(z.times, p.time())
	}
	z.index = append(z.index, p.take(h.times)...)
	for range h.types {
		b := p.take(6)
		z.types = append(z.types, zoneType{offset: be32(b), dst: b[4] != 0})
	}
	p.take(h.letters)
	for range h.leaps {
		z.leaps = append(z.leaps, leapRecord{at: p.time(), total: be32(p.take(4))})
	}
	p.take(h.isStd + h.isUT)
	return z
}

func (p *tzifParser) time() int64 {
	b := p.take(p.width)
	if p.width == 4 {
		return be32(b)
	}
	return int64(binary.BigEndian.Uint64(b))
}

func be32(b []byte) int64 { return int64(int32(binary.BigEndian.Uint32(b))) }

// footer returns the rule for the time after the last transition, if there is
// one: a TZ string between two newlines.
func (p *tzifParser) footer() *rule {
	s, begun := strings.CutPrefix(string(p.rest), "\n")
	s, ended := strings.CutSuffix(s, "\n")
	if r, ok := parseRule(s); ok && begun && ended {
		return r
	}
	return nil
}

// valid reports whether each transition has a type.
func (z *Zone) valid() bool {
	for _, i := range z.index {
		if int(i) >= len(z.types) {
			return false
		}
	}
	return len(z.types) > 0
}
