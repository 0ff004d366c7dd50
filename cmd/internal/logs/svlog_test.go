package logs

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/tai64"
)

// noon is when the lines of the tests begin: 13:00 on the wall of berlin.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// at is a line with the stamp of that time after noon.
func at(d time.Duration, text string) string {
	return tai64.At(noon.Add(d)).String() + " " + text + "\n"
}

// place makes files below a new directory: pairs of a path and its content.
func place(t testing.TB, files ...string) string {
	t.Helper()
	root := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		name := filepath.Join(root, files[i])
		must(t, os.MkdirAll(filepath.Dir(name), 0o755))
		must(t, os.WriteFile(name, []byte(files[i+1]), 0o644))
	}
	return root
}

// tree is a scan directory with two services and one without a log.
func tree(t testing.TB) string {
	return place(t,
		"web/log/main/"+tai64.At(noon.Add(2*time.Second)).String()+".s", at(0, "GET /")+at(2*time.Second, "GET /cart"),
		"web/log/main/current", at(4*time.Second, "ERROR 500")+"  at line 1\n"+at(90*time.Minute, "GET /late"),
		"db/log/run", "#!/bin/sh\nexec 2>&1\nexec setuidgid log multilog t ./all\n",
		"db/log/all/current", at(time.Second, "start")+at(3*time.Second, "ERROR disk"),
		"idle/run", "#!/bin/sh\n",
		".hidden/log/main/current", at(0, "unseen"),
	)
}

// call runs svlog at one o'clock of the next day.
func call(t *testing.T, scan string, env []string, args ...string) (out, said string, code int) {
	t.Helper()
	c := clockAt(t, "2026-11-26T12:00:00Z", berlin)
	vars := map[string]string{"SVDIR": scan}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		vars[name] = value
	}
	return ran(t, func(e *cli.Env) int {
		return svlog(e, c, func(name string) (string, bool) { v, ok := vars[name]; return v, ok })
	}, "", args...)
}

const everything = `2026-11-25 13:00:00.000000+01:00 web GET /
2026-11-25 13:00:01.000000+01:00 db  start
2026-11-25 13:00:02.000000+01:00 web GET /cart
2026-11-25 13:00:03.000000+01:00 db  ERROR disk
2026-11-25 13:00:04.000000+01:00 web ERROR 500
2026-11-25 13:00:04.000000+01:00 web   at line 1
2026-11-25 14:30:00.000000+01:00 web GET /late
`

// lines returns some lines of everything, from 0.
func lines(which ...int) (s string) {
	all := strings.SplitAfter(everything, "\n")
	for _, i := range which {
		s += all[i]
	}
	return s
}

// spaced splits a call into its words, in which _ is a space.
func spaced(call string) (args []string) {
	for a := range strings.FieldsSeq(call) {
		args = append(args, strings.ReplaceAll(a, "_", " "))
	}
	return args
}

func TestSvlogShowsWhatItIsAskedFor(t *testing.T) {
	t.Parallel()
	scan := tree(t)
	for _, c := range []struct{ args, want string }{
		{"", everything},
		{"web db", everything},
		{"db", "2026-11-25 13:00:01.000000+01:00 start\n2026-11-25 13:00:03.000000+01:00 ERROR disk\n"},
		{"-s d*", "2026-11-25 13:00:01.000000+01:00 start\n2026-11-25 13:00:03.000000+01:00 ERROR disk\n"},
		{"-s d* --service we?", everything},
		{"web -s db", ""},
		{"--since 2026-11-25T13:00:03", lines(3, 4, 5, 6)},
		{"--since 12:00 --until 2026-11-26T13:00", ""},
		{"-S 23h", lines(6)},
		{"--until=2026-11-25T12:00:02Z", lines(0, 1)},
		{"--since yesterday --until " + tai64.At(noon.Add(2*time.Second)).String(), lines(0, 1)},
		{"-g GET", lines(0, 2, 6)},
		{"--grep (?i)error", lines(3, 4)},
		{"-g ^GET./$", lines(0)},
		{"-m -* -m +*_ERROR_*", lines(3, 4)},
		{"--match -* --match F -m +*ERROR* -m S -m -*k", lines(4)},
		{"-m -*_GET_*", lines(1, 3, 4, 5)},
		{"-m -* -m select=^(GET|st) -m drop=art$", lines(0, 6)},
		{"-m -*_GET_* -g r", lines(1)},
		{"-o cat", "GET /\nstart\nGET /cart\nERROR disk\nERROR 500\n  at line 1\nGET /late\n"},
		{"--time none db", "start\nERROR disk\n"},
		{"--time none -g disk db web", "db  ERROR disk\n"},
		{"--time iso db -g start", "2026-11-25T13:00:01.000000+01:00 start\n"},
		{"--time unix db", "1795608001.000000 start\n1795608003.000000 ERROR disk\n"},
		{"--time tai64n db -g start", tai64.At(noon.Add(time.Second)).String() + " start\n"},
		{"--precision 0 db -g start", "2026-11-25 13:00:01+01:00 start\n"},
		{"--precision 9 --time=unix db -g start", "1795608001.000000000 start\n"},
		{"--color always -g T./$", "2026-11-25 13:00:00.000000+01:00 \x1b[33mweb\x1b[m GE\x1b[1;31mT /\x1b[m\n"},
		{"--color always -o cat -g T./$", "GE\x1b[1;31mT /\x1b[m\n"},
		{"--color always -g x* -o cat db", "start\nERROR disk\n"},
		{"--color never -g T./$", lines(0)},
		{"--no-pager -g start", lines(1)},
		{scan + "/web/log -g late", "2026-11-25 14:30:00.000000+01:00 GET /late\n"},
		{scan + "/web/log/main " + scan + "/db/ -g late", lines(6)},
	} {
		out, said, code := call(t, scan, nil, spaced(c.args)...)
		if out != c.want || said != "" || code != cli.OK {
			t.Errorf("svlog %s: code %d, %s%s, want\n%s", c.args, code, said, out, c.want)
		}
	}
}

func TestSvlogSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	scan := tree(t)
	for _, c := range []struct {
		args, said string
		code       int
	}{
		{"--nosuch", "usage: unknown flag: --nosuch", 100},
		{"--since", "usage: flag needs an argument: --since", 100},
		{"--since soon", `usage: invalid argument "soon" for "-S, --since" flag: ` + errWhen.Error(), 100},
		{"-n x", `usage: invalid argument "x" for "-n, --lines" flag: neither a number of lines nor all`, 100},
		{"-o xml", `usage: invalid argument "xml" for "-o, --output" flag: neither short nor cat nor json`, 100},
		{"--time x", `usage: invalid argument "x" for "--time" flag: neither local nor iso nor tai64n nor unix nor none`, 100},
		{"--precision 10", `usage: invalid argument "10" for "--precision" flag: not a number from 0 to 9`, 100},
		{"--color x", `usage: invalid argument "x" for "--color" flag: neither auto nor always nor never`, 100},
		{"-m x", `usage: invalid argument "x" for "-m, --match" flag: neither -PATTERN nor +PATTERN nor F nor S nor drop= nor select=`, 100},
		{"-g (", "usage: invalid argument \"(\" for \"-g, --grep\" flag: error parsing regexp: missing closing ): `(`", 100},
		{"-s [", `usage: invalid argument "[" for "-s, --service" flag: not a pattern`, 100},
		{"--bucket 0s", `usage: invalid argument "0s" for "--bucket" flag: not a length of time such as 10m or 1h`, 100},
		{"-f -r", "usage: --follow and --reverse exclude each other", 100},
		{"-f --stats", "usage: --follow and --stats exclude each other", 100},
		{"-f --until now", "usage: --follow and --until exclude each other", 100},
		{"--wait", "usage: --wait is for --follow", 100},
		{"--cursor-file x -r", "usage: --cursor-file and --reverse exclude each other", 100},
		{"--cursor-file x -n 1", "usage: --cursor-file and --lines exclude each other", 100},
		{"--stats -o cat", "usage: --stats has the formats short and json", 100},
		{"--since now --until today", "usage: --until is before --since", 100},
		{"nosuch", "fatal: unable to find the log of nosuch: file does not exist", 111},
		{"./nosuch", "fatal: unable to find the log of ./nosuch: file does not exist", 111},
		{"idle", "fatal: unable to find the log of idle: no log directory in log/main or log/run", 111},
		{"nosuch -s n*", "fatal: unable to find the log of nosuch: file does not exist", 111},
		{"-s n*", "fatal: unable to find a log below " + scan, 111},
		{"--cursor-file " + scan + "/web db", "fatal: unable to read cursor " + scan + "/web: is a directory", 111},
	} {
		out, said, code := call(t, scan, nil, strings.Fields(c.args)...)
		if out != "" || said != "x: "+c.said+"\n" || code != c.code {
			t.Errorf("svlog %s: %q, %q, code %d, want %q, %d", c.args, out, said, code, c.said, c.code)
		}
	}
	if _, said, code := call(t, scan+"/none", nil); said != "x: fatal: unable to read directory "+scan+"/none: file does not exist\n" || code != 111 {
		t.Errorf("without a scan directory: %q, code %d", said, code)
	}
	if _, said, code := call(t, scan, nil, ""); said != "x: usage: a service without a name\n" || code != 100 {
		t.Errorf("an empty word: %q, code %d", said, code)
	}
}

func TestSvlogGoesOnWithoutABadSource(t *testing.T) {
	t.Parallel()
	out, said, code := call(t, tree(t), nil, "nosuch", "db", "-g", "start")
	if out != "2026-11-25 13:00:01.000000+01:00 start\n" || said != "x: warning: unable to find the log of nosuch: file does not exist\n" || code != 111 {
		t.Errorf("%q, %q, code %d", out, said, code)
	}
}

func TestHelpListsTheOptions(t *testing.T) {
	t.Parallel()
	out, said, code := call(t, "", nil, "--help")
	if !strings.HasPrefix(out, "usage: "+svlogUsage+"\n\n  -S, --since TIME ") || said != "" || code != cli.OK {
		t.Errorf("%q, %q, code %d", out, said, code)
	}
}

// TestAnObjectHoldsALine proves that every object is JSON, and that all bytes of the
// text are found in it.
func TestAnObjectHoldsALine(t *testing.T) {
	t.Parallel()
	all := make([]byte, 0, 256)
	for c := range 256 {
		if c != '\n' {
			all = append(all, byte(c))
		}
	}
	for _, c := range []struct{ text, want string }{
		{"plain", `"text":"plain"`},
		{"", `"text":""`},
		{`"\/` + "\t\x00\x1f\x7f", `"text":"\"\\/\u0009\u0000\u001f\u007f"`},
		{"grün €𝄞 \u2028", `"text":"grün €𝄞 ` + "\u2028" + `"`},
		{"\ufffd", `"text":"` + "\ufffd" + `"`},
		{"gr\xfcn", `"text":"gr` + "\ufffd" + `n","base64":"Z3L8bg=="`},
		{"\xe2\x82", `"text":"` + "\ufffd\ufffd" + `","base64":"4oI="`},
		{"\xed\xa0\x80", `"text":"` + "\ufffd\ufffd\ufffd" + `","base64":"7aCA"`}, // half of a surrogate
		{string(all), ""},
	} {
		scan := place(t, "web/log/main/current", at(time.Nanosecond, c.text))
		out, said, code := call(t, scan, nil, "-o", "json")
		start := `{"time":"2026-11-25T13:00:00.000000001+01:00","tai64n":"` + tai64.At(noon.Add(1)).String() + `","service":"web",`
		if c.want != "" && out != start+c.want+"}\n" || said != "" || code != cli.OK {
			t.Errorf("%q: %q, %q, code %d, want %q", c.text, out, said, code, start+c.want+"}\n")
		}
		var o struct{ Text, Base64 string }
		if err := json.Unmarshal([]byte(out), &o); err != nil {
			t.Errorf("%q: %v", out, err)
		}
		if b, err := base64.StdEncoding.DecodeString(o.Base64); o.Base64 != "" && (string(b) != c.text || err != nil) || o.Base64 == "" && o.Text != c.text {
			t.Errorf("%q is read as %q, %q", c.text, o.Text, b)
		}
	}
}

func TestAnObjectSaysWhatItLacks(t *testing.T) {
	t.Parallel()
	scan := place(t, "web/log/main/current", "none\n"+at(0, "one")+"two\n"+strings.TrimSuffix(at(1, "half"), "\n"))
	out, said, code := call(t, scan, nil, "-o", "json")
	first, second := tai64.At(noon).String(), tai64.At(noon.Add(1)).String()
	want := `{"time":null,"tai64n":null,"service":"web","text":"none","stamp":false}
{"time":"2026-11-25T13:00:00.000000000+01:00","tai64n":"` + first + `","service":"web","text":"one"}
{"time":"2026-11-25T13:00:00.000000000+01:00","tai64n":"` + first + `","service":"web","text":"two","stamp":false}
{"time":"2026-11-25T13:00:00.000000001+01:00","tai64n":"` + second + `","service":"web","text":"half","open":true}
`
	if out != want || said != "" || code != cli.OK {
		t.Errorf("%s%s, code %d, want\n%s", said, out, code, want)
	}
	out, _, _ = call(t, scan, nil, "--precision=0", "web")
	if want := "- none\n2026-11-25 13:00:00+01:00 one\n2026-11-25 13:00:00+01:00 two\n2026-11-25 13:00:00+01:00 half\n"; out != want {
		t.Errorf("%q, want %q", out, want)
	}
}

func TestTextKeepsItsBytes(t *testing.T) {
	t.Parallel()
	text := "\x00\xff\r\x1b[2Jgr\xfcn\tend "
	for _, format := range []string{"short", "cat"} {
		out, _, _ := call(t, place(t, "web/log/main/current", at(0, text)), nil, "-o", format)
		if !strings.HasSuffix(out, text+"\n") {
			t.Errorf("%s: %q", format, out)
		}
	}
}

func TestALineInPiecesIsOneLine(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789abcdef", 1<<17) // two mebibytes
	scan := place(t, "web/log/main/current", at(0, long)+at(1, "next"), "db/log/main/current", at(0, "other"))
	out, _, _ := call(t, scan, nil, "--time=none", "web")
	if want := long + "\nnext\n"; out != want {
		t.Errorf("%d bytes, want %d", len(out), len(want))
	}
	out, _, _ = call(t, scan, nil, "-o", "json", "web")
	var text strings.Builder
	for d := json.NewDecoder(strings.NewReader(out)); d.More(); {
		var o struct {
			Text string
			More bool
		}
		must(t, d.Decode(&o))
		text.WriteString(o.Text)
		if !o.More {
			text.WriteByte('\n')
		}
	}
	if text.String() != long+"\nnext\n" {
		t.Errorf("objects have %d bytes", text.Len())
	}
	out, _, _ = call(t, scan, nil, "--stats")
	if want := []byte("total                web               2         2097210\n"); !bytes.Contains([]byte(out), want) {
		t.Errorf("%s, want %s", out, want)
	}
}

func writeDropped(name string) error {
	return os.WriteFile(name, []byte("bytes 299949\narchives 3\nuntold 1 1 @x @y\n"), 0o644)
}

func TestTheLastLinesAndTheOtherOrder(t *testing.T) {
	t.Parallel()
	scan := tree(t)
	for _, c := range []struct{ args, want string }{
		{"-n 2", lines(5, 6)},
		{"-n 0", ""},
		{"--lines all", everything},
		{"-n 100", everything},
		{"-n 2 -g GET", lines(2, 6)},
		{"-n 2 -m -*_GET_*", lines(4, 5)},
		{"-n 2 --until 2026-11-25T13:00:03", lines(1, 2)},
		{"-n 2 --since 2026-11-25T13:01", lines(6)},
		{"-r", lines(6, 5, 4, 3, 2, 1, 0)},
		{"-r -n 3", lines(6, 5, 4)},
		{"--reverse --lines=1 -g GET -U 13:00 --since 2026-11-25", lines(6)},
	} {
		out, said, code := call(t, scan, nil, spaced(c.args)...)
		if out != c.want || said != "" || code != cli.OK {
			t.Errorf("svlog %s: code %d, %s%s, want\n%s", c.args, code, said, out, c.want)
		}
	}
}

func TestACursorGoesOn(t *testing.T) {
	t.Parallel()
	scan := tree(t)
	cursor := filepath.Join(t.TempDir(), "cursor")
	for _, c := range []struct{ args, want string }{
		{"--until 2026-11-25T13:00:03 -o short", lines(0, 1, 2)},
		{"-g disk", lines(3)},
		{"", ""}, // what was not chosen is passed over
	} {
		out, said, code := call(t, scan, nil, append(strings.Fields(c.args), "--cursor-file="+cursor)...)
		if out != c.want || said != "" || code != cli.OK {
			t.Errorf("svlog %s: code %d, %s%s, want\n%s", c.args, code, said, out, c.want)
		}
	}
	f, err := os.OpenFile(scan+"/db/log/all/current", os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	defer f.Close()
	_, err = f.WriteString(at(3*time.Hour, "new") + tai64.At(noon.Add(4*time.Hour)).String() + " ha")
	must(t, err)
	if out, _, _ := call(t, scan, nil, "--cursor-file", cursor, "-o", "cat"); out != "new\n" {
		t.Errorf("%q", out)
	}
	_, err = f.WriteString("lf\n")
	must(t, err)
	if out, _, _ := call(t, scan, nil, "--cursor-file", cursor, "-o", "cat"); out != "half\n" {
		t.Errorf("%q", out)
	}
}

// What could not be written is not passed over.
func TestACursorStaysWhereTheOutputFailed(t *testing.T) {
	t.Parallel()
	scan := tree(t)
	cursor := filepath.Join(t.TempDir(), "cursor")
	c := clockAt(t, "2026-11-26T12:00:00Z", berlin)
	out, said, code := ran(t, func(e *cli.Env) int {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		must(t, err)
		defer full.Close()
		e.Out = full
		return svlog(e, c, func(name string) (string, bool) { return scan, name == "SVDIR" })
	}, "", "--cursor-file", cursor)
	if out != "" || said != "x: fatal: unable to write output: "+cli.Text(syscall.ENOSPC)+"\n" || code != cli.Failed {
		t.Errorf("%q, %q, code %d", out, said, code)
	}
	if out, _, _ := call(t, scan, nil, "--cursor-file", cursor); out != everything {
		t.Errorf("%q", out)
	}
}

// When the clock is set back a range has all that it may mean.
func TestARangeHasBothOfAnHourThatComesTwice(t *testing.T) {
	t.Parallel()
	back := time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC).Sub(noon)
	scan := place(t, "web/log/main/current",
		at(back-40*time.Minute, "02:20")+at(back-15*time.Minute, "02:45")+at(back+15*time.Minute, "02:15 again")+at(back+40*time.Minute, "02:40 again"))
	for option, want := range map[string]string{
		"--since=2026-10-25 02:30": "02:45\n02:15 again\n02:40 again\n",
		"--until=2026-10-25 02:30": "02:20\n02:45\n02:15 again\n",
	} {
		if out, said, _ := call(t, scan, nil, "-o", "cat", option); out != want {
			t.Errorf("%s: %s%s, want %s", option, said, out, want)
		}
	}
}
