package main

import (
	"sync"
	"time"
)

// watch follows what is written to the disk, second by second.
type watch struct {
	begun  time.Time
	series []float64 // MB/s
	stop   chan struct{}
	ended  sync.WaitGroup
}

// watch begins one.
func (t *trial) watch() *watch {
	w := &watch{begun: time.Now(), stop: make(chan struct{})}
	before, _ := t.site.written("hdd") // a count that fails shows in the figure's bytes
	w.ended.Go(func() {
		each := time.NewTicker(time.Second)
		defer each.Stop()
		for {
			select {
			case <-w.stop:
				return
			case <-each.C:
			}
			now, _ := t.site.written("hdd")
			w.series = append(w.series, float64(now-before)/1e6)
			before = now
		}
	})
	return w
}

// end returns the whole seconds, and how many there were in all.
func (w *watch) end() (series []float64, seconds float64) {
	seconds = time.Since(w.begun).Seconds()
	close(w.stop)
	w.ended.Wait()
	return w.series, seconds
}
