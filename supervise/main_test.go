package supervise

import (
	"os"
	"testing"
)

// players are what the test binary plays when it is called by such a name.
var players = map[string]func(){}

func TestMain(m *testing.M) {
	if play := players[os.Getenv("TAILIGHT_PLAY")]; play != nil {
		play()
		return
	}
	os.Exit(m.Run())
}
