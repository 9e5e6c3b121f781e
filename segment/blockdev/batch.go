package blockdev

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/ublk-lc/ublk-lc/ublk/uring"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

const (
	// batchDepth is how many reads of a batch are under way at once.
	batchDepth = 64
	// batchRings is how many batches are under way at once.
	batchRings = 4
	// batchThreads is how many reads of a batch are under way at once without a
	// ring.
	batchThreads = 16
)

// BatchReader is a device that can do many reads at once, as recovery does. It
// has rings for that only until it is closed. Where the kernel has no io_uring,
// or one that would do each read in a thread of its own, goroutines read.
type BatchReader struct {
	*Device
	rings chan *uring.Ring // not in use; nil for one that could not be made
}

// NewBatchReader makes a reader of an open device.
func NewBatchReader(d *Device) *BatchReader {
	r := &BatchReader{Device: d, rings: make(chan *uring.Ring, batchRings)}
	async := d.readsAsync()
	for range batchRings {
		var ring *uring.Ring
		if async {
			ring, _ = uring.New(uring.Config{Entries: batchDepth, AnyThread: true}) // nil if it fails: one does without
		}
		r.rings <- ring
	}
	return r
}

// readsAsync tells whether the kernel can start a read of the device and go on
// without waiting for it. Where it cannot, as with a file in memory, a ring hands
// each read to a thread of the kernel, which costs as much as the read itself.
func (d *Device) readsAsync() bool {
	page, err := mem.Alloc(largestBlock)
	if err != nil {
		return true
	}
	defer mem.Free(page)
	_, err = unix.Preadv2(d.fd, [][]byte{page}, 0, unix.RWF_NOWAIT)
	return !errors.Is(err, unix.EOPNOTSUPP)
}

// Close gives the rings back when nothing is read any more. The device stays open.
func (r *BatchReader) Close() {
	for range batchRings {
		if ring := <-r.rings; ring != nil {
			_ = ring.Close() // nothing depends on it
		}
	}
}

// ReadBatch fills each of bufs from the offset in offs, and stores in errs what
// went wrong with it, or nil. Memory and offsets are aligned as for ReadAt. Any
// goroutine may call it.
func (r *BatchReader) ReadBatch(bufs [][]byte, offs []int64, errs []error) {
	ring := <-r.rings
	defer func() { r.rings <- ring }()
	for len(bufs) > 0 {
		n := min(batchDepth, len(bufs))
		if ring != nil && !r.readRing(ring, bufs[:n], offs, errs) {
			_ = ring.Close()
			ring = nil
		}
		if ring == nil {
			r.readThreads(bufs[:n], offs, errs)
		}
		bufs, offs, errs = bufs[n:], offs[n:], errs[n:]
	}
}

// readThreads does the reads in goroutines, each of which waits for its own.
func (r *BatchReader) readThreads(bufs [][]byte, offs []int64, errs []error) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(batchThreads, len(bufs)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(bufs); i = int(next.Add(1)) - 1 {
				_, errs[i] = r.ReadAt(bufs[i], offs[i])
			}
		})
	}
	wg.Wait()
}

// readRing does up to batchDepth reads on a ring. It returns false when the
// ring does not work, and none is under way.
func (r *BatchReader) readRing(ring *uring.Ring, bufs [][]byte, offs []int64, errs []error) bool {
	for i := range bufs {
		e := ring.GetSQE()
		e.PrepRead(r.fd, bufs[i], offs[i])
		e.SetUserData(uint64(i))
	}
	for left := len(bufs); left > 0; {
		err := ring.SubmitAndWait(left, 0)
		if err != nil && left == ring.Pending() {
			return false
		}
		for c, ok := ring.Peek(); ok; c, ok = ring.Peek() {
			ring.Seen()
			left--
			errs[c.UserData] = readResult(c.Res, len(bufs[c.UserData]))
		}
	}
	return true
}

func readResult(res int32, want int) error {
	switch {
	case res < 0:
		return unix.Errno(-res)
	case int(res) != want:
		return io.ErrUnexpectedEOF
	}
	return nil
}
