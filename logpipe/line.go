package logpipe

import (
	"bytes"
	"math/bits"

	"github.com/tailight/tailight/internal/lines"
)

// stamped copies input to text with a stamp in front of each line. A line
// has the time at which its first byte was taken.
func (p *Pipe) stamped(in []byte) {
	whole := 0 // up to here text has lines that are still to be given to the outlets
	for len(in) > 0 {
		piece := in[:min(len(in), pieceSize)]
		in = in[len(piece):]
		if p.plain {
			// All lines go the same way, so only the last end matters.
			whole = max(whole, p.stampAll(piece))
		} else {
			p.stampEach(piece)
		}
		if len(p.text) >= 2*largeBatch { // of lines that are not much longer than stamps
			p.pass(whole)
			p.flush()
			whole = 0
		}
	}
	p.pass(whole)
}

// stampAll adds a piece of input to text, and returns where in text the last line
// ends, 0 if none ends there.
func (p *Pipe) stampAll(piece []byte) (end int) {
	text, from := p.text, 0 // a field costs more
	for i, word := range lines.Ends(p.ends[:0], piece) {
		for ; word != 0; word &= word - 1 {
			if p.start < 0 {
				text = p.stamper.Append(text)
			}
			to := i*lines.Word + bits.TrailingZeros64(word) + 1
			text = append(text, piece[from:to]...)
			from, p.start = to, -1
		}
	}
	if p.text = text; from > 0 {
		end = len(text)
	}
	p.stampStart(piece[from:])
	return end
}

// stampEach adds a piece of input to text line by line.
func (p *Pipe) stampEach(piece []byte) {
	from := 0
	for i, word := range lines.Ends(p.ends[:0], piece) {
		for ; word != 0; word &= word - 1 {
			to := i*lines.Word + bits.TrailingZeros64(word) + 1
			p.stampStart(piece[from:to])
			from = to
			if start := p.start; !p.endLine(len(p.text)) {
				p.text, p.seen = p.text[:start], start // nobody needs the line
			}
		}
	}
	p.stampStart(piece[from:])
}

// stampStart adds input of one line to text, behind a stamp if the line begins there.
func (p *Pipe) stampStart(in []byte) {
	if len(in) == 0 {
		return
	}
	if p.start < 0 {
		p.start = len(p.text)
		p.text = p.stamper.Append(p.text)
		p.lead = len(p.text) - p.start
	}
	p.text = append(p.text, in...)
}

// pass ends the lines up to text[end] at once, if there are any, and gives on what
// there is of another one.
func (p *Pipe) pass(end int) {
	start := p.start
	if end > 0 {
		p.endLine(end)
		p.start = start
	}
	if start >= 0 {
		p.partial()
	}
}

// viewed looks for the lines in input that is not copied. A line that began before
// gets its rest by a copy, and what there is of it goes out first.
func (p *Pipe) viewed(in []byte) {
	if p.start >= 0 {
		n := bytes.IndexByte(in, '\n') + 1
		if n == 0 {
			n = len(in)
		}
		at := len(p.text)
		p.text = append(p.text, in[:n]...)
		if p.bare(at); n == len(in) {
			return
		}
		for _, o := range p.outlets {
			o.flush(p)
		}
		if in = in[n:]; p.left {
			return
		}
	}
	p.text, p.seen = in, 0
	p.bare(0)
}

// bare looks for the lines in the text from at on.
func (p *Pipe) bare(at int) {
	if p.plain {
		// All lines go the same way, so only the last end matters.
		if end := bytes.LastIndexByte(p.text[at:], '\n') + 1; end > 0 {
			p.endLine(at + end)
			at += end
		}
	}
	for base := at; base < len(p.text); base += pieceSize {
		piece := p.text[base:min(base+pieceSize, len(p.text))]
		for i, word := range lines.Ends(p.ends[:0], piece) {
			for ; word != 0; word &= word - 1 {
				p.begin(at)
				at = base + i*lines.Word + bits.TrailingZeros64(word) + 1
				p.endLine(at)
			}
		}
	}
	if at < len(p.text) {
		p.begin(at)
		p.partial()
	}
}

// begin takes note that the next byte of a line is text[at].
func (p *Pipe) begin(at int) {
	if p.start < 0 {
		p.start = at
		if p.timed {
			p.clock.Next()
		}
	}
}

// endLine gives the line that ends before text[end] to its outlets, and reports
// whether there are any.
func (p *Pipe) endLine(end int) (taken bool) {
	if !p.decided && !p.plain {
		p.decide(p.text[p.start : end-1])
	}
	taken = p.give(end)
	p.seen, p.start, p.decided = end, -1, false
	return taken
}

// give gives the text up to end to the outlets that take the line at hand, and
// reports whether there are any.
func (p *Pipe) give(end int) (taken bool) {
	for _, o := range p.outlets {
		switch {
		case !o.taking:
			continue
		case o.shape == nil:
			o.take(p.text, p.seen, end)
		default:
			o.shape.take(p.text, p.seen, end)
		}
		taken = true
	}
	return taken
}

// partial is called when text ends within a line. As long as the line may
// still grow into its head it is kept back; then it is decided upon and
// streams.
func (p *Pipe) partial() {
	if !p.decided {
		if len(p.text)-p.start < headSize {
			return
		}
		if !p.plain {
			p.decide(p.text[p.start:])
		}
		p.decided = true
	}
	p.give(len(p.text))
	p.seen = len(p.text)
}

// decide runs the script for a line of which line is at least the head, and
// leaves in taking which outlets get it.
func (p *Pipe) decide(line []byte) {
	head := line[:min(len(line), headSize)]
	selected := true
	for i := range p.actions {
		a := &p.actions[i]
		switch a.kind {
		case deselect, choose:
			if selected == (a.kind == deselect) && a.matches(head, p.lead) {
				selected = !selected
			}
		case alert:
			if selected {
				p.alert(head)
			}
		case status:
			if selected {
				p.statuses[a.index].set(head)
			}
		case deliver:
			o := p.outlets[a.index]
			o.taking = selected && (o.shape == nil || o.shape.admits())
		}
	}
}

// flush brings what the outlets have taken into their files, and keeps of
// text only the head of an undecided line.
func (p *Pipe) flush() {
	for _, o := range p.outlets {
		o.flush(p)
	}
	// These come last: what they show is in the logs.
	for _, f := range p.statuses {
		f.flush(p)
	}
	switch {
	case p.start < 0:
		p.keep(nil)
	case p.decided:
		p.keep(nil)
		p.start = 0
	default:
		p.keep(p.text[p.start:])
		p.start = 0
	}
	p.seen = 0
}

// keep makes head all there is in text. Where input is read to text itself, it
// is put so that the next read begins at a page: the kernel copies much
// faster then.
func (p *Pipe) keep(head []byte) {
	if p.room == nil {
		p.text = append(p.text[:0], head...)
		return
	}
	p.text = p.room[headRoom-len(head) : headRoom]
	copy(p.text, head)
}

// alert passes a head on, cut to 200 bytes and marked if it is longer.
func (p *Pipe) alert(head []byte) {
	if p.opt.Alert == nil {
		return
	}
	line := p.alertLine[:0]
	if len(head) > alertSize {
		line = append(append(line, head[:alertSize]...), "...\n"...)
	} else {
		line = append(append(line, head...), '\n')
	}
	p.opt.Alert(line)
}
