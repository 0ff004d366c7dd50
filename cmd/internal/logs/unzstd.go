package logs

import (
	"fmt"
	"io"
	"os/exec"
)

// unzstd unpacks with the program zstd: a decoder of our own in the one binary
// would cost every process of it 32 MiB of address space.
func unzstd(in io.Reader) (io.ReadCloser, error) {
	cmd := exec.Command("zstd", "-dcq")
	cmd.Stdin = in
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("unable to start zstd: %w", err)
	}
	return &unzstding{cmd: cmd, out: out}, nil
}

// unzstding is the output of a zstd.
type unzstding struct {
	cmd   *exec.Cmd
	out   io.Reader
	ended bool
}

// Read takes a zstd that fails for an error at the end of what it has written.
func (z *unzstding) Read(p []byte) (int, error) {
	n, err := z.out.Read(p)
	if err == io.EOF && !z.ended {
		z.ended = true
		if werr := z.cmd.Wait(); werr != nil {
			err = fmt.Errorf("zstd: %w", werr)
		}
	}
	return n, err
}

func (z *unzstding) Close() error {
	if !z.ended {
		z.ended = true
		_ = z.cmd.Process.Kill()
		_ = z.cmd.Wait() // it was killed, that says nothing
	}
	return nil
}
