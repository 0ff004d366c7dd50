package cli

import (
	"io"

	"github.com/spf13/pflag"
)

// Flags is a set of long options, and of their short forms.
type Flags = pflag.FlagSet

// Long takes the options that define adds to the set out of the arguments,
// and returns the operands, which may stand before, between and after them.
// ok is false if the call is wrong; the command then prints its usage line.
func (e *Env) Long(define func(*Flags)) (operands []string, ok bool) {
	flags := pflag.NewFlagSet(e.Name, pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	define(flags)
	if err := flags.Parse(e.Args); err != nil {
		return nil, false
	}
	return flags.Args(), true
}
