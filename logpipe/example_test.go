package logpipe_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/tailight/tailight/logpipe"
)

// A program may write its own log without a multilog beside it.
func Example() {
	root, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(root)
	dir := filepath.Join(root, "main")

	script, err := logpipe.Parse([]string{"s1000000", "n5", dir, "-*", "+*error*", "e"})
	if err != nil {
		fmt.Println(err)
		return
	}
	pipe := logpipe.New(script, logpipe.Options{
		Alert: func(line []byte) { fmt.Printf("alert: %s", line) },
		Warn:  func(err error, pausing bool) { fmt.Println("warning:", err) },
	})
	if err := pipe.Open(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprintln(pipe, "starting")
	fmt.Fprintln(pipe, "error: no coffee")
	fmt.Fprint(pipe, "end")
	if err := pipe.Close(); err != nil {
		fmt.Println(err)
	}

	log, err := os.ReadFile(filepath.Join(dir, "current"))
	if err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%s", log)
	// Output:
	// alert: error: no coffee
	// starting
	// error: no coffee
	// end
}

// A word of the script that makes no sense is a WordError; those of
// 0.76 never are.
func ExampleParse() {
	_, err := logpipe.Parse([]string{"t", "keep=30", "file=app.log"})
	fmt.Println(err)
	_, err = logpipe.Parse([]string{"size", "xyz", "e"})
	fmt.Println(err)
	// Output:
	// keep=30: not a duration such as 12h or 30d
	// <nil>
}
