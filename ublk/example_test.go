package ublk_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/ublk-lc/ublk-lc/ublk"
)

// ram is a disk in memory. Its one queue has one thread, so that it needs no lock.
type ram struct {
	q    *ublk.Queue
	data []byte
}

func (r *ram) NewQueue(q *ublk.Queue) (ublk.QueueHandler, error) {
	r.q = q
	return r, nil
}

func (r *ram) Handle(reqs []*ublk.Request) {
	for _, req := range reqs {
		at := r.data[req.Sector*ublk.SectorSize:]
		switch req.Op {
		case ublk.Read:
			copy(req.Buf, at)
		case ublk.Write:
			copy(at, req.Buf)
		}
		r.q.Complete(req, req.Len())
	}
}

func (r *ram) Completed(uint64, int32) {} // it sends nothing to its ring
func (r *ram) Woken()                  {}
func (r *ram) Quiesce()                {}
func (r *ram) Close()                  {}

// A disk of 64 MiB in memory, until Ctrl-C. It needs root, and the module ublk_drv.
func Example() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	const size = 64 << 20
	d, err := ublk.New(ctx, ublk.Config{ID: -1, Queues: 1, SizeBytes: size}, &ram{data: make([]byte, size)})
	if err != nil {
		log.Fatal(err)
	}
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(d.BlockPath())
	<-ctx.Done()
	if err := d.Stop(context.Background()); err != nil {
		log.Fatal(err)
	}
}
