//go:build linux

package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// text tells a case and its record; it is what is compared.
func (r *record) text(c *golden) string {
	var b strings.Builder
	for _, s := range c.steps {
		if s.text != "" {
			fmt.Fprintln(&b, s.text)
		}
	}
	for _, end := range r.ends {
		fmt.Fprintf(&b, "=> %s\n", end)
	}
	for _, out := range []struct{ name, data string }{{"stdout", r.stdout}, {"stderr", r.stderr}, {"left in the pipe", r.rest}} {
		if out.data != "" {
			fmt.Fprintf(&b, "%s %s\n", out.name, quote(out.data))
		}
	}
	tree := r.tree
	if c.quiet {
		tree = nil
	}
	if c.joined {
		tree = join(tree)
	}
	for _, e := range tree {
		if e.dir {
			fmt.Fprintf(&b, "%s/ %s\n", e.path, e.mode)
			continue
		}
		fmt.Fprintf(&b, "%s %s %s\n", e.path, e.mode, quote(e.data))
	}
	return b.String()
}

// quote shows short data whole, and of long data the size, the start and a
// hash.
func quote(s string) string {
	if len(s) <= 300 {
		return strconv.Quote(s)
	}
	sum := sha256.Sum256([]byte(s))
	return fmt.Sprintf("%d bytes %q... sha256 %x", len(s), s[:40], sum[:12])
}

// join puts the archives and current of every directory together.
func join(tree []entry) []entry {
	var all []entry
	parts := map[string]string{}
	for _, e := range tree {
		dir, name := filepath.Split(e.path)
		switch {
		case labelName.MatchString(name), strings.HasPrefix(name, "@LABEL."):
			parts[dir] += e.data
		case name == "current":
			all = append(all, entry{path: dir + "archives and current", mode: e.mode, data: parts[dir] + e.data})
		default:
			all = append(all, e)
		}
	}
	return all
}

// diff shows two texts line by line, with the lines they share at both ends
// cut down to what is needed to find the place.
func diff(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var out strings.Builder
	for _, l := range a[:head] {
		fmt.Fprintln(&out, " ", l)
	}
	for _, l := range a[head : len(a)-tail] {
		fmt.Fprintln(&out, "-", l)
	}
	for _, l := range b[head : len(b)-tail] {
		fmt.Fprintln(&out, "+", l)
	}
	for _, l := range a[len(a)-tail:] {
		fmt.Fprintln(&out, " ", l)
	}
	return out.String()
}

// goldenText is one case in a golden file.
type goldenText struct {
	original string
	reason   string // why ours differs, if it does
	ours     string
}

func (g goldenText) expected() string {
	if g.reason != "" {
		return g.ours
	}
	return g.original
}

func (g goldenText) why() string {
	if g.reason != "" {
		return "differs from 0.76 on purpose: " + g.reason
	}
	return "as 0.76"
}

func (g *group) write(path string, known map[string]goldenText) error {
	var b bytes.Buffer
	b.WriteString(goldenHeader)
	for _, c := range g.cases {
		text, ok := known[c.name]
		if !ok || c.access {
			continue // -run chose others
		}
		fmt.Fprintf(&b, "\n== %s\n%s", c.name, text.original)
		if text.reason != "" {
			fmt.Fprintf(&b, "-- ours: %s\n%s", text.reason, text.ours)
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

func readGolden(path string) (map[string]goldenText, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	known := map[string]goldenText{}
	sections := strings.Split(string(data), "\n== ")
	for _, s := range sections[1:] {
		name, text, _ := strings.Cut(s, "\n")
		if !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		original, second, differs := strings.Cut(text, "-- ours: ")
		g := goldenText{original: original}
		if differs {
			g.reason, g.ours, _ = strings.Cut(second, "\n")
		}
		known[name] = g
	}
	return known, nil
}
