package rotate

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"runtime/debug"
)

// Compression is a processor that needs no process: it goes through the same steps,
// beside the writer. What it makes is read by zcat.
//
// The output is a row of members, each of which can be read without the others and
// holds at most MemberSize bytes of the log, whole lines unless one is longer. A
// reader that looks for a place finds their starts without decompressing anything: a
// member has an extra field whose subfield TL is its length in the archive, 4 bytes,
// little-endian.
type Compression int

// What a directory does with finished files.
const (
	Uncompressed Compression = iota
	Gzip
)

// MemberSize is how much of a log is compressed together.
const MemberSize = 256 << 10

// run is a processing's run for a Compression.
func (c Compression) run(p *processing) error {
	// A logger that falls idle now would keep the memory for minutes.
	defer debug.FreeOSMemory()
	return c.compress(p)
}

// compress leaves the state of a processor empty.
func (c Compression) compress(p *processing) error {
	in, err := p.in.stat()
	if err != nil {
		return fail(err, "unable to read %s/previous", p.name)
	}
	packer := new(gzipPacker)
	text := make([]byte, min(MemberSize, in.size))
	for off := int64(0); ; {
		text = text[:min(MemberSize, in.size-off)]
		if err := p.in.readAt(text, off); err != nil {
			return fail(err, "unable to read %s/previous", p.name)
		}
		if off+int64(len(text)) < in.size {
			if end := bytes.LastIndexByte(text, '\n'); end >= 0 {
				text = text[:end+1]
			}
		}
		off += int64(len(text))
		member := packer.member(text)
		if err := writeWhole(p.out, member); err != nil {
			return fail(err, "unable to write to %s/processed", p.name)
		}
		if off == in.size {
			return nil
		}
	}
}

func writeWhole(f file, p []byte) error {
	for len(p) > 0 {
		n, err := f.write(p)
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// gzipLevel is the last one before the library looks much longer for little.
const gzipLevel = 4

// gzipPacker makes the members of a gzip file. It is the standard library's: a
// quicker one costs every idle process 40 kB.
type gzipPacker struct {
	buf bytes.Buffer
	gz  *gzip.Writer
}

// The subfield that says how long a member is.
const (
	lengthField = "TL\x04\x00\x00\x00\x00\x00" // on disk; fixed
	lengthAt    = 10 + 2 + 4                   // behind the header's fixed part, the length of all subfields, and TL's head
)

func (g *gzipPacker) member(text []byte) []byte {
	g.buf.Reset()
	if g.gz == nil {
		g.gz, _ = gzip.NewWriterLevel(&g.buf, gzipLevel)
	} else {
		g.gz.Reset(&g.buf)
	}
	g.gz.Extra = []byte(lengthField)
	_, _ = g.gz.Write(text) // to memory
	_ = g.gz.Close()
	member := g.buf.Bytes()
	binary.LittleEndian.PutUint32(member[lengthAt:], uint32(len(member)))
	return member
}
