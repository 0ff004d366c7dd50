// Supervise starts a service and starts it again when it ends.
//
//	supervise DIR
package main

import (
	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/cmd/internal/tree"
)

func main() { cli.Main("supervise", tree.Supervise) }
