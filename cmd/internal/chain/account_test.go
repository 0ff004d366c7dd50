package chain

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// accountsOf are accounts out of these files.
func accountsOf(t testing.TB, passwd, group string) accounts {
	t.Helper()
	dir := t.TempDir()
	a := accounts{filepath.Join(dir, "passwd"), filepath.Join(dir, "group")}
	must(t, os.WriteFile(a.passwd, []byte(passwd), 0o600))
	must(t, os.WriteFile(a.group, []byte(group), 0o600))
	return a
}

const passwd = `# comment
root:x:0:0:root:/root:/bin/bash
bad:x:notanumber:0::/:/bin/sh
worse:x:1:-5::/:/bin/sh
short:x:7:7
:x:0:0::/:/bin/sh
svc:x:4321:4322:a, b:/home/svc:/bin/sh
svc:x:1:1:second:/:/bin/sh
+nis:x:0:0:::
-nis:x:0:0:::
large:x:4294967294:4294967294::/:
last:x:5:6:::/bin/false`

func TestAnAccountIsFoundByItsName(t *testing.T) {
	t.Parallel()
	a := accountsOf(t, passwd, "")
	for _, want := range []account{
		{"root", 0, 0, "/root", "/bin/bash"}, {"svc", 4321, 4322, "/home/svc", "/bin/sh"},
		{"large", 4294967294, 4294967294, "/", ""}, {"last", 5, 6, "", "/bin/false"},
	} {
		if got, err := a.lookup(want.name); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", want.name, got, err, want)
		}
	}
	for _, name := range []string{"", "0", "4321", "Root", "roo", "root:x", "bad", "worse", "short", "+nis", "-nis", "# comment", "x"} {
		if got, err := a.lookup(name); err == nil || err.Error() != "unknown account "+name {
			t.Errorf("%q: %+v, %v, want that it is unknown", name, got, err)
		}
	}
}

func TestTheGroupsOfAnAccountBeginWithItsOwn(t *testing.T) {
	t.Parallel()
	a := accountsOf(t, passwd, `root:x:0:
svc:x:4322:svc
one:x:4330:svc
two:x:4331:other,svc,more
none:x:4332:svc2,othersvc
bad:x:x:svc
short:x:4333
twice:x:4330:svc
last:x:4334:svc`)
	for name, want := range map[string][]int{"svc": {4322, 4330, 4331, 4334}, "root": {0}} {
		who, err := a.lookup(name)
		must(t, err)
		if got, err := a.groups(who); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, want)
		}
	}
}

func TestFilesThatCannotBeReadAreSaid(t *testing.T) {
	t.Parallel()
	a := accounts{"/no/passwd", "/no/group"}
	if _, err := a.lookup("root"); err == nil || err.Error() != "unable to read /no/passwd: no such file or directory" {
		t.Errorf("%v", err)
	}
	if _, err := a.groups(account{}); err == nil || err.Error() != "unable to read /no/group: no such file or directory" {
		t.Errorf("%v", err)
	}
}

// No row makes an account of another name, or ids that are not in it.
func FuzzARowIsAboutItsFirstField(f *testing.F) {
	f.Add("root:x:0:0:root:/root:/bin/sh")
	f.Add("+:::::::")
	f.Fuzz(func(t *testing.T, line string) {
		if a, ok := parseAccount(line); ok && (a.name == "" || len(line) < len(a.name) || line[:len(a.name)+1] != a.name+":" || a.uid < 0 || a.gid < 0) {
			t.Errorf("%q: %+v", line, a)
		}
	})
}
