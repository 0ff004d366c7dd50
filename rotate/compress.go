package rotate

import (
	"bytes"
	"compress/gzip"
	"io"
	"runtime/debug"

	"github.com/tailight/tailight/internal/member"
)

// Compression is a processor of our own: it goes through the same steps, beside the
// writer.
//
// The output is a row of members, each of which can be read without the others and
// holds at most MemberSize bytes of the log, whole lines unless one is longer. Each
// tells its length and its first label, so that a [Reader] finds a time without
// unpacking what lies before it. What that looks like is said in internal/member.
type Compression int

// What a directory does with finished files.
const (
	Uncompressed Compression = iota
	// Gzip needs no process. zcat reads it.
	Gzip
	// Zstd is done by the program tailight-zstd, which [ZstdProgram] finds when the
	// directory is opened. zstdcat reads it.
	Zstd
)

// MemberSize is how much of a log is compressed together.
const MemberSize = member.Size

// run is a processing's run for Gzip.
func (c Compression) run(p *processing) error {
	// A logger that falls idle now would keep the memory for minutes.
	defer debug.FreeOSMemory()
	return c.compress(p)
}

// compress leaves the state of a processor empty.
func (c Compression) compress(p *processing) error { return p.pack(new(gzipPacker).member) }

// pack writes the members that a function makes of their texts.
func (p *processing) pack(pack func(text []byte, h member.Head) []byte) error {
	in, err := p.in.stat()
	if err != nil {
		return fail(err, "unable to read %s/previous", p.name)
	}
	c := member.NewCutter(&fileReader{f: p.in, left: in.size}, min(member.Size, in.size))
	for {
		text, head, err := c.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return fail(err, "unable to read %s/previous", p.name)
		}
		if err := writeWhole(p.out, pack(text, head)); err != nil {
			return fail(err, "unable to write to %s/processed", p.name)
		}
	}
}

// fileReader reads a file from its beginning, as long as it was.
type fileReader struct {
	f         file
	off, left int64
}

func (r *fileReader) Read(b []byte) (int, error) {
	b = b[:min(int64(len(b)), r.left)]
	if len(b) == 0 {
		return 0, io.EOF
	}
	if err := r.f.readAt(b, r.off); err != nil {
		return 0, err
	}
	r.off += int64(len(b))
	r.left -= int64(len(b))
	return len(b), nil
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

func (g *gzipPacker) member(text []byte, h member.Head) []byte {
	g.buf.Reset()
	if g.gz == nil {
		g.gz, _ = gzip.NewWriterLevel(&g.buf, gzipLevel)
	} else {
		g.gz.Reset(&g.buf)
	}
	g.gz.Extra = member.GzipExtra()
	_, _ = g.gz.Write(text) // to memory
	_ = g.gz.Close()
	packed := g.buf.Bytes()
	member.SealGzip(packed, h)
	return packed
}
