package chain

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// Envdir runs a program with variables set from the files of a directory.
func Envdir(e *cli.Env) int {
	prefix, operands, ok := prefixOption(e)
	if !ok || len(operands) < 2 {
		e.Usage("envdir dir child")
		return cli.Failed // and not cli.Misuse, as the original has it
	}
	env := environ(cli.Environ())
	if err := env.fromDir(operands[0], prefix); err != nil {
		return e.Fatal(err)
	}
	return e.Exec(operands[1:], env)
}

// prefixOption takes -p PREFIX off the arguments. Where the original would
// take what begins otherwise for the directory, so is it here.
func prefixOption(e *cli.Env) (prefix string, operands []string, ok bool) {
	if len(e.Args) == 0 || !strings.HasPrefix(e.Args[0], "-p") {
		return "", e.Args, true
	}
	operands, ok = e.Options("p:", func(_ byte, arg string) { prefix = arg })
	return prefix, operands, ok
}

// fromDir sets the variables. It goes to the directory for that, and back.
func (v *environ) fromDir(dir, prefix string) error {
	const flags = syscall.O_RDONLY | syscall.O_NONBLOCK | syscall.O_CLOEXEC
	back, err := open(".", flags)
	if err != nil {
		return fmt.Errorf("unable to switch to current directory: %w", err)
	}
	defer syscall.Close(back)
	if err := syscall.Chdir(dir); err != nil {
		return fmt.Errorf("unable to switch to directory %s: %w", dir, err)
	}
	names, err := namesInOrder()
	if err != nil {
		return fmt.Errorf("unable to read directory %s: %w", dir, err)
	}
	for _, name := range names {
		if err := v.fromFile(name, prefix); err != nil {
			return fmt.Errorf("unable to read %s/%s: %w", dir, name, err)
		}
	}
	if err := syscall.Fchdir(back); err != nil {
		return fmt.Errorf("unable to switch to starting directory: %w", err)
	}
	return nil
}

// namesInOrder are the names in the current directory as the system gives
// them, without those that begin with a dot.
func namesInOrder() ([]string, error) {
	d, err := os.Open(".")
	if err != nil {
		return nil, errno(err)
	}
	defer d.Close()
	all, err := d.Readdirnames(-1)
	if err != nil {
		return nil, errno(err)
	}
	var names []string
	for _, name := range all {
		if !strings.HasPrefix(name, ".") {
			names = append(names, name)
		}
	}
	return names, nil
}

// fromFile sets one variable, or removes it if the file is empty or is not
// there: a name that leads nowhere has no value.
func (v *environ) fromFile(name, prefix string) error {
	content, err := contentOf(name)
	if err != nil {
		return err
	}
	if content == "" {
		v.unset(prefix + name)
		return nil
	}
	value, _, _ := strings.Cut(content, "\n")
	value = strings.TrimRight(value, " \t")
	v.set(prefix+name, strings.ReplaceAll(value, "\x00", "\n"))
	return nil
}
