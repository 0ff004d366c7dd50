// Package cli is the ground every command stands on: its arguments and
// descriptors, the one grammar of its diagnostics, and its exit code. It is
// the only package that knows os.Args, os.Exit and pflag.
//
// A command is a function func(e *Env) int. Nothing in it ends the process,
// so the same function serves the multi-call binary, the command's own small
// main and a test.
package cli

import (
	"os"
	"path/filepath"
	"unsafe"
)

// Exit codes of every command, as in daemontools.
const (
	OK     = 0   // done
	Misuse = 100 // called wrong; trying again will not help
	Failed = 111 // the system failed; trying again may help
)

// Env is what a command gets from the process it runs in.
type Env struct {
	Name  string   // the command's name, the prefix of its diagnostics
	Argv0 string   // what the process was called, for complaints about options
	Args  []string // the arguments after the name

	In, Out, Err *os.File // descriptors 0, 1 and 2

	// Renewed is the state that a program has left which has become this one,
	// see Renewal.
	Renewed string

	// Title is the memory of the last argument, which ps shows: whoever
	// writes there changes what the process is seen to be called with. Args
	// has strings in the same memory. Empty without an argument.
	Title []byte
}

// Command is one row of the command table.
type Command struct {
	Name    string
	Summary string // one line for the list of commands
	Run     func(*Env) int
}

// Main runs one command as this process, and does not return.
func Main(name string, run func(*Env) int) {
	os.Exit(start(name, os.Args[0], os.Args[1:], run))
}

// Multi runs the command of the table that the process was called as, and
// does not return. A binary called by a name that is not in the table runs
// self, which finds the table's commands as its first argument, and besides
// the commands of its own, which have no other name.
func Multi(self string, table, own []Command) {
	name := filepath.Base(os.Args[0])
	args := os.Args[1:]
	if c := Find(table, name); c != nil {
		os.Exit(start(c.Name, os.Args[0], args, c.Run))
	}
	if len(args) > 0 {
		if c := Find(table, args[0]); c != nil {
			os.Exit(start(c.Name, c.Name, args[1:], c.Run))
		}
	}
	os.Exit(start(self, os.Args[0], args, func(e *Env) int { return toolkit(e, table, own) }))
}

// Find returns the row of that name, or nil.
func Find(table []Command, name string) *Command {
	for i := range table {
		if table[i].Name == name {
			return &table[i]
		}
	}
	return nil
}

func start(name, argv0 string, args []string, run func(*Env) int) int {
	state := takeRenewal()
	initProcessors()
	initSignals()
	initLimits(name)
	return run(&Env{
		Renewed: state,
		Name:    name, Argv0: argv0, Args: args, Title: title(args),
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
	})
}

// Renewal prepares to become what is installed under the name of this command.
// It is called before the working directory changes.
func (e *Env) Renewal() *Renewal { return newRenewal(os.Args, len(e.Args)) }

// title is the memory of the last argument. The runtime makes the strings of
// os.Args of the memory that the kernel gave the process for its arguments,
// without a copy, and that memory may be written.
func title(args []string) []byte {
	if len(args) == 0 {
		return nil
	}
	last := args[len(args)-1]
	return unsafe.Slice(unsafe.StringData(last), len(last))
}
