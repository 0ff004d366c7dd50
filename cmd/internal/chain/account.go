package chain

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// accounts are the files that tell who is who. They are read by hand: os/user
// would bring the C library or a parser twice the size of a command.
type accounts struct{ passwd, group string }

var system = accounts{passwd: "/etc/passwd", group: "/etc/group"}

// An account is a row of passwd.
type account struct {
	name        string
	uid, gid    int
	home, shell string
}

// lookup finds an account by its name; a number is not a name.
func (a accounts) lookup(name string) (account, error) {
	content, err := os.ReadFile(a.passwd)
	if err != nil {
		return account{}, fmt.Errorf("unable to read %s: %w", a.passwd, errno(err))
	}
	for line := range strings.Lines(string(content)) {
		if found, ok := parseAccount(strings.TrimSuffix(line, "\n")); ok && found.name == name {
			return found, nil
		}
	}
	return account{}, fmt.Errorf("unknown account %s", name)
}

// parseAccount reads name:password:uid:gid:comment:home:shell. A row that does
// not say who it is about, such as +:::::: of NIS, is about nobody.
func parseAccount(line string) (account, bool) {
	fields := strings.Split(line, ":")
	if len(fields) < 7 || fields[0] == "" || strings.ContainsAny(fields[0][:1], "+-") {
		return account{}, false
	}
	uid, errU := strconv.ParseUint(fields[2], 10, 32)
	gid, errG := strconv.ParseUint(fields[3], 10, 32)
	return account{name: fields[0], uid: int(uid), gid: int(gid), home: fields[5], shell: fields[6]}, errU == nil && errG == nil
}

// groups are all the groups of an account, the primary one first.
func (a accounts) groups(who account) ([]int, error) {
	content, err := os.ReadFile(a.group)
	if err != nil {
		return nil, fmt.Errorf("unable to read %s: %w", a.group, errno(err))
	}
	gids := []int{who.gid}
	for line := range strings.Lines(string(content)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), ":") // name:password:gid:members
		if len(fields) != 4 || !slices.Contains(strings.Split(fields[3], ","), who.name) {
			continue
		}
		if gid, err := strconv.ParseUint(fields[2], 10, 32); err == nil && !slices.Contains(gids, int(gid)) {
			gids = append(gids, int(gid))
		}
	}
	return gids, nil
}
