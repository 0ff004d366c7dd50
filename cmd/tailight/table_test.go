package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// self is the folder of the binary that holds the table, packer that of the one
// beside it.
const (
	self   = "tailight"
	packer = "tailight-zstd"
)

func TestTheTableEqualsTheFoldersOfCmd(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "internal" && e.Name() != self && e.Name() != packer {
			folders = append(folders, e.Name())
		}
	}
	var names []string
	for _, c := range commands {
		names = append(names, c.Name)
	}
	if !slices.IsSorted(names) {
		t.Errorf("the table is not sorted: %q", names)
	}
	if !slices.Equal(names, folders) {
		t.Errorf("the table has %q, cmd has %q", names, folders)
	}
}

// The small main of a command and its row call the same function.
func TestARowAndItsFolderRunTheSame(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("table.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range commands {
		main, err := os.ReadFile(filepath.Join("..", c.Name, "main.go"))
		if err != nil {
			t.Error(err)
			continue
		}
		_, call, _ := strings.Cut(string(main), `cli.Main("`+c.Name+`", `)
		run, _, ok := strings.Cut(call, ")")
		if !ok || !strings.Contains(string(table), `{Name: "`+c.Name+`",`) || !strings.Contains(string(table), "Run: "+run+"}") {
			t.Errorf("%s: its main runs %q, the table something else", c.Name, run)
		}
		if c.Summary == "" || strings.HasSuffix(c.Summary, ".") || strings.ToLower(c.Summary[:1]) != c.Summary[:1] {
			t.Errorf("%s: summary %q, want lower case and no full stop", c.Name, c.Summary)
		}
	}
}
