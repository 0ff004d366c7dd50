package rotate

import (
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// asked counts who is asked, and says yes.
type asked struct{ writer, beside, waits int }

func (a *asked) options(o Options) Options {
	o.Retry = func(error) bool { a.writer++; return true }
	o.Beside = func(error) bool { a.beside++; return true }
	o.Wait = func(done <-chan struct{}) bool { a.waits++; <-done; return true }
	return o
}

// failBehind lets the call fail that follows one of that name.
func (d *memDisk) failBehind(call string) {
	d.watch = func(d *memDisk) {
		if len(d.log) > 0 && strings.HasPrefix(d.log[len(d.log)-1], call) && d.at == 0 {
			d.inject(d.calls+1, failWithout, syscall.EIO)
		}
	}
}

// TestAStepIsAskedOfTheGoroutineThatDoesIt: who takes input while it waits may do so
// for the writer alone.
func TestAStepIsAskedOfTheGoroutineThatDoesIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		behind string // the call that fails is the one after it
		want   asked
	}{
		{"a write", "fstat", asked{writer: 1, waits: 1}},
		{"a rename", "write current", asked{writer: 1, waits: 1}},
		{"a step of the rotation", "stat previous", asked{beside: 1, waits: 1}},
		{"the end of the rotation", "sync directory", asked{beside: 1, waits: 1}},
		{"a sync by the timer", "", asked{beside: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got asked
				d := newDisk()
				opt := got.options(history{}.options(d))
				opt.Turning = func(Place) {}
				opt.Sync = Sync(time.Second)
				opt.spawn = func(run func()) { go run() }
				dir := must(Open("d", opt))
				if c.behind != "" {
					d.failBehind(c.behind)
				}
				dir.Where() // looks at current
				must(dir.Write([]byte("one\n")))
				if c.behind == "" {
					d.mu.Lock()
					d.inject(d.calls+1, failWithout, syscall.EIO)
					d.mu.Unlock()
					time.Sleep(time.Second + 1)
				} else if err := dir.Rotate(); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if c.behind != "" {
					must(dir.Write([]byte("two\n")))
					if err := dir.Rotate(); err != nil {
						t.Fatal(err)
					}
				}
				if err := dir.Close(); err != nil {
					t.Fatal(err)
				}
				if got != c.want || d.injected != 1 {
					t.Errorf("asked %+v, want %+v; %d errors\n%s", got, c.want, d.injected, strings.Join(d.log, "\n"))
				}
			})
		})
	}
}

// TestAWaitThatIsGivenUpLosesNothing: the next call goes on where it was.
func TestAWaitThatIsGivenUpLosesNothing(t *testing.T) {
	t.Parallel()
	d := newDisk()
	opt := history{}.options(d)
	gate := make(chan struct{})
	opt.spawn = func(run func()) { go func() { <-gate; run() }() }
	patient := false
	opt.Wait = func(done <-chan struct{}) bool {
		if patient {
			<-done
		}
		return patient
	}
	dir := must(Open("d", opt))
	acked := must(dir.Write(input[:MinSize]))
	for range 3 {
		n, err := dir.Write(input[acked : 2*MinSize+batch])
		if err == nil || n > MinSize || dir.Rotate() == nil {
			t.Fatalf("wrote %d bytes, %v, without the end of the last rotation", n, err)
		}
		acked += n
	}
	patient = true
	close(gate)
	for end := 2*MinSize + batch; acked < end; {
		acked += must(dir.Write(input[acked:end]))
	}
	if err := dir.Close(); err != nil {
		t.Fatal(err)
	}
	history{}.check(t, d, acked, "after it was waited for")
}
