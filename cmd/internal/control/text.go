package control

import (
	"strconv"
	"time"

	"github.com/tailight/tailight/cmd/internal/cli"
	"github.com/tailight/tailight/supervise"
)

// noLog is said of a service whose log alone is asked for and is not there.
const noLog = "no log service"

// appendText appends what is to be seen of a service as lines for people.
func (v view) appendText(b []byte, r report, now time.Time) []byte {
	if r.problem != nil {
		return appendLine(b, r.name, cli.Text(r.problem))
	}
	if v.showsMain() {
		b = appendLine(b, r.name, state(&r.status, r.normally, now))
	}
	switch log := r.status.Log; {
	case log != nil && v.showsLog():
		b = appendLine(b, r.name+" log", state(log, r.normally, now))
	case log == nil && v.log:
		b = appendLine(b, r.name, noLog)
	}
	return b
}

func appendLine(b []byte, name, text string) []byte {
	return append(append(append(append(b, name...), ": "...), text...), '\n')
}

// state is the state of a service in the words of 0.76, then those of
// daemontools-encore if its supervise has written the record.
func state(s *supervise.Status, normally supervise.Want, now time.Time) string {
	up := s.PID != 0
	text := "down "
	if up {
		text = "up (pid " + strconv.FormatUint(uint64(uint32(s.PID)), 10) + ") "
	}
	text += strconv.FormatUint(age(s.Since, now), 10) + " seconds"
	for _, more := range []struct {
		text string
		when bool
	}{
		{", normally down", up && normally == supervise.Down},
		{", normally up", !up && normally == supervise.Up},
		{", paused", up && s.Paused},
		{", want up", !up && s.Want == supervise.Up},
		{", want down", up && s.Want == supervise.Down},
		{", once", s.Extended && up && s.Want == supervise.Once},
		{", " + s.Phase.String(), s.Extended},
	} {
		if more.when {
			text += more.text
		}
	}
	return text
}
