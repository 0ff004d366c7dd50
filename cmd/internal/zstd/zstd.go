// Package zstd packs and unpacks logs with zstd: tailight-zstd, whose manual is the
// package comment of its main. It is the only package with the library, which has no
// place in the binary of all other commands: it brings crypto/rand, and with it 32 MiB
// of address space.
package zstd

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/internal/member"
)

const usage = "tailight-zstd [-d]"

// Zstd is the command.
func Zstd(e *cli.Env) int {
	work := pack
	operands, ok := e.Options("d", func(byte, string) { work = unpack })
	if !ok || len(operands) > 0 {
		return e.Usage(usage)
	}
	if err := work(e.Out, e.In); err != nil {
		return e.Fatal(err)
	}
	return cli.OK
}

// level makes logs a tenth smaller than the quickest one, in a fifth more time.
const level = zstd.SpeedDefault

// pack writes a log as a row of frames with heads.
func pack(w io.Writer, r io.Reader) error {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1),
		zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(member.Size), zstd.WithZeroFrames(true))
	if err != nil {
		return fmt.Errorf("unable to pack: %w", err)
	}
	c := member.NewCutter(r, member.Size)
	var frame, out []byte
	for {
		text, head, err := c.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("unable to read input: %w", cli.Errno(err))
		}
		frame = z.EncodeAll(text, frame[:0])
		out = append(member.AppendZstd(out[:0], len(frame), head), frame...)
		if _, err := w.Write(out); err != nil {
			return fmt.Errorf("unable to write output: %w", cli.Errno(err))
		}
	}
}

// maxWindow is what the program zstd unpacks without being asked for more.
const maxWindow = 128 << 20

// unpack writes what any zstd has packed.
func unpack(w io.Writer, r io.Reader) error {
	in := &input{r: r}
	z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return in.why(err)
	}
	defer z.Close()
	out := &output{w: w}
	if _, err := io.CopyBuffer(out, struct{ io.Reader }{z}, make([]byte, 128<<10)); err != nil {
		if out.err != nil {
			return fmt.Errorf("unable to write output: %w", cli.Errno(out.err))
		}
		return in.why(err)
	}
	return nil
}

// input tells an input that cannot be read from one that cannot be understood.
type input struct {
	r   io.Reader
	err error
}

func (i *input) Read(p []byte) (int, error) {
	n, err := i.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		i.err = err
	}
	return n, err
}

func (i *input) why(err error) error {
	if i.err != nil {
		return fmt.Errorf("unable to read input: %w", cli.Errno(i.err))
	}
	return fmt.Errorf("unable to unpack input: %w", err)
}

type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(p []byte) (n int, err error) {
	n, o.err = o.w.Write(p)
	return n, o.err
}
