package rotate_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/tailight/tailight/rotate"
)

// A log directory takes the place of any other io.Writer behind log/slog.
// Archives sort by name, and current comes after them.
func Example() {
	base := tempDir()
	defer os.RemoveAll(base)
	name := filepath.Join(base, "main")
	dir, err := rotate.Open(name, rotate.Options{
		Size: 4096, // bytes of a file, at most
		Num:  5,    // files: four old ones and current
		Warn: func(err error) { fmt.Fprintln(os.Stderr, "warning:", err) },
	})
	if err != nil {
		log.Fatal(err)
	}
	// The time is left out here so that the output is always the same.
	logger := slog.New(slog.NewTextHandler(dir, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	logger.Info("started", "pid", 42)
	logger.Warn("disk is filling up", "percent", 91)
	if err := dir.Rotate(); err != nil {
		log.Fatal(err)
	}
	logger.Info("stopped")
	if err := dir.Close(); err != nil {
		log.Fatal(err)
	}

	archives, err := filepath.Glob(filepath.Join(name, "@*"))
	if err != nil {
		log.Fatal(err)
	}
	for _, file := range append(archives, filepath.Join(name, "current")) {
		text, err := os.ReadFile(file)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d lines\n%s", strings.Count(string(text), "\n"), text)
	}
	// Output:
	// 2 lines
	// level=INFO msg=started pid=42
	// level=WARN msg="disk is filling up" percent=91
	// 1 lines
	// level=INFO msg=stopped
}

// Every finished file goes through a command; its output is what is kept.
func ExampleOptions_processor() {
	base := tempDir()
	defer os.RemoveAll(base)
	name := filepath.Join(base, "errors")
	dir, err := rotate.Open(name, rotate.Options{Processor: "grep error || true", HasProcessor: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprint(dir, "all is well\nerror: no space\nall is well\n")
	if err := dir.Rotate(); err != nil {
		log.Fatal(err)
	}
	if err := dir.Close(); err != nil { // waits for the command
		log.Fatal(err)
	}
	archives, _ := filepath.Glob(filepath.Join(name, "@*.s"))
	for _, file := range archives {
		text, _ := os.ReadFile(file)
		fmt.Print(string(text))
	}
	// Output: error: no space
}

// What a log shipper needs: every line once, in one order, whatever happens
// between two runs.
func ExampleReader() {
	base := tempDir()
	defer os.RemoveAll(base)
	name, file := filepath.Join(base, "main"), filepath.Join(base, "cursor")
	dir, err := rotate.Open(name, rotate.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer dir.Close()
	ship := func() {
		after, err := rotate.LoadCursor(file)
		if err != nil {
			log.Fatal(err)
		}
		reader := rotate.NewReader([]string{name}, rotate.ReadOptions{After: after})
		for line, err := range reader.Lines(context.Background()) {
			if err != nil {
				log.Fatal(err)
			}
			fmt.Printf("%s\n", line.Bare())
		}
		// Now the lines are where they should be.
		if err := reader.Cursor().Save(file); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Fprintln(dir, "one")
	ship()
	if err := dir.Rotate(); err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(dir, "two")
	ship()
	// Output:
	// one
	// two
}

// A File is for tools that expect one file with a name of its own.
func ExampleOpenFile() {
	base := tempDir()
	defer os.RemoveAll(base)
	path := filepath.Join(base, "app.log")
	file, err := rotate.OpenFile(path, rotate.FileOptions{Size: 10 << 20, Num: 3, Compress: true})
	if err != nil {
		log.Fatal(err)
	}
	log.New(file, "app: ", 0).Print("hello")
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
	text, _ := os.ReadFile(path)
	fmt.Print(string(text))
	// Output: app: hello
}

func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// tempDir is where an example keeps its logs.
func tempDir() string {
	dir, err := os.MkdirTemp("", "rotate-example-")
	if err != nil {
		log.Fatal(err)
	}
	return dir
}
