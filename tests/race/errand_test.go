package race

import (
	"math/rand/v2"
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// errand carries out one request after the other.
type errand struct {
	t    *testing.T
	port *logcache.Port
	wake chan struct{}
	pending
	memory []byte
}

func newErrand(t *testing.T, s *server) *errand {
	memory, err := mem.Alloc(int(s.largest) * segment.SectorSize)
	if err != nil {
		t.Fatal(err)
	}
	e := &errand{t: t, wake: make(chan struct{}, 1), memory: memory}
	e.pending = pending{disks: s.disks, rng: rand.New(rand.NewPCG(5, 5))}
	e.port = logcache.NewPort(poke(e.wake))
	return e
}

func (e *errand) run(r *logcache.Request) {
	e.port.Submit(r)
	for {
		e.take(e.port.Ops())
		if len(e.port.Answers()) > 0 {
			break
		}
		if len(e.ops) > 0 {
			e.port.Done(e.next(), nil)
			continue
		}
		<-e.wake
		e.port.Poll()
	}
	for len(e.ops) > 0 { // of others that this port does for them
		e.port.Done(e.next(), nil)
		e.take(e.port.Ops())
	}
	if r.Err != nil {
		e.t.Errorf("operation %d: %v", r.Op, r.Err)
	}
}
