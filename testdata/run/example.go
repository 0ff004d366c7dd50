package main

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"
)

//go:embed example
var example embed.FS

// layExample makes the example tree below tmp as a user would: the services in
// directories of their own, and links to them in the one that svscan scans.
func layExample(tmp string) (service string, err error) {
	err = fs.WalkDir(example, "example", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(tmp, path)
		if d.IsDir() {
			return os.Mkdir(to, 0o755)
		}
		content, err := example.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, content, 0o755) // all of them are to be run
	})
	if err != nil {
		return "", err
	}
	service = filepath.Join(tmp, "service")
	if err := os.Mkdir(service, 0o755); err != nil {
		return "", err
	}
	entries, err := example.ReadDir("example")
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if err := os.Symlink("../example/"+e.Name(), filepath.Join(service, e.Name())); err != nil {
			return "", err
		}
	}
	return service, nil
}
