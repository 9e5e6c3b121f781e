package blockdev

import (
	"io"

	"github.com/ublk-lc/ublk-lc/ublk/uring"
	"golang.org/x/sys/unix"
)

const (
	// batchDepth is how many reads of a batch are under way at once.
	batchDepth = 64
	// batchRings is how many batches are under way at once.
	batchRings = 4
)

// BatchReader is a device that can do many reads at once, as recovery does. It
// has rings for that only until it is closed. Where the kernel has no io_uring
// it reads one after the other.
type BatchReader struct {
	*Device
	rings chan *uring.Ring // not in use; nil for one that could not be made
}

// NewBatchReader makes a reader of an open device.
func NewBatchReader(d *Device) *BatchReader {
	r := &BatchReader{Device: d, rings: make(chan *uring.Ring, batchRings)}
	for range batchRings {
		ring, err := uring.New(uring.Config{Entries: batchDepth, AnyThread: true})
		if err != nil {
			ring = nil
		}
		r.rings <- ring
	}
	return r
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
			for i := range bufs[:n] {
				_, errs[i] = r.ReadAt(bufs[i], offs[i])
			}
		}
		bufs, offs, errs = bufs[n:], offs[n:], errs[n:]
	}
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
