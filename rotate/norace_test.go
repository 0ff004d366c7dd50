//go:build !race

package rotate_test

const raced = false
