package rotate

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
)

// How compressed files begin.
var (
	gzipMagic = []byte{0x1f, 0x8b, 0x08}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// packed reports whether an archive is compressed. Its content says so, not its
// name: a processor may have done it.
func (p *part) packed() bool { return p.magic() != nil }

func (p *part) magic() []byte {
	var b [4]byte
	if p.f == nil || p.name == "current" || p.name == "previous" {
		return nil
	}
	n, _ := p.f.ReadAt(b[:], 0)
	for _, magic := range [][]byte{gzipMagic, zstdMagic} {
		if bytes.HasPrefix(b[:n], magic) {
			return magic
		}
	}
	return nil
}

// unpack returns the content of a compressed file, or nil for one that is not.
func unpack(r *Reader, p *part, path string) (io.ReadCloser, error) {
	magic := p.magic()
	if magic == nil {
		return nil, nil
	}
	in := bufio.NewReaderSize(&packedFile{r: r, f: p.f, path: path, size: p.size()}, 32<<10)
	if magic[0] == gzipMagic[0] {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		return z, nil
	}
	unpack := r.opt.Zstd
	if unpack == nil {
		unpack = zstdReader
	}
	return unpack(in)
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
	in, err := unpack(r, p, path)
	if err != nil {
		return nil, err
	}
	if in == nil {
		return &plain{ReaderAt: p.f, size: p.size()}, nil
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
