package sim

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/ublk-lc/ublk-lc/logcache"
)

// request is a request of the workload.
type request struct {
	logcache.Request
	op   uint32 // of what stores
	mem  []byte
	sent int64
	bar  barrier // of a FLUSH
	busy bool
}

func (w *world) makeRequests() {
	for i := range w.Depth {
		r := &request{}
		r.Tag = uint32(i)
		r.mem = make([]byte, w.maxRequest()*sectorSize)
		w.reqs = append(w.reqs, r)
	}
}

// submit sends one request that the seed chooses.
func (w *world) submit() {
	vol := w.rng.IntN(len(w.Volumes))
	if w.shut[vol] {
		return
	}
	r := w.idle[len(w.idle)-1]
	w.idle = w.idle[:len(w.idle)-1]
	w.left--
	op, fua := chooseOp(w.rng)
	if w.Blind && op == logcache.Read {
		op = logcache.Write
	}
	if w.Company && w.guest.IntN(3) > 0 {
		op, fua = []logcache.Op{logcache.Flush, logcache.Write}[w.guest.IntN(2)], true
	}
	lba, n := chooseRange(w.rng, w.Volumes[vol], w.maxRequest())
	if w.Discards && op == logcache.Write && w.blank.IntN(4) == 0 {
		op = []logcache.Op{logcache.Discard, logcache.Zero}[w.blank.IntN(2)]
	}
	w.send(r, w.rng.IntN(len(w.ports)), vol, op, fua, lba, n)
}

// send sends a request through a port.
func (w *world) send(r *request, port, vol int, op logcache.Op, fua bool, lba uint64, n uint32) {
	lba, n = w.wholeBlocks(vol, lba, n)
	tag, buf := r.Tag, r.mem
	*r = request{mem: buf, busy: true, sent: w.o.now}
	r.Tag, r.Volume, r.Op, r.FUA = tag, w.vols[vol], op, fua
	r.LBA, r.Sectors, r.Buf = lba, n, buf[:n*sectorSize]
	switch op {
	case logcache.Write, logcache.Discard, logcache.Zero:
		r.op = w.o.submit(uint8(vol+1), lba, n, fua, op != logcache.Write)
		if op == logcache.Write {
			for i := range uint64(n) {
				label{uint8(vol + 1), lba + i, r.op}.fill(r.Buf[i*sectorSize:])
			}
		} else {
			r.Buf = nil
		}
	case logcache.Flush:
		r.bar = w.o.barrier(uint8(vol + 1))
	case logcache.Read:
		for i := range uint64(n) {
			r.Buf[i*sectorSize] = 0xee // so that what the cache leaves out shows
		}
	}
	w.tracef("submit q%d dev %d op %d fua %v [%d+%d] write %d", port, vol+1, op, fua, lba, n, r.op)
	w.stats.Requests++
	if r.op != 0 {
		w.coming = append(w.coming, r)
	}
	w.ports[port].Submit(&r.Request)
	w.pump()
}

// acceptTaken has the oracle know of the writes that were taken in since it was
// told last, in the order in which they were.
func (w *world) acceptTaken() {
	rest, taken := w.coming[:0], w.takes[:0]
	for _, r := range w.coming {
		if r.Place() > 0 {
			taken = append(taken, r)
		} else {
			rest = append(rest, r)
		}
	}
	slices.SortStableFunc(taken, func(a, b *request) int { return cmp.Compare(a.Place(), b.Place()) })
	for _, r := range taken {
		w.o.accept(r.op, r.Bypassed())
	}
	w.coming, w.takes = rest, taken
}

// takeAnswer takes a request back.
func (w *world) takeAnswer(lr *logcache.Request) {
	r := w.reqs[lr.Tag]
	if !r.busy || lr != &r.Request {
		fail("answers", "request %d was answered twice", lr.Tag)
	}
	r.busy = false
	w.idle = append(w.idle, r)
	vol := uint8(w.ids.disk(r.Volume.ID) + 1)
	w.tracef("answer dev %d op %d [%d+%d] write %d: %v", vol, r.Op, r.LBA, r.Sectors, r.op, r.Err)
	if r.Err != nil {
		w.takeError(r)
		return
	}
	switch r.Op {
	case logcache.Write, logcache.Discard, logcache.Zero:
		if r.Place() == 0 {
			fail("answers", "write %d was answered, and never taken in", r.op)
		}
		w.o.answered(r.op)
	case logcache.Flush:
		w.o.flushed(r.bar)
	case logcache.Read:
		w.o.wasReadWhole(vol, r.LBA, r.Buf)
		for i := range uint64(r.Sectors) {
			w.o.wasRead(vol, r.LBA+i, r.Buf[i*sectorSize:(i+1)*sectorSize], r.sent)
		}
	}
}

// takeError takes a failed request back. Without a fault there must be none.
func (w *world) takeError(r *request) {
	if !w.s.faulty {
		fail("P9", "op %d of device %d failed without a fault: %v", r.Op, r.Volume.ID, r.Err)
	}
	w.coming = slices.DeleteFunc(w.coming, func(c *request) bool { return c == r })
	v := w.o.vols[w.ids.disk(r.Volume.ID)]
	if r.Op == logcache.Flush || !v.logged && r.FUA {
		v.weak = true
	}
}

func chooseOp(r *rand.Rand) (op logcache.Op, fua bool) {
	switch n := r.IntN(100); {
	case n < 22:
		return logcache.Read, false
	case n < 34:
		return logcache.Flush, false
	case n < 46:
		return logcache.Write, true
	}
	return logcache.Write, false
}

// chooseRange prefers a few places, so that requests overlap. most is the longest
// request.
func chooseRange(r *rand.Rand, sectors int, most uint32) (lba uint64, n uint32) {
	switch k := r.IntN(20); {
	case k < 5:
		n = 1
	case k < 9:
		n = 8
	case k < 13:
		n = 1 + uint32(r.IntN(15))
	case k < 17:
		n = 8 * (1 + uint32(r.IntN(4)))
	case k < 19:
		n = 1 + uint32(r.IntN(40))
	default:
		n = most
	}
	n = min(n, uint32(sectors))
	room := sectors - int(n)
	if r.IntN(2) == 0 {
		room = min(room, 24)
	}
	lba = uint64(r.IntN(room + 1))
	if r.IntN(2) == 0 {
		lba -= lba % 8
	}
	return lba, n
}
