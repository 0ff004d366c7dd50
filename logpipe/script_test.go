package logpipe

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailight/tailight/rotate"
)

// show writes a script as text, one action a word, for comparison.
func show(s *Script) string {
	var words []string
	switch s.stamp {
	case labels:
		words = append(words, "stamp")
	case unixStamps:
		words = append(words, "unix")
	case isoStamps:
		words = append(words, "iso")
	}
	for _, a := range s.actions {
		switch a.kind {
		case deselect:
			words = append(words, "-"+patternText(a))
		case choose:
			words = append(words, "+"+patternText(a))
		case alert:
			words = append(words, "e")
		case status:
			words = append(words, "="+s.statuses[a.index])
		case deliver:
			words = append(words, showOpening(s.outlets[a.index]))
		}
	}
	return strings.Join(words, " ")
}

// patternText writes a star pattern, or of a glob how many parts it has.
func patternText(a action) string {
	var p *pattern
	switch m := a.lines.(type) {
	case nil:
		return "*"
	case regex:
		return "/" + m.String() + "/"
	case *glob:
		return fmt.Sprintf("glob%d", len(m.parts))
	case *words:
		return "*" + string(bytes.Join(*m, []byte("*|*"))) + "*"
	case *pattern:
		p = m
	}
	var text strings.Builder
	text.WriteString(string(p.prefix))
	for _, s := range p.skips {
		text.WriteString("*" + string(s.then))
	}
	if p.open {
		text.WriteString("*")
	}
	return text.String()
}

func showOpening(o opening) string {
	text := fmt.Sprintf("%s[s%d n%d", o.path, o.size, o.num)
	if o.forms != (forms{}) {
		f := o.forms
		o.forms = forms{}
		return fmt.Sprintf("(%s %d %d %s)", f.prefix, f.replace, f.line, f.rate.text) + showOpening(o)
	}
	if o.tee > 0 {
		return o.path
	}
	if !o.dir {
		text = "file:" + text
	}
	if o.suffix != rotate.DefaultSuffix {
		text += " ." + o.suffix
	}
	if o.hasProcessor {
		text += " !" + o.processor
	}
	text += []string{"", " gzip", " zstd"}[o.compress]
	if o.keep != 0 {
		text += " " + o.keep.String()
	}
	if o.every != 0 {
		text += " every " + time.Duration(o.every).String()
	}
	if o.total != 0 {
		text += fmt.Sprintf(" total %d", o.total)
	}
	if o.sync != 0 {
		text += " sync " + time.Duration(o.sync).String()
	}
	if o.full != rotate.FullWait {
		text += " drop"
	}
	return text + "]"
}

func TestWordsBecomeActions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, want string
		words      []string
	}{
		{"no words", "", nil},
		{"ignored words", "", []string{"", "q", "x=", "Z", " ", "#", "\x00", "foo", "E", "f", "key=value", "size=3"}},

		{"t as the first word", "stamp", []string{"t"}},
		{"only the first letter of t counts", "stamp", []string{"tfoo"}},
		{"t later", "e", []string{"e", "t"}},
		{"t after an empty word", "", []string{"", "t"}},
		{"t twice", "stamp e", []string{"t", "t", "e"}},

		{"T as the first word", "unix", []string{"T"}},
		{"T is that letter alone", "", []string{"Tfoo"}},
		{"T later", "", []string{"", "T"}},
		{"t, then T", "stamp", []string{"t", "T"}},
		{"T, then t", "unix", []string{"T", "t"}},

		{"stamp= in front of all actions", "iso ./d[s5000 n10]", []string{"q", "s5000", "stamp=iso", "./d"}},
		{"stamp= of all kinds, the last one counts", "stamp", []string{"stamp=unix", "stamp=iso", "stamp=tai64n"}},
		{"stamp= takes the place of t", "unix", []string{"t", "stamp=unix"}},

		{"F holds for later patterns", "-a +glob1 -glob2", []string{"-a", "F", "+b", "-c*"}},
		{"S ends F", "-glob1 +b", []string{"F", "-a", "S", "+b"}},
		{"F and S are those letters alone", "-glob1 +b -c", []string{"F", "Sx", "-a", "S", "Fx", "+b", "FS", "-c"}},

		{"regular expressions", "-/^a.*b$/ +// +glob1 -/[*]/", []string{"drop=^a.*b$", "select=", "F", "+b", "drop=[*]"}},

		{"w holds for later directories", "./a[s99999 n10] ./b[s99999 n10 .gz] ./c[s99999 n10 .]",
			[]string{"./a", "wgz", "./b", "w", "./c"}},
		{"ws is the suffix without a word", "./a[s99999 n10] file:x[s99999 n10]", []string{"wgz", "ws", "./a", "file=x"}},

		{"standard output and error", "standard output +/x/ standard error standard output", []string{"s5000", "tee=1", "select=x", "tee=2", "tee=1"}},
		{"a descriptor to be ready at", "", []string{"ready=3", "ready=007"}},
		{"shapes of lines", "standard output (p:  63 2048 5/m:9)standard error", []string{"tee=1", "prefix=p: ", "replace=?", "line=2k", "rate=5/m:9", "tee=2"}},
		{"patterns", "- -a + +b* -**", []string{"-", "-a", "+", "+b*", "-**"}},
		{"only the first letter of e counts", "e e", []string{"e", "everything"}},
		{"status files", "=a = =a", []string{"=a", "=", "=a"}},

		{"a directory", "./d[s99999 n10]", []string{"./d"}},
		{"directories by their first byte", ".[s99999 n10] /[s99999 n10] .. [s99999 n10]", []string{".", "/", ".. "}},
		{"settings hold for later directories", "./a[s99999 n10] ./b[s5000 n3] ./c[s5000 n3 !x]",
			[]string{"./a", "s5000", "n3", "./b", "!x", "./c"}},
		{"an empty processor is one", "./a[s99999 n10 !]", []string{"!", "./a"}},
		{"the last setting counts", "./a[s6000 n4 !y]", []string{"s5000", "s6000", "n3", "n4", "!x", "!y", "./a"}},
		{"actions keep their order", "-* ./a[s99999 n10] +x* ./b[s99999 n10] e -*2 =s ./c[s99999 n10]",
			[]string{"-*", "./a", "+x*", "./b", "e", "-*2", "=s", "./c"}},

		{"a plain file", "file:app.log[s99999 n10]", []string{"file=app.log"}},
		{"a plain file with all settings", "file:a=b[s1000000 n3 gzip 48h0m0s]",
			[]string{"s1000000", "n3", "compress=gzip", "keep=2d", "file=a=b"}},
		{"directory, then settings for files", "./d[s99999 n10] file:a[s99999 n10 gzip]",
			[]string{"./d", "compress=gzip", "file=a"}},
		{"when lines are on disk", "./a[s99999 n10] ./b[s5000 n10 sync -1ns] ./c[s5000 n10 sync 1.5s] ./d[s4096 n10]",
			[]string{"./a", "s5000", "sync=always", "./b", "sync=1500ms", "./c", "sync=rotate", "sync", "./d"}},
		{"what a full disk costs", "./a[s99999 n10] ./b[s99999 n10 drop] ./c[s99999 n10]",
			[]string{"./a", "full=drop-oldest", "./b", "full=wait", "./c", "full"}},
		{"what is kept", "./a[s99999 n10] ./b[s99999 n10 1h0m0s total 2048] ./c[s99999 n10 2m0s total 5]",
			[]string{"./a", "total=2k", "keep=1h", "./b", "total=5", "keep=2m", "./c"}},
		{"total= is no t", "./a[s99999 n10 total 9223372036854775807]", []string{"total=9223372036854775807", "./a"}},
		{"zstd, then gzip for a file", "./a[s99999 n10 zstd] file:f[s99999 n10 gzip]",
			[]string{"compress=zstd", "./a", "compress=gzip", "file=f"}},
		{"compressed directories", "./a[s99999 n10] ./b[s99999 n10 gzip] file:f[s99999 n10 gzip] ./c[s99999 n10 gzip]",
			[]string{"./a", "compress=gzip", "./b", "file=f", "./c"}},
		{"how old current gets", "./a[s99999 n10] ./b[s99999 n10 every 1h30m0s] ./c[s99999 n10 every -1ns] ./d[s99999 n10 every -2ns]",
			[]string{"./a", "every=90m", "./b", "every=hour", "./c", "every=day", "./d"}},
		{"words that only look like keys", "", []string{"q", "file", "compress", "keep", "total", "full", "stamp", "files=x", "Keep=3"}},
	} {
		s, err := Parse(c.words)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := show(s); got != c.want {
			t.Errorf("%s: Parse(%q) is\n%s, want\n%s", c.name, c.words, got, c.want)
		}
	}
}

func TestNumbersAreLeadingDigitsWithinLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		word string
		size int64
		num  int
	}{
		{"s", rotate.MinSize, 10}, {"s0", rotate.MinSize, 10}, {"s4095", rotate.MinSize, 10},
		{"s4096", 4096, 10}, {"s4097", 4097, 10}, {"s5000 6000", 5000, 10},
		{"s-5000", rotate.MinSize, 10}, {"s+5000", rotate.MinSize, 10}, {"s 5000", rotate.MinSize, 10},
		{"s0x5000", rotate.MinSize, 10}, {"s00005000", 5000, 10}, {"s١٢٣٤٥", rotate.MinSize, 10},
		{"s16777215", 16777215, 10}, {"s16777216", 16777215, 10}, {"s9999999999", 16777215, 10},
		{"s9223372036854775808", 16777215, 10}, {"s18446744073709551615", 16777215, 10},
		{"s18446744073709551616", rotate.MinSize, 10}, // 2^64 is 0
		{"s18446744073709555712", 4096, 10},           // 2^64 + 4096
		{"s18446744073709651616", 100000, 10},         // 2^64 + 100000
		{"s184467440737095516160000005000", 5000, 10}, // 2^64 * 10^10 + 5000
		// A unit takes the size beyond the limit of 0.76.
		{"s5k", 5120, 10}, {"s64m", 64 << 20, 10}, {"s1g", 1 << 30, 10}, {"s2g", 2147483647, 10}, {"s2097151k", 2147482624, 10},
		{"s2097152k", 2147483647, 10}, {"s0005k", 5120, 10}, {"s3k", rotate.MinSize, 10}, {"s0m", rotate.MinSize, 10},
		{"s9999999999g", 2147483647, 10}, {"s99999999999999999999999k", 2147483647, 10},
		{"sk", rotate.MinSize, 10}, {"s5000kb", 5000, 10}, {"s5000K", 5000, 10}, {"s5000M", 5000, 10}, {"s5000 k", 5000, 10},
		{"s-5k", rotate.MinSize, 10}, {"s5000.5k", 5000, 10}, {"s5000t", 5000, 10}, {"s9999kk", 9999, 10}, {"s+5k", rotate.MinSize, 10},

		{"n", 99999, 2}, {"n0", 99999, 2}, {"n1", 99999, 2}, {"n2", 99999, 2}, {"n3", 99999, 3},
		{"n7days", 99999, 7}, {"n7k", 99999, 7}, {"n-7", 99999, 2}, {"n1000000", 99999, 1000000},
		{"n2147483647", 99999, math.MaxInt32}, {"n2147483648", 99999, math.MaxInt32},
		{"n18446744073709551615", 99999, math.MaxInt32},
		{"n18446744073709551619", 99999, 3}, // 2^64 + 3
	} {
		s, err := Parse([]string{c.word, "./d", "file=f"})
		if err != nil {
			t.Errorf("%s: %v", c.word, err)
			continue
		}
		for _, o := range s.outlets {
			if o.size != c.size || o.num != c.num {
				t.Errorf("%s, %s: size %d, num %d, want %d, %d", c.word, o.path, o.size, o.num, c.size, c.num)
			}
		}
	}
}

func TestDurationsAreWholeNumbersWithAUnit(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"1s": time.Second, "90s": 90 * time.Second, "5m": 5 * time.Minute, "12h": 12 * time.Hour,
		"250ms": 250 * time.Millisecond, "30d": 720 * time.Hour, "007d": 168 * time.Hour, "106751d": 106751 * 24 * time.Hour,
		"9223372036s": 9223372036 * time.Second,
	} {
		s, err := Parse([]string{"keep=" + value, "file=a"})
		if err != nil {
			t.Errorf("keep=%s: %v", value, err)
		} else if got := s.outlets[0].keep; got != want {
			t.Errorf("keep=%s: %v, want %v", value, got, want)
		}
	}
}

func TestSpoolHoldsForTheWholeScript(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]int64{
		"": 16 << 20, "./d": 16 << 20, "spool=0 ./d": 0, "./d spool=0": 0, "./a spool=5 ./b spool=3k": 3 << 10,
		"t spool=64m s4096 ./d": 64 << 20, "spool=4g": 4 << 30, "spool s5000 ./d": 16 << 20,
		"sync=always ./d": 0, "./a sync=always ./b": 0, "sync=always sync=10s ./d": 16 << 20, "sync=always ./d spool=1m": 1 << 20,
	} {
		s, err := Parse(strings.Fields(words))
		if err != nil || s.spool != want {
			t.Errorf("%q: %+v, %v; want %d", words, s, err, want)
		}
	}
}

func TestBadWordsAreWordErrors(t *testing.T) {
	t.Parallel()
	// The last word is the wrong one.
	for _, words := range [][]string{
		{"file="}, {"!cat", "file=a"}, {"!", "file=a"}, {"!cat", "./d", "file=a"},
		{"file=a", "file=a"}, {"file=a", "./d", "e", "n5", "file=a"}, {"file=a", "file=./a"}, {"file=x//a", "file=x/y/../a"},
		{"compress="}, {"compress=GZIP"}, {"compress=gz"}, {"compress=gzip "}, {"e", "compress=zst"}, {"compress=zstd", "file=a"}, {"compress=zstd", "!", "./d"},
		{"keep="}, {"keep=0d"}, {"keep=30"}, {"keep=d"}, {"keep=-1d"}, {"keep=+1d"}, {"keep=1.5h"}, {"keep=1w"},
		{"keep=1D"}, {"keep=1d2h"}, {"keep=1dd"}, {"keep=1 d"}, {"keep= 1d"}, {"keep=1_0d"}, {"keep=0x1d"},
		{"keep=9223372037s"}, {"keep=106752d"}, {"keep=99999999999999999999d"},
		{"wa/b"}, {"w/"}, {"w~"}, {"e", "wa b"}, {"wä"}, {"w=x"}, {"wgz", "file=a"}, {"w", "file=a"}, {"wu", "./d", "file=a"},
		{"w" + strings.Repeat("x", 300)},
		{"full="}, {"full=drop"}, {"full=drop-oldest "}, {"full=drop-oldest", "file=a"},
		{"sync="}, {"sync=never"}, {"sync=0s"}, {"sync=always "}, {"sync=1"}, {"sync=-1s"}, {"sync=always", "file=a"}, {"sync=1s", "file=a"},
		{"spool="}, {"spool=x"}, {"spool=-1"}, {"spool=00"}, {"spool=0k"}, {"spool=1M"}, {"spool=1t"}, {"spool=16m "}, {"spool=99999999999g"}, {"./d", "spool=no"},
		{"select=("}, {"drop=a**"}, {"e", "select=\\1"}, {"drop=(?=a)"},
		{"tee="}, {"tee=0"}, {"tee=3"}, {"tee=1 "}, {"tee=stdout"}, {"ready="}, {"ready=2"}, {"ready=-3"}, {"ready=x"}, {"ready=2147483648"},
		{"prefix=a\nb"}, {"replace="}, {"replace=ab"}, {"replace=\t"}, {"replace=\x7f"}, {"replace=é"},
		{"line="}, {"line=0"}, {"line=15"}, {"line=2g"}, {"line=x"},
		{"rate="}, {"rate=1"}, {"rate=1/"}, {"rate=0/s"}, {"rate=1/d"}, {"rate=1/s:"}, {"rate=1/s:0"}, {"rate=-1/s"}, {"rate=1/s:x"},
		{"rate=9999999999/s"}, {"rate=1/h:1000000000"}, {"rate=/s"},
		{"stamp="}, {"stamp=rfc"}, {"stamp=ISO"}, {"./d", "stamp=iso"}, {"-*", "stamp=iso"},
		{"compress=gzip", "!", "./d"}, {"!cat", "compress=gzip", "/d"}, {"!cat", "./d", "compress=gzip", "./d"},
		{"every="}, {"every=week"}, {"every=1"}, {"every=0s"}, {"every=-1h"}, {"every=Day"}, {"every=day", "file=a"}, {"e", "every=days"},
		{"total="}, {"total=0"}, {"total=0k"}, {"total=x"}, {"total=-1"}, {"total=1K"}, {"total=1t"}, {"total=1.5g"}, {"total=k"}, {"total=1 "},
		{"total=9223372036854775808"}, {"total=8589934592g"}, {"t", "total="}, {"total=1", "file=a"},
	} {
		bad := words[len(words)-1]
		s, err := Parse(words)
		var word *WordError
		if !errors.As(err, &word) || word.Word != bad || word.Why == "" || s != nil {
			t.Errorf("%q: script %v, error %v, want a WordError for %s", words, s, err, bad)
			continue
		}
		if !strings.HasPrefix(err.Error(), bad+": ") {
			t.Errorf("%q: %q does not begin with the word", words, err)
		}
	}
}

func TestParseKeepsItsWordsUntouched(t *testing.T) {
	t.Parallel()
	words := []string{"t", "-a*", "+b", "=f", "s5000", "./d", "file=x"}
	before := append([]string(nil), words...)
	first, err := Parse(words)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Parse(words)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(words, before) || !reflect.DeepEqual(first, second) {
		t.Error("parsing twice is not parsing once")
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "t\ne", "-*\n+x\n./d", "s5000\nn3\n!cat\n/var/log", "=a\n\n=b", "file=a\nfile=b",
		"compress=gzip\nkeep=30d\nfile=app.log", "s18446744073709555712\n.", "s64m\nwgz\n.", "F\n-[a\n+b*\nS\n-c", "T\n.", "keep=x", "n99999999999999999999\n.",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words := strings.Split(text, "\n")
		refusable := false
		for _, w := range words {
			key, _, ok := strings.Cut(w, "=")
			refusable = refusable || ok && slices.ContainsFunc(keywords[:], func(k keyword) bool { return k.key == key }) || strings.HasPrefix(w, "w")
		}
		s, err := Parse(words)
		if err != nil {
			if !refusable {
				t.Errorf("%q: %v, want none: no word can be wrong", words, err)
			}
			var word *WordError
			if !errors.As(err, &word) {
				t.Errorf("%q: %T, want a WordError", words, err)
			}
			return
		}
		for _, o := range s.outlets {
			if o.size < rotate.MinSize || o.size > rotate.MaxSize || o.num < rotate.MinNum || o.keep < 0 {
				t.Errorf("%q: %s is out of its limits", words, showOpening(o))
			}
			if o.tee == 0 && o.dir && (o.path[0] != '.' && o.path[0] != '/' || o.compress != 0 && o.hasProcessor) {
				t.Errorf("%q: %s is not a directory", words, showOpening(o))
			}
		}
	})
}
