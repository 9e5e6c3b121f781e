package sim

import "fmt"

// Stats counts what was tried. Sum several with [Stats.Add].
type Stats struct {
	Runs        int
	Requests    int
	Events      int
	Cuts        int // recoveries checked
	Interrupted int // recoveries cut short
	Generations int
	Batches     int
	Ahead       int // segments read ahead of their batch
	work        work
	states      map[uint64]struct{}
}

// NewStats makes empty ones.
func NewStats() *Stats { return &Stats{states: make(map[uint64]struct{})} }

// state counts a crash state, and tells whether it is a new one.
func (s *Stats) state(d *devs, m *images) bool {
	h := m.hash(d)
	_, old := s.states[h]
	s.states[h] = struct{}{}
	return !old
}

// States is how many different images power cuts have left.
func (s *Stats) States() int { return len(s.states) }

// Add takes in what another one counted.
func (s *Stats) Add(t *Stats) {
	s.Runs += t.Runs
	s.Requests += t.Requests
	s.Events += t.Events
	s.Cuts += t.Cuts
	s.Interrupted += t.Interrupted
	s.Generations += t.Generations
	s.Batches += t.Batches
	s.Ahead += t.Ahead
	s.work.ios += t.work.ios
	s.work.busy += t.work.busy
	s.work.waits += t.work.waits
	for h := range t.states {
		s.states[h] = struct{}{}
	}
}

func (s *Stats) String() string {
	return fmt.Sprintf("%d runs, %d requests, %d events, %d generations, %d batches, %d segments read ahead; %d recoveries checked, %d cut short, %d distinct crash states; %v",
		s.Runs, s.Requests, s.Events, s.Generations, s.Batches, s.Ahead, s.Cuts, s.Interrupted, len(s.states), &s.work)
}
