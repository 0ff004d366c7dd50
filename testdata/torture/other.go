//go:build !linux

package main

import "log"

func main() { log.Fatal("torture needs Linux") }
