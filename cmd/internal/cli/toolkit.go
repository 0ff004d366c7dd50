package cli

import (
	"fmt"
	"io"
	"strings"
)

// toolkit is the multi-call binary called by its own name: it lists the
// commands, or runs one that is its own and has no link.
func toolkit(e *Env, table, own []Command) int {
	if len(e.Args) == 0 || e.Args[0] == "-h" || e.Args[0] == "--help" || e.Args[0] == "help" {
		return list(e, table, own)
	}
	c := Find(own, e.Args[0])
	if c == nil {
		return e.Usage(fmt.Sprintf("unknown command %s; %s alone lists the commands", e.Args[0], e.Name))
	}
	e.Args = e.Args[1:]
	return c.Run(e)
}

func list(e *Env, table, own []Command) int {
	var text strings.Builder
	text.WriteString("usage: " + e.Name + " COMMAND [ARG ...], or call a link to this binary by the command's name\n\n")
	for _, c := range table {
		text.WriteString(fmt.Sprintf("  %-14s %s\n", c.Name, c.Summary))
	}
	text.WriteString("\nand of this binary itself:\n\n")
	for _, c := range own {
		text.WriteString(fmt.Sprintf("  %-14s %s\n", c.Name, c.Summary))
	}
	if _, err := io.WriteString(e.Out, text.String()); err != nil {
		return e.Fatal(fmt.Errorf("unable to write output: %w", Errno(err)))
	}
	return OK
}
