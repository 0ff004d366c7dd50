package chain

import (
	"fmt"
	"strings"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// Envini runs a program with variables set from a file of sections.
func Envini(e *cli.Env) int {
	var prefix string
	operands, ok := e.Options("p:", func(_ byte, arg string) { prefix = arg })
	if !ok || len(operands) < 2 {
		e.Usage("envini [ -p prefix ] inifile child")
		return cli.Failed // as envdir
	}
	content, err := contentOf(operands[0])
	if err != nil {
		return e.Fatal(fmt.Errorf("unable to read %s: %w", operands[0], err))
	}
	env := environ(cli.Environ())
	env.fromSections(content, prefix)
	return e.Exec(operands[1:], env)
}

const blanks = " \t"

// fromSections sets a variable for every line NAME = VALUE. Its name begins
// with the prefix and the section that the line is in.
func (v *environ) fromSections(content, prefix string) {
	section := ""
	for line := range strings.SplitSeq(content, "\n") {
		line = strings.Trim(line, blanks)
		if inner, ok := between(line, "[", "]"); ok {
			section = inner + "_"
		} else if name, value, ok := assignment(line); ok {
			v.set(prefix+section+name, value)
		}
	}
}

func between(s, open, end string) (inner string, ok bool) {
	s, opened := strings.CutPrefix(s, open)
	s, ended := strings.CutSuffix(s, end)
	return s, opened && ended
}

// assignment parts a line. A name is one word, and no comment.
func assignment(line string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(line, "=")
	name = strings.TrimRight(name, blanks)
	ok = ok && name != "" && !strings.ContainsAny(name, blanks) && !strings.ContainsAny(name[:1], ";#[")
	return name, strings.TrimLeft(value, blanks), ok
}
