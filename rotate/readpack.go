package rotate

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
)

// packing is how an archive is compressed.
type packing uint8

const (
	asItIs packing = iota
	byGzip
	byZstd
)

// packingOf tells it by the first bytes. A file of zstd may begin with a frame that is
// to be skipped.
func packingOf(b []byte) packing {
	switch {
	case bytes.HasPrefix(b, []byte("\x1f\x8b\x08")):
		return byGzip
	case bytes.HasPrefix(b, []byte("\x28\xb5\x2f\xfd")), len(b) >= 4 && b[0]>>4 == 5 && string(b[1:4]) == "\x2a\x4d\x18":
		return byZstd
	}
	return asItIs
}

// packed reports whether an archive is compressed. Its content says so, not its
// name: a processor may have done it.
func (p *part) packed() bool { return p.packing() != asItIs }

func (p *part) packing() packing {
	var b [4]byte
	if p.f == nil || p.name == "current" || p.name == "previous" {
		return asItIs
	}
	n, _ := p.f.ReadAt(b[:], 0)
	return packingOf(b[:n])
}

// unpacking is the content of a compressed file, from a member on. It is begun by the
// first Read: where a place is looked for first, zstd costs one process and not two.
type unpacking struct {
	packedFile
	packing packing
	in      io.ReadCloser
}

// unpack returns the content of a compressed file, or nil for one that is none.
func unpack(r *Reader, p *part, path string) *unpacking {
	how := p.packing()
	if how == asItIs {
		return nil
	}
	return &unpacking{packing: how, packedFile: packedFile{r: r, f: p.f, path: path, size: p.size()}}
}

// from is the content from another offset on.
func (u *unpacking) from(off int64) *unpacking {
	_ = u.Close() // it was read from
	v := &unpacking{packing: u.packing, packedFile: u.packedFile}
	v.off, v.told = off, off
	return v
}

func (u *unpacking) begin() error {
	if u.in != nil {
		return nil
	}
	open := u.r.opt.Zstd
	switch {
	case u.packing == byGzip:
		open = func(in io.Reader) (io.ReadCloser, error) { return gzip.NewReader(in) }
	case open == nil:
		open = zstdReader
	}
	in, err := open(bufio.NewReaderSize(&u.packedFile, 32<<10))
	if err == nil {
		u.in = in
	}
	return err
}

func (u *unpacking) Read(p []byte) (int, error) {
	if err := u.begin(); err != nil {
		return 0, err
	}
	return u.in.Read(p)
}

func (u *unpacking) Close() error {
	if u.in == nil {
		return nil
	}
	return u.in.Close()
}

// zstdReader is what ReadOptions.Zstd is by default; tests have another one.
var zstdReader = func(io.Reader) (io.ReadCloser, error) {
	return nil, errors.New("it is packed by zstd")
}

// packedFile reads a compressed file and tells how far it is.
type packedFile struct {
	r    *Reader
	f    *os.File
	path string
	size int64
	off  int64
	told int64
}

var errStopped = errors.New("stopped")

func (p *packedFile) Read(b []byte) (int, error) {
	if p.r.stop.Load() {
		return 0, errStopped
	}
	n, err := p.f.ReadAt(b, p.off)
	p.off += int64(n)
	if tell := p.r.opt.Progress; tell != nil && p.off-p.told >= 256<<10 {
		p.told = p.off
		tell(p.path, p.off, p.size)
	}
	if n > 0 {
		err = nil
	}
	return n, err
}

// plain is the content of a file, to be read at any place.
type plain struct {
	io.ReaderAt
	size int64
	temp *os.File // where it was unpacked to
}

// newPlain unpacks a compressed file where that is needed. What is left of a
// damaged one is read.
func newPlain(r *Reader, p *part, path string) (*plain, error) {
	in := unpack(r, p, path)
	if in == nil {
		return &plain{ReaderAt: p.f, size: p.size()}, nil
	}
	if err := in.begin(); err != nil {
		return nil, err
	}
	defer in.Close()
	temp, err := os.CreateTemp("", "tailight-read-")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(temp.Name()) // it lasts as long as it is open
	n, err := io.Copy(temp, in)
	if err != nil && !r.stop.Load() {
		r.warn(fail(err, "unable to read %s", path))
	}
	return &plain{temp, n, temp}, nil
}

func (p *plain) close() {
	if p != nil && p.temp != nil {
		_ = p.temp.Close()
	}
}
