package cli

import (
	"path/filepath"
	"strings"
)

// Options takes single-letter options off the front of the arguments, in the
// grammar of daemontools' own parser (section 1.4 of the specification): letters
// may be grouped, an option's argument is attached or is the next word and may
// be empty, and options end at the first word without a dash, at "-", which
// stays an operand, or at any word that begins with "--", which is skipped.
//
// known lists the letters, each followed by a colon if it takes an argument.
// set is called for every option in order. What is wrong with the call is said
// in the words of the original, by the name the program was called as; then ok
// is false, and the command prints its usage line.
func (e *Env) Options(known string, set func(letter byte, arg string)) (operands []string, ok bool) {
	return e.OptionsUntil(known, func(letter byte, arg string) bool {
		set(letter, arg)
		return true
	})
}

// OptionsUntil is Options for a command that knows wrong arguments too: once
// set returns false, ok is false and the rest of the call is not looked at.
func (e *Env) OptionsUntil(known string, set func(letter byte, arg string) bool) (operands []string, ok bool) {
	args := e.Args
	for len(args) > 0 {
		word := args[0]
		if len(word) < 2 || word[0] != '-' {
			break
		}
		args = args[1:]
		if word[1] == '-' {
			break
		}
		for group := word[1:]; group != ""; {
			letter := group[0]
			group = group[1:]
			at := strings.IndexByte(known, letter)
			if at < 0 || letter == ':' {
				return nil, e.complain("illegal option", letter)
			}
			if !strings.HasPrefix(known[at+1:], ":") {
				if !set(letter, "") {
					return nil, false
				}
				continue
			}
			if group == "" {
				if len(args) == 0 {
					return nil, e.complain("option requires an argument", letter)
				}
				group, args = args[0], args[1:]
			}
			if !set(letter, group) {
				return nil, false
			}
			break
		}
	}
	return args, true
}

func (e *Env) complain(about string, letter byte) bool {
	line := append([]byte(filepath.Base(e.Argv0)+": "+about+" -- "), letter, '\n')
	_, _ = e.Err.Write(line)
	return false
}
