package index

import "sync"

// ahead takes memory for piles before they need it, on a goroutine of its own:
// to clear memory takes about as long as to fill it with entries. What it took
// too much goes back before the piles are merged.
type ahead struct {
	asked chan [][]slot
	busy  sync.WaitGroup
	chunk int // of every pile that was asked for last; 0 = none
}

// start starts the goroutine; stop ends it.
func (a *ahead) start() {
	a.asked = make(chan [][]slot, 1)
	go func(asked <-chan [][]slot) {
		for chunks := range asked {
			for _, c := range chunks {
				populate(c)
			}
			a.busy.Done()
		}
	}(a.asked)
}

func (a *ahead) stop() {
	if a.asked != nil {
		close(a.asked)
		a.asked = nil
		a.busy.Wait()
	}
}

// askAhead asks for the memory of the next chunk of all piles, when one of them has
// begun as many as any, and if nothing else is being taken: who comes too early
// takes it himself.
func (l *Loader) askAhead(next int) {
	a := &l.ahead
	if a.asked == nil || next <= a.chunk || next == l.shardsPerPile() || len(a.asked) > 0 {
		return
	}
	chunks := make([][]slot, 0, len(l.piles))
	for i := range l.piles {
		if s := &l.shards(i)[next]; l.hasRoom(s) {
			chunks = append(chunks, l.chunkOf(s))
		}
	}
	a.chunk = next
	a.busy.Add(1)
	a.asked <- chunks
}

// giveBack gives back what was taken ahead and is not in use.
func (l *Loader) giveBack() {
	l.ahead.busy.Wait()
	if l.ahead.chunk == 0 {
		return
	}
	for i := range l.piles {
		if j := l.piles[i].chunks; j <= l.ahead.chunk && j < l.shardsPerPile() {
			if s := &l.shards(i)[j]; l.hasRoom(s) {
				discard(l.chunkOf(s))
			}
		}
	}
	l.ahead.chunk = 0
}
