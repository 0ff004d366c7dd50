package logs

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/logpipe"
	"github.com/tailight/tailight/rotate"
	"github.com/tailight/tailight/tai64"
)

const svlogUsage = "svlog [OPTION ...] [SERVICE|DIR ...]"

// options are what a call of svlog says.
type options struct {
	words  []string // the operands
	finder finder
	read   rotate.ReadOptions
	follow bool
	all    bool // no last lines only, though following

	stamps     stamps
	format     string // of -o
	colour     bool
	grep       *regexp.Regexp
	stats      bool
	histogram  bool
	bucket     int64 // seconds; 0: what fits
	width      int   // of the output
	blocks     bool  // it can show other than ASCII
	cursorFile string
	terminal   bool // the output is one
	pager      string
	environ    func(string) (string, bool)
}

// pages reports whether the output goes through a pager.
func (o *options) pages() bool { return o.terminal && !o.follow && o.pager != "" }

// setting is an option with a value, which set takes or refuses.
type setting struct {
	text, kind string
	set        func(string) error
}

func (s *setting) String() string { return s.text }
func (s *setting) Type() string   { return s.kind }

func (s *setting) Set(text string) error {
	s.text = text
	return s.set(text)
}

// parseOptions reads a call. If ok is false it has been answered.
func parseOptions(e *cli.Env, c clock, env func(string) (string, bool)) (o options, code int, ok bool) {
	o = options{environ: env, format: "short", stamps: stamps{zone: c.zone, precision: 6}}
	var (
		since, until       bool
		words              []string
		colour             = "auto"
		followWait, wait   bool
		noPager, histogram bool
	)
	when := func(to *tai64.TAI64N, given *bool, last bool) func(string) error {
		return func(s string) (err error) {
			*given = true
			*to, err = c.parse(s, last)
			return err
		}
	}
	o.words, code, ok = e.LongHelped(svlogUsage, func(f *cli.Flags) {
		f.VarP(&setting{kind: "TIME", set: when(&o.read.Since, &since, false)}, "since", "S", "lines of this `TIME` and later")
		f.VarP(&setting{kind: "TIME", set: when(&o.read.Until, &until, true)}, "until", "U", "lines before this `TIME`")
		f.VarP(&setting{kind: "N", set: o.setLast}, "lines", "n", "the last `N` lines, or all")
		f.BoolVarP(&o.read.Reverse, "reverse", "r", false, "the newest line first")
		f.BoolVarP(&o.follow, "follow", "f", false, "go on with what is written later")
		f.BoolVarP(&followWait, "follow-wait", "F", false, "--follow --wait")
		f.BoolVar(&wait, "wait", false, "wait for what is not there yet")
		f.VarP(&setting{kind: "FORMAT", set: choice(&o.format, "short", "cat", "json")}, "output", "o", "`FORMAT` of lines: short, cat or json")
		f.Var(&setting{kind: "STYLE", set: o.setStyle}, "time", "`STYLE` of times: local, iso, tai64n, unix or none")
		f.Var(&setting{kind: "DIGITS", set: o.setPrecision}, "precision", "`DIGITS` behind the second, 0 to 9 (6)")
		f.Var(&setting{kind: "WHEN", set: choice(&colour, "auto", "always", "never")}, "color", "`WHEN` to use colours: auto, always or never")
		f.VarP(&setting{kind: "WORD", set: func(s string) error { words = append(words, s); return badWord(s) }}, "match", "m",
			"`WORD` of multilog that chooses lines: -PATTERN, +PATTERN, drop=REGEX ...")
		f.VarP(&setting{kind: "REGEX", set: o.setGrep}, "grep", "g", "lines whose text matches `REGEX`")
		f.VarP(&setting{kind: "GLOB", set: o.addGlob}, "service", "s", "services whose name matches `GLOB`")
		f.BoolVar(&o.stats, "stats", false, "lines and bytes of each service, by time")
		f.BoolVar(&histogram, "histogram", false, "the same as a picture")
		f.Var(&setting{kind: "LENGTH", set: o.setBucket}, "bucket", "`LENGTH` of time of a row of these, such as 10m")
		f.StringVar(&o.cursorFile, "cursor-file", "", "go on where the last run with this `FILE` stopped")
		f.BoolVar(&noPager, "no-pager", false, "do not start a pager")
	})
	if !ok {
		return o, code, false
	}
	o.histogram = histogram
	o.stats = o.stats || histogram
	o.follow = o.follow || followWait
	o.finder.wait = followWait || wait
	if err := o.check(words, since, until); err != nil {
		return o, e.Usage(err.Error()), false
	}
	o.read.Follow, o.read.Wait = o.follow, o.finder.wait
	if o.follow && !o.read.HasLast && !o.all && !since && o.cursorFile == "" {
		o.read.Last, o.read.HasLast = 10, true // as tail -f
	}
	o.surroundings(e, colour, noPager)
	return o, cli.OK, true
}

// check says what does not go together, and puts the choice of lines together.
func (o *options) check(words []string, since, until bool) error {
	switch {
	case o.follow && o.read.Reverse:
		return errors.New("--follow and --reverse exclude each other")
	case o.follow && o.stats:
		return errors.New("--follow and --stats exclude each other")
	case o.follow && until:
		return errors.New("--follow and --until exclude each other")
	case o.finder.wait && !o.follow:
		return errors.New("--wait is for --follow")
	case o.cursorFile != "" && o.read.Reverse:
		return errors.New("--cursor-file and --reverse exclude each other")
	case o.cursorFile != "" && o.read.HasLast:
		return errors.New("--cursor-file and --lines exclude each other")
	case o.stats && o.format == "cat":
		return errors.New("--stats has the formats short and json")
	case since && until && o.read.Until.Compare(o.read.Since) < 0:
		return errors.New("--until is before --since")
	}
	if slices.Contains(o.words, "") {
		return errors.New("a service without a name")
	}
	filter, err := logpipe.ParseFilter(words)
	if err != nil {
		return err
	}
	switch grep := o.grep; {
	case grep != nil && len(words) > 0:
		o.read.Match = func(l *rotate.Line) bool { return filter.Selects(l.Text, l.Lead) && grep.Match(l.Bare()) }
	case grep != nil:
		o.read.Match = func(l *rotate.Line) bool { return grep.Match(l.Bare()) }
	case len(words) > 0:
		o.read.Match = func(l *rotate.Line) bool { return filter.Selects(l.Text, l.Lead) }
	}
	return nil
}

// surroundings looks at what is around: the terminal and the environment.
func (o *options) surroundings(e *cli.Env, colour string, noPager bool) {
	get := func(name string) string { s, _ := o.environ(name); return s }
	if o.finder.scan = get("SVDIR"); o.finder.scan == "" {
		o.finder.scan = "/service"
	}
	o.terminal = isTerminal(e.Out)
	o.width = widthOf(e.Out)
	if n, err := strconv.Atoi(get("COLUMNS")); err == nil && n > 0 && !o.terminal {
		o.width = n
	}
	o.colour = colour == "always" || colour == "auto" && o.terminal && get("NO_COLOR") == "" && get("TERM") != "dumb"
	o.blocks = isUTF8(get)
	if !noPager {
		o.pager = pagerOf(o.environ)
	}
}

// choice is the setting of a word that is one of a few.
func choice(to *string, words ...string) func(string) error {
	return func(s string) error {
		if slices.Contains(words, s) {
			*to = s
			return nil
		}
		return errors.New("neither " + strings.Join(words, " nor "))
	}
}

func badWord(s string) error {
	_, err := logpipe.ParseFilter([]string{s})
	if e, ok := errors.AsType[*logpipe.WordError](err); ok {
		return errors.New(e.Why)
	}
	return err
}

func (o *options) setLast(s string) error {
	if s == "all" {
		o.all, o.read.HasLast = true, false
		return nil
	}
	n, ok := number(s, 1<<31-1)
	if !ok {
		return errors.New("neither a number of lines nor all")
	}
	o.all, o.read.Last, o.read.HasLast = false, int(n), true
	return nil
}

func (o *options) setStyle(s string) (err error) {
	var name string
	err = choice(&name, styleNames[:]...)(s)
	o.stamps.style = style(max(slices.Index(styleNames[:], name), 0))
	return err
}

func (o *options) setPrecision(s string) error {
	n, ok := number(s, 9)
	if !ok {
		return errors.New("not a number from 0 to 9")
	}
	o.stamps.precision = int(n)
	return nil
}

func (o *options) setGrep(s string) (err error) {
	o.grep, err = regexp.Compile(s)
	return err
}

func (o *options) addGlob(s string) error {
	if badGlob(s) {
		return errors.New("not a pattern")
	}
	o.finder.globs = append(o.finder.globs, s)
	return nil
}

func (o *options) setBucket(s string) error {
	d, ok := spell(s)
	if !ok || d <= 0 {
		return errors.New("not a length of time such as 10m or 1h")
	}
	o.bucket = int64(d.Seconds())
	return nil
}
