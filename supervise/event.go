package supervise

import "fmt"

// event is something that has happened.
type event struct {
	kind  eventKind
	pid   int  // of launched and inherited
	exit  exit // of exited
	to    byte // of told: the letter
	group bool // of told: signals go to the process group
}

type eventKind uint8

const (
	told      eventKind = iota // a command letter came
	launched                   // the script of the state runs, as pid; comes of launch only
	absent                     // it does not exist; of launch only
	refused                    // no process could be made for it; of launch only
	exited                     // it ended, or, of launch, could not be executed
	inherited                  // run ended and left another process behind, which is the service from here on
	ticked                     // the deadline has passed
	adopted                    // what was left by another supervise goes on; the first event, instead of begin
	kinds     = int(adopted) + 1
)

var kindNames = [kinds]string{"told", "launched", "absent", "refused", "exited", "inherited", "ticked", "adopted"}

func (e event) String() string {
	switch e.kind {
	case told:
		return fmt.Sprintf("told %c", e.to)
	case exited:
		return "exited " + e.exit.String()
	}
	return kindNames[e.kind]
}

// exit is how a process ended: an exit code, or a signal.
type exit struct {
	code   int
	signal int // 0: it was not killed

	unknown bool // nobody can tell
}

func (e exit) ok() bool { return e == exit{} }

func (e exit) String() string {
	if e.unknown {
		return "unknown"
	}
	if e.signal != 0 {
		return fmt.Sprintf("by signal %d", e.signal)
	}
	return fmt.Sprint(e.code)
}

// action is something the hand has to do.
type action struct {
	kind   actionKind
	script string // of launch
	signal signal
	group  bool
}

type actionKind uint8

const (
	launch actionKind = iota // start a script; launched, absent, refused or exited comes of it
	record                   // write the status record
	kill                     // send a signal to the process
	leave                    // no more events
)

// The scripts of a service directory.
const (
	scriptRun    = "run"
	scriptFinish = "finish"
	scriptStart  = "start"
	scriptStop   = "stop"
)
