// Chatter is the small talkative program of `make run`: it prints LINES log
// lines (default 400) as a busy service would, some of them errors, and ends
// with a line that has no newline.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
)

func main() {
	lines := 400
	if len(os.Args) > 1 {
		n, err := strconv.Atoi(os.Args[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, "chatter: usage: chatter [lines]")
			os.Exit(100)
		}
		lines = n
	}
	out := bufio.NewWriter(os.Stdout)
	paths := []string{"/", "/index.html", "/login", "/api/v1/items", "/static/logo.png"}
	for i := range lines {
		switch {
		case i%37 == 36:
			fmt.Fprintf(out, "httpd: ERROR request %d: upstream timed out\n", i)
		default:
			fmt.Fprintf(out, "httpd: GET %s 200 %d bytes in %d ms\n", paths[i%len(paths)], 512+i*7%4096, 1+i%23)
		}
	}
	fmt.Fprint(out, "httpd: going down")
	if err := out.Flush(); err != nil {
		fmt.Fprintf(os.Stderr, "chatter: fatal: unable to write output: %v\n", err)
		os.Exit(111)
	}
}
