package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/pflag"
)

// Flags is a set of long options, and of their short forms.
type Flags = pflag.FlagSet

// Long takes the options that define adds to the set out of the arguments,
// and returns the operands, which may stand before, between and after them.
// ok is false if the call is wrong; the command then prints its usage line.
func (e *Env) Long(define func(*Flags)) (operands []string, ok bool) {
	flags := e.flags(define)
	if err := flags.Parse(e.Args); err != nil {
		return nil, false
	}
	return flags.Args(), true
}

// LongHelped is Long for a command of many options. It says itself what is wrong
// with a call, and --help lists the options behind the line usage. If ok is false,
// the command has done its work, and ends with the code.
func (e *Env) LongHelped(usage string, define func(*Flags)) (operands []string, code int, ok bool) {
	flags := e.flags(define)
	flags.SortFlags = false
	switch err := flags.Parse(e.Args); {
	case errors.Is(err, pflag.ErrHelp):
		if _, err := io.WriteString(e.Out, "usage: "+usage+"\n\n"+flags.FlagUsages()); err != nil {
			return nil, e.Fatal(fmt.Errorf("unable to write output: %w", Errno(err))), false
		}
		return nil, OK, false
	case err != nil:
		return nil, e.Usage(err.Error()), false
	}
	return flags.Args(), OK, true
}

func (e *Env) flags(define func(*Flags)) *Flags {
	flags := pflag.NewFlagSet(e.Name, pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	define(flags)
	return flags
}
