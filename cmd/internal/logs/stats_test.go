package logs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailight/tailight/rotate"
	"github.com/tailight/tailight/tai64"
)

func TestLinesAreCounted(t *testing.T) {
	t.Parallel()
	scan := tree(t)
	must(t, writeDropped(scan+"/db/log/all/dropped"))
	for _, c := range []struct {
		args, env, want string
	}{
		{"--stats --bucket 1h", "", `time              service       lines           bytes
2026-11-25 13:00  db                2              69
2026-11-25 13:00  web               4             116
2026-11-25 14:00  web               1              36
total             db                2              69
total             web               5             152
db has dropped 299949 bytes in 3 archives for want of space
`},
		{"--stats --bucket 2s --until 2026-11-25T13:00:02 web", "", `time                 service       lines           bytes
2026-11-25 13:00:00  web               1              32
total                web               1              32
`},
		{"--stats -o json --bucket 24h web -g GET", "", `{"time":"2026-11-25T00:00:00+01:00","seconds":86400,"service":"web","lines":3,"bytes":104}
`},
		{"--stats -o json db", "", `{"time":"2026-11-25T13:00:01+01:00","seconds":1,"service":"db","lines":1,"bytes":32}
{"time":"2026-11-25T13:00:03+01:00","seconds":1,"service":"db","lines":1,"bytes":37}
{"service":"db","dropped":{"bytes":299949,"archives":3}}
`},
		{"--histogram web --until 2026-11-25T14:00", "COLUMNS=40", `2026-11-25 13:00:00  1  ########
2026-11-25 13:00:01  0
2026-11-25 13:00:02  1  ########
2026-11-25 13:00:03  0
2026-11-25 13:00:04  2  ################
`},
		{"--histogram --bucket 30m --color always", "LANG=C.UTF-8 COLUMNS=40", "2026-11-25 13:00  6  \x1b[36m██████\x1b[33m█████████████\x1b[m\n" +
			"2026-11-25 13:30  0\n2026-11-25 14:00  0\n2026-11-25 14:30  1  \x1b[33m███\x1b[m\n\x1b[36mdb\x1b[m  \x1b[33mweb\x1b[m\n" +
			"db has dropped 299949 bytes in 3 archives for want of space\n"},
	} {
		out, said, code := call(t, scan, strings.Fields(c.env), strings.Fields(c.args)...)
		if out != c.want || said != "" || code != 0 {
			t.Errorf("svlog %s: code %d, %s%s, want\n%s", c.args, code, said, out, c.want)
		}
	}
}

// TestRowsArePutTogetherRightly counts random lines in another way.
func TestRowsArePutTogetherRightly(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	z, err := tai64.LoadZone(berlin)
	must(t, err)
	for range 50 {
		v := &viewer{}
		v.options.stamps.zone = z
		s := newStatistics(v)
		span := time.Duration(1) << rnd.IntN(62)
		type key struct {
			row    int64
			source int
		}
		var all []key
		for range 300 {
			l := rotate.Line{Source: rnd.IntN(4), Text: []byte("x"), Label: tai64.At(noon.Add(rand.N(span) - span/2))}
			wall, _, ok := z.Wall(unixOf(l.Label))
			if !ok {
				t.Fatal(l.Label)
			}
			all = append(all, key{wall, l.Source})
			s.show(&l)
		}
		if len(s.rows) > mostRows {
			t.Fatalf("%d rows", len(s.rows))
		}
		want := map[key]int64{}
		for _, k := range all {
			want[key{floor(k.row, s.step), k.source}]++
		}
		got := map[key]int64{}
		for row, counted := range s.rows {
			for i, c := range counted {
				if c.lines > 0 {
					got[key{row, i}] = c.lines
				}
				if c.bytes != 2*c.lines {
					t.Fatalf("%d lines have %d bytes", c.lines, c.bytes)
				}
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("within %v: %v, want %v", span, got, want)
		}
	}
}

func TestEveryStepIsAMultipleOfTheOneBefore(t *testing.T) {
	t.Parallel()
	if !slices.IsSorted(steps[:]) {
		t.Error("the steps do not rise")
	}
	for i := 1; i < len(steps); i++ {
		if steps[i]%steps[i-1] != 0 {
			t.Errorf("%d is no multiple of %d", steps[i], steps[i-1])
		}
	}
}
