package chain

import (
	"fmt"
	"strconv"
	"syscall"

	"github.com/tailight/tailight/cmd/internal/cli"
)

// Setuidgid runs a program as an account, with its primary group alone or,
// after -s, with all its groups.
func Setuidgid(e *cli.Env) int {
	args, all := e.Args, false
	if len(args) > 0 && args[0] == "-s" { // no account of 0.76 is called that
		args, all = args[1:], true
	}
	if len(args) < 2 {
		return e.Usage("setuidgid account child")
	}
	who, err := system.lookup(args[0])
	if err != nil {
		return e.Fatal(err)
	}
	if err := who.become(all); err != nil {
		return e.Fatal(err)
	}
	return e.Exec(args[1:], cli.Environ())
}

// Envuidgid runs a program with the ids of an account in its environment.
func Envuidgid(e *cli.Env) int {
	if len(e.Args) < 2 {
		return e.Usage("envuidgid account child")
	}
	who, err := system.lookup(e.Args[0])
	if err != nil {
		return e.Fatal(err)
	}
	env := environ(cli.Environ())
	env.setIDs(who)
	return e.Exec(e.Args[1:], env)
}

// Setuser runs a program as an account that has logged in: in its home, with
// all its groups, and with the variables that say who it is.
func Setuser(e *cli.Env) int {
	if len(e.Args) < 2 {
		return e.Usage("setuser account child")
	}
	who, err := system.lookup(e.Args[0])
	if err != nil {
		return e.Fatal(err)
	}
	if err := syscall.Chdir(who.home); err != nil {
		return e.Fatal(fmt.Errorf("unable to chdir to %s: %w", who.home, err))
	}
	if err := who.become(true); err != nil {
		return e.Fatal(err)
	}
	env := environ(cli.Environ())
	env.set("HOME", who.home)
	env.set("SHELL", who.shell)
	env.set("USER", who.name)
	env.setIDs(who)
	return e.Exec(e.Args[1:], env)
}

func (v *environ) setIDs(who account) {
	v.set("GID", strconv.Itoa(who.gid))
	v.set("UID", strconv.Itoa(who.uid))
}

// become takes the account's ids, for good. The groups come first, for whoever
// has given up root may not change them any more.
func (who account) become(allGroups bool) error {
	if err := syscall.Setgroups([]int{who.gid}); err != nil {
		return fmt.Errorf("unable to setgid: %w", err)
	}
	if err := syscall.Setgid(who.gid); err != nil {
		return fmt.Errorf("unable to setgid: %w", err)
	}
	if allGroups {
		gids, err := system.groups(who)
		if err != nil {
			return err
		}
		if err := syscall.Setgroups(gids); err != nil {
			return fmt.Errorf("unable to initgroups: %w", err)
		}
	}
	if err := syscall.Setuid(who.uid); err != nil {
		return fmt.Errorf("unable to setuid: %w", err)
	}
	return nil
}
