package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestEveryWeaknessHasItsTestOrAReason reads the table in ARCHITECTURE.md: all 37
// of them in their order, each cured by a test or kept for a reason. Every test
// that the document names is in the tree.
func TestEveryWeaknessHasItsTestOrAReason(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	there, err := namesOfTests("../..")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]*)`")
	for _, m := range named.FindAllStringSubmatch(string(doc), -1) {
		if !there[m[1]] {
			t.Errorf("there is no %s", m[1])
		}
	}
	_, table, found := strings.Cut(string(doc), "\n## The 37 weaknesses of 0.76\n")
	if !found {
		t.Fatal("there is no table")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	n := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if _, err := strconv.Atoi(strings.TrimSpace(cells[0])); err != nil {
			continue
		}
		n++
		if len(cells) != 4 || strings.TrimSpace(cells[0]) != strconv.Itoa(n) {
			t.Errorf("row %d is %q", n, line)
			continue
		}
		here, proof := strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3])
		cured := here == "cured" || strings.HasPrefix(here, "cured, ") || strings.HasPrefix(here, "cured; ")
		switch {
		case cured && !named.MatchString(proof):
			t.Errorf("weakness %d is cured, and no test says so", n)
		case !cured && here != "kept":
			t.Errorf("weakness %d is neither cured nor kept: %q", n, here)
		case !cured && strings.TrimSpace(named.ReplaceAllString(proof, "")) == "":
			t.Errorf("weakness %d is kept for no reason", n)
		}
	}
	if n != 37 {
		t.Errorf("the table has %d rows", n)
	}
}

// namesOfTests are the names of all tests below a directory.
func namesOfTests(root string) (map[string]bool, error) {
	names := map[string]bool{}
	test := regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(`)
	return names, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		for _, m := range test.FindAllSubmatch(b, -1) {
			names[string(m[1])] = true
		}
		return err
	})
}
