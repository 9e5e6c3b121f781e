package ublk_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/ublk"
	"golang.org/x/sys/unix"
)

// fileHandler serves a file with I/O of its own on the queue's ring, and
// answers flushes late, from another thread.
type fileHandler struct {
	file  int
	delay time.Duration
}

func (h *fileHandler) NewQueue(q *ublk.Queue) (ublk.QueueHandler, error) {
	q.Device().Queue(1 - q.ID()).Wake() // the other queue may be woken before it runs, and while Start does
	return &fileQueue{fileHandler: h, q: q, reqs: make([]*ublk.Request, q.Depth()), late: make(chan *ublk.Request, q.Depth())}, nil
}

type fileQueue struct {
	*fileHandler
	q    *ublk.Queue
	reqs []*ublk.Request // by tag
	late chan *ublk.Request
}

func (h *fileQueue) Handle(reqs []*ublk.Request) {
	for _, r := range reqs {
		h.reqs[r.Tag] = r
		if r.Op != ublk.Read && r.Op != ublk.Write {
			time.AfterFunc(h.delay, func() { h.late <- r; h.q.Wake() })
			continue
		}
		sqe := h.q.SQE()
		if r.Op == ublk.Read {
			sqe.PrepRead(h.file, r.Buf, int64(r.Sector)*ublk.SectorSize)
		} else {
			sqe.PrepWrite(h.file, r.Buf, int64(r.Sector)*ublk.SectorSize, 0)
		}
		sqe.SetUserData(uint64(r.Tag))
	}
}

func (h *fileQueue) Completed(userData uint64, res int32) { h.q.Complete(h.reqs[userData], res) }

func (h *fileQueue) Woken() {
	for len(h.late) > 0 {
		h.q.Complete(<-h.late, 0)
	}
}

func (h *fileQueue) Quiesce() {}
func (h *fileQueue) Close()   {}

// A flush that takes longer than the block layer's time-out, answered by a
// wake-up, on a queue with other I/O.
func TestAHandlerWithItsOwnIO(t *testing.T) {
	needUblk(t)
	file, err := os.Create(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Truncate(diskSize); err != nil {
		t.Fatal(err)
	}
	f := open(t, start(t, diskConfig(), &fileHandler{file: int(file.Fd()), delay: 4 * time.Second}), unix.O_DIRECT)
	writeAndVerify(t, f, 0, diskSize, 3)
	begin := time.Now()
	if err := f.Sync(); err != nil || time.Since(begin) < 4*time.Second {
		t.Errorf("a slow flush: %v after %v", err, time.Since(begin))
	}
}
