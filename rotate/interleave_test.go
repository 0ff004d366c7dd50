package rotate

import (
	"math/rand/v2"
	"sync"
	"testing/synctest"
)

// interleavings is how many orders of writer and walk are tried where each of
// them is run many times.
var interleavings = 8

func init() {
	if raced {
		interleavings = 2
	}
}

// referee lets one goroutine go on at a time, from one call of the disk to the
// next; which one, the seed decides. It works in a synctest bubble.
type referee struct {
	pick    func(n int) int
	mu      sync.Mutex // guards waiting
	waiting []chan struct{}
}

// queue takes a place in the line of those who want to go on.
func (r *referee) queue() <-chan struct{} {
	ticket := make(chan struct{})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, ticket)
	return ticket
}

// next lets one of those who wait go on. It is false when nobody waits.
func (r *referee) next() bool {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == 0 {
		return false
	}
	i := r.pick(len(r.waiting))
	close(r.waiting[i])
	r.waiting = append(r.waiting[:i], r.waiting[i+1:]...)
	return true
}

// order returns the rule of a seed. The first ones are pure: always whoever
// has waited longest (strict turns), always the latest (each goes on until it
// has to wait for the other). The rest go by chance, from even to biased.
func order(seed int) func(int) int {
	rnd := rand.New(rand.NewPCG(uint64(seed), 0))
	switch seed {
	case 0:
		return func(int) int { return 0 }
	case 1:
		return func(n int) int { return n - 1 }
	}
	bias := float64(seed%5) / 5
	return func(n int) int {
		if rnd.Float64() < bias {
			return n - 1
		}
		return rnd.IntN(n)
	}
}

// interleaved runs the history with its walks beside the writer, in the order
// of the seed.
func (h history) interleaved(d *memDisk, seed int) (acked int) {
	r := &referee{pick: order(seed)}
	d.gate = func() { <-r.queue() }
	h.spawn = func(run func()) {
		start := r.queue() // before the writer goes on: the line is the same each time
		go func() {
			<-start
			run()
		}()
	}
	go func() { acked, _ = h.run(d) }()
	for r.next() {
	}
	d.gate = nil
	return acked
}
