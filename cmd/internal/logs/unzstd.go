package logs

import (
	"errors"
	"fmt"
	"io"
	"os/exec"

	"github.com/tailight/tailight/rotate"
)

// unzstd unpacks with our own tailight-zstd, or else with the program zstd: a decoder
// in the one binary would cost every process of it 32 MiB of address space.
func unzstd(in io.Reader) (io.ReadCloser, error) {
	cmd, err := unpacker()
	if err != nil {
		return nil, err
	}
	cmd.Stdin = in
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("unable to start %s: %w", cmd.Args[0], err)
	}
	return &unzstding{cmd: cmd, out: out}, nil
}

func unpacker() (*exec.Cmd, error) {
	if path, err := rotate.ZstdProgram(); err == nil {
		cmd := exec.Command(path, "-d")
		cmd.Args[0] = "tailight-zstd"
		return cmd, nil
	}
	path, err := exec.LookPath("zstd")
	if err != nil {
		return nil, errors.New("it is packed by zstd, and there is neither tailight-zstd nor zstd")
	}
	cmd := exec.Command(path, "-dcq")
	cmd.Args[0] = "zstd"
	return cmd, nil
}

// unzstding is the output of such a program.
type unzstding struct {
	cmd   *exec.Cmd
	out   io.Reader
	ended bool
}

// Read takes one that fails for an error at the end of what it has written.
func (z *unzstding) Read(p []byte) (int, error) {
	n, err := z.out.Read(p)
	if err == io.EOF && !z.ended {
		z.ended = true
		if werr := z.cmd.Wait(); werr != nil {
			err = fmt.Errorf("%s: %w", z.cmd.Args[0], werr)
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
