package supervise

import (
	"flag"
	"os"
	"runtime"
	"strconv"
	"testing"
)

// players are what the test binary plays when it is called by such a name.
var players = map[string]func(){}

func TestMain(m *testing.M) {
	if play := players[os.Getenv("TAILIGHT_PLAY")]; play != nil {
		play()
		return
	}
	moreParallel()
	os.Exit(m.Run())
}

// moreParallel raises the default of -parallel: tests of this package mostly wait
// for other processes. A flag of the command line still wins.
func moreParallel() {
	if err := flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
}
