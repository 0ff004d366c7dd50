package logs

import (
	"path/filepath"
	"slices"
	"testing"
)

func TestTheLogDirectoryOfAServiceIsFound(t *testing.T) {
	t.Parallel()
	other := place(t, "far/current", "")
	for _, c := range []struct {
		what  string
		files []string
		word  string
		name  string
		dir   string // below the scan directory, or absolute; empty: none
	}{
		{"log/main", []string{"web/log/main/current", ""}, "web", "web", "web/log/main"},
		{"in the middle of a rotation", []string{"web/log/main/previous", ""}, "web", "web", "web/log/main"},
		{"a log directory itself", []string{"web/current", ""}, "web", "web", "web"},
		{"a log without a service", []string{"web/main/current", ""}, "web", "web", "web/main"},
		{"log/main before log/run", []string{"web/log/main/current", "", "web/log/run", "multilog ./x"}, "web", "web", "web/log/main"},
		{"a word of log/run", []string{"web/log/x/current", "", "web/log/run", "exec multilog t ./x\n"}, "web", "web", "web/log/x"},
		{"an absolute one", []string{"web/log/run", "exec multilog t " + other + "/far\n"}, "web", "web", other + "/far"},
		{"the last multilog", []string{"web/log/x/current", "", "web/log/run", "multilog ./y\nmultilog ./x\n"}, "web", "web", "web/log/x"},
		{"no comment", []string{"web/log/x/current", "", "web/log/run", "multilog ./x\n # multilog ./y\n"}, "web", "web", "web/log/x"},
		{"of two lines", []string{"web/log/x/current", "", "web/log/run", "/command/multilog t\\\n './x'; echo ./y\n"}, "web", "web", "web/log/x"},
		{"quotes", []string{"web/log/a b/current", "", "web/log/run", `multilog "./a b" ./c`}, "web", "web", "web/log/a b"},
		{"the one with all lines", []string{"web/log/x/current", "", "web/log/run", "multilog '-*' +ERR* ./err '+*' ./x\n"}, "web", "web", "web/log/x"},
		{"the first, if none has all", []string{"web/log/x/current", "", "web/log/run", "multilog '-a*' ./x ./y\n"}, "web", "web", "web/log/x"},
		{"a directory behind a variable", []string{"web/log/x/current", "", "web/log/run", "multilog ./$A\n"}, "web", "web", ""},
		{"a directory that is missing", []string{"web/log/run", "multilog ./x\n"}, "web", "web", ""},
		{"no multilog", []string{"web/log/run", "exec cat >./x\n", "web/log/x/current", ""}, "web", "web", ""},
		{"a program for run", []string{"web/log/run", "\x7fELF\x00multilog\x00./x"}, "web", "web", ""},
	} {
		scan := place(t, c.files...)
		got, err := finder{scan: scan}.find(c.word)
		want := c.dir
		if want != "" && !filepath.IsAbs(want) {
			want = filepath.Join(scan, want)
		}
		if got.dir != want || want != "" && got.name != c.name || (err == nil) != (want != "") {
			t.Errorf("%s: %v, %v, want %s", c.what, got, err, want)
		}
	}
}

func TestADirectoryIsNamedAfterItsService(t *testing.T) {
	t.Parallel()
	for dir, want := range map[string]string{
		"/service/web": "web", "/service/web/": "web", "/service/web/log": "web", "/service/web/log/main": "web", "/service/web/log/main/": "web",
		"/var/log/web": "web", "/var/log/web/main": "main", "/log": "/", "/": "/",
	} {
		if got := nameOf(dir); got != want {
			t.Errorf("%s: %q, want %q", dir, got, want)
		}
	}
}

func TestAllServicesWithALogAreFound(t *testing.T) {
	t.Parallel()
	all, err := finder{scan: tree(t)}.services()
	var names []string
	for _, s := range all {
		names = append(names, s.name)
	}
	if want := []string{"db", "web"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("%q, %v, want %q", names, err, want)
	}
}
