package logpipe

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain looks for what the tests have left behind.
func TestMain(m *testing.M) {
	before := descriptors()
	code := m.Run()
	if code == 0 {
		for _, left := range []string{leftGoroutines(), leftDescriptors(before)} {
			if left != "" {
				fmt.Fprintln(os.Stderr, left)
				code = 1
			}
		}
	}
	os.Exit(code)
}

// leftGoroutines shows goroutines that are neither the test's own nor those
// of lumberjack, which stay for the life of the process.
func leftGoroutines() string {
	var left []string
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); time.Now().Before(end); <-tick.C {
		all := make([]byte, 1<<20)
		all = all[:runtime.Stack(all, true)]
		left = nil
		for g := range strings.SplitSeq(string(all), "\n\n") {
			if !strings.Contains(g, "TestMain") && !strings.Contains(g, "lumberjack") &&
				!strings.Contains(g, "os/signal") && !strings.Contains(g, "testing/internal") {
				left = append(left, g)
			}
		}
		if len(left) == 0 {
			return ""
		}
	}
	return "goroutines are left behind:\n" + strings.Join(left, "\n\n")
}

// descriptors are the open ones and what they are, where the system can say.
func descriptors() map[string]string {
	open := map[string]string{}
	names, _ := os.ReadDir("/proc/self/fd")
	for _, n := range names {
		if to, err := os.Readlink("/proc/self/fd/" + n.Name()); err == nil {
			open[n.Name()] = to
		}
	}
	return open
}

// leftDescriptors shows those that were not open before, except the two of
// the runtime's poller.
func leftDescriptors(before map[string]string) string {
	pollers, text := 0, ""
	for fd, to := range descriptors() {
		switch {
		case before[fd] == to:
		case strings.Contains(to, "[eventpoll]") || strings.Contains(to, "[eventfd]"):
			pollers++
		case strings.Contains(to, "testlog") || strings.Contains(to, "_test.") || strings.Contains(to, ".test"):
		default:
			text += fmt.Sprintf(" %s=%s", fd, to)
		}
	}
	if pollers > 2 {
		text += fmt.Sprintf(" and %d pollers", pollers)
	}
	if text != "" {
		return "descriptors are left open:" + text
	}
	return ""
}
