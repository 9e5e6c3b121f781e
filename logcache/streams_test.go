package logcache

import (
	"math/rand/v2"
	"testing"
)

// Interleaved streams are followed each by itself, up to as many as there is
// room for, and whatever random writes come between.
func TestStreamsInterleaved(t *testing.T) {
	for _, n := range []uint64{1, 7, maxStreams} {
		var s streams
		for k := range uint64(10) {
			for i := range n {
				if got, want := s.extend(i<<20+8*k, 8), 4096*(k+1); got != want {
					t.Fatalf("write %d of stream %d of %d: a run of %d bytes, want %d", k, i, n, got, want)
				}
			}
		}
	}
	var s streams
	for k := range uint64(10) {
		if got := s.extend(1<<40+k, 1); got != 512*(k+1) {
			t.Errorf("beside random writes: a run of %d bytes at write %d", got, k)
		}
		for range maxStreams - 1 {
			s.extend(rand.Uint64N(1<<30)*16, 8)
		}
	}
}

// The stream that was not continued for the longest time is forgotten first.
func TestStreamsForgetTheOldest(t *testing.T) {
	var s streams
	for i := range uint64(maxStreams) {
		s.extend(i<<20, 8)
	}
	s.extend(0+8, 8)
	s.extend(1<<40, 8)
	if got := s.extend(16, 8); got != 3*4096 {
		t.Errorf("a stream that went on has a run of %d bytes", got)
	}
	if got := s.extend(1<<20+8, 8); got != 4096 {
		t.Errorf("the oldest stream was not forgotten: its run has %d bytes", got)
	}
}

// A FLUSH ends all runs, and the streams begin new ones in the same places.
func TestStreamsEndAtAFlush(t *testing.T) {
	var s streams
	s.extend(0, 8)
	s.flushed()
	for k := range uint64(2) {
		if got := s.extend(8+8*k, 8); got != 4096*(k+1) {
			t.Errorf("write %d behind the flush: a run of %d bytes", k, got)
		}
	}
}

// The streams say what a list of all recent ends says.
func TestStreamsModel(t *testing.T) {
	type end struct{ place, run uint64 }
	var model []end
	var s streams
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		lba, n := rnd.Uint64N(2000), uint32(1+rnd.IntN(8))
		e := end{}
		for i := len(model) - 1; i >= 0; i-- {
			if model[i].place == lba {
				e = model[i]
				model = append(model[:i], model[i+1:]...)
				break
			}
		}
		if len(model) == maxStreams {
			model = model[1:]
		}
		e = end{lba + uint64(n), e.run + uint64(n)*512}
		model = append(model, e)
		if got := s.extend(lba, n); got != e.run {
			t.Fatalf("a run of %d bytes, want %d", got, e.run)
		}
	}
}
