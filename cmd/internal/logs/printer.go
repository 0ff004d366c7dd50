package logs

import (
	"encoding/base64"
	"unicode/utf8"

	"github.com/tailight/tailight/rotate"
	"github.com/tailight/tailight/tai64"
)

// printer shows lines in one of the formats.
type printer struct {
	v        *viewer
	stamps   stamps
	named    bool     // there is a column for the name
	names    []string // by Source
	columns  [][]byte // likewise, in colour and with spaces behind
	goesOn   bool     // the line at the end of the output goes on
	last     int      // whose it is
	one      func(*rotate.Line)
	fullTime stamps // for JSON
}

func newPrinter(v *viewer) *printer {
	o := &v.options
	p := &printer{v: v, stamps: o.stamps, fullTime: stamps{zone: o.stamps.zone, style: styleISO, precision: 9}}
	p.named = len(v.dirs) != 1 || o.follow && len(o.words) != 1
	switch o.format {
	case "cat":
		p.one = p.bare
	case "json":
		p.one = p.object
	default:
		p.one = p.short
	}
	return p
}

func (p *printer) show(l *rotate.Line) {
	if l.Source >= len(p.names) {
		p.name()
	}
	p.one(l)
}

// name learns the names of the directories, which grow while following.
func (p *printer) name() {
	widest := 0
	p.names = p.names[:0]
	for _, dir := range p.v.reader.Dirs() {
		name := p.v.names[dir]
		p.names = append(p.names, name)
		widest = max(widest, utf8.RuneCountInString(name))
	}
	p.columns = p.columns[:0]
	for i, name := range p.names {
		column := []byte(name)
		if p.v.options.colour {
			column = append([]byte(palette[i%len(palette)]+name), plainText...)
		}
		for range widest - utf8.RuneCountInString(name) {
			column = append(column, ' ')
		}
		p.columns = append(p.columns, append(column, ' '))
	}
}

// end ends a line that has not ended.
func (p *printer) end() {
	if p.goesOn {
		p.v.out.b = append(p.v.out.b, '\n')
		p.goesOn = false
	}
}

// short shows time, name and text.
func (p *printer) short(l *rotate.Line) {
	b := p.begin(l)
	if !p.goesOn {
		if p.stamps.style != styleNone {
			if l.Label == (tai64.TAI64N{}) {
				b = append(b, '-')
			} else {
				b = p.stamps.append(b, l.Label)
			}
			b = append(b, ' ')
		}
		if p.named {
			b = append(b, p.columns[l.Source]...)
		}
	}
	p.text(b, l)
}

// bare shows the text.
func (p *printer) bare(l *rotate.Line) { p.text(p.begin(l), l) }

// begin ends the line before if it goes on, but not in this one.
func (p *printer) begin(l *rotate.Line) []byte {
	if p.goesOn && p.last != l.Source {
		p.end()
	}
	return p.v.out.b
}

// text appends the text, in which what was looked for is marked.
func (p *printer) text(b []byte, l *rotate.Line) {
	text := l.Bare()
	if grep := p.v.options.grep; grep != nil && p.v.options.colour {
		done := 0
		for _, at := range grep.FindAllIndex(text, -1) {
			if at[0] == at[1] {
				continue
			}
			b = append(append(b, text[done:at[0]]...), found...)
			b = append(append(b, text[at[0]:at[1]]...), plainText...)
			done = at[1]
		}
		text = text[done:]
	}
	b = append(b, text...)
	if p.goesOn, p.last = l.More, l.Source; !l.More {
		b = append(b, '\n')
	}
	p.v.out.b = b
}

// object shows a line, or a part of one, as a JSON object.
func (p *printer) object(l *rotate.Line) {
	b := append(p.v.out.b, `{"time":`...)
	b = appendTime(b, &p.fullTime, l.Label)
	b = append(b, `,"tai64n":`...)
	if l.Label == (tai64.TAI64N{}) {
		b = append(b, "null"...)
	} else {
		b = append(appendLabel(append(b, '"'), l.Label), '"')
	}
	b, _ = appendString(append(b, `,"service":`...), []byte(p.names[l.Source]))
	b, valid := appendString(append(b, `,"text":`...), l.Bare())
	if !valid {
		b = append(b, `,"base64":"`...)
		b = append(base64.StdEncoding.AppendEncode(b, l.Bare()), '"')
	}
	if l.Lead == 0 {
		b = append(b, `,"stamp":false`...)
	}
	if l.More {
		b = append(b, `,"more":true`...)
	}
	if l.Open {
		b = append(b, `,"open":true`...)
	}
	p.v.out.b = append(b, "}\n"...)
}

// appendTime appends the time of a label as a JSON string, or null where RFC 3339
// has none.
func appendTime(b []byte, s *stamps, l tai64.TAI64N) []byte {
	n := len(b)
	if b = s.append(append(b, '"'), l); b[n+1] == '@' || l == (tai64.TAI64N{}) {
		return append(b[:n], "null"...)
	}
	return append(b, '"')
}

// appendString appends a JSON string. Each byte that is no part of UTF-8 becomes
// U+FFFD; valid is false if there was one.
func appendString(b, s []byte) (_ []byte, valid bool) {
	const digits = "0123456789abcdef"
	b, valid = append(b, '"'), true
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf && c >= ' ' && c != '"' && c != '\\' && c != 0x7f {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRune(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = append(b, s[from:i]...)
		switch {
		case c >= utf8.RuneSelf:
			b, valid = append(b, "\ufffd"...), false
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		default:
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
		i += size
		from = i
	}
	return append(append(b, s[from:]...), '"'), valid
}
