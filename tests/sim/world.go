package sim

import (
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// maxRequest is the largest request of a run, in sectors: 64 KiB, or as much as the
// kernel gives at once.
func (o *Options) maxRequest() uint32 {
	if o.Large {
		return 1 << 20 / sectorSize
	}
	return 64 << 10 / sectorSize
}

// host is a cache and what runs it, on simulated devices: what there is from
// one power cut to the next.
type host struct {
	s     *devs
	cache *logcache.Cache
	mig   *migrate.Migrator
	ports []*logcache.Port // of the queues
	woken []bool           // by port; the last one is the background's
	vols  []*logcache.Volume
	ops   []*block.Op // scratch

	pacing *pacing // nil = migration goes at random
	checks checks  // of what is always so

	clock time.Duration // of the barriers that wait for company

	answered func(*logcache.Request)
	taken    func()      // looks at which writes were taken in
	early    func() bool // whether a read takes effect at once
}

// all calls f for each port, the background's last.
func (h *host) all(f func(i int, p *logcache.Port)) {
	for i, p := range h.ports {
		f(i, p)
	}
	if h.cache != nil {
		f(len(h.ports), h.cache.Background())
	}
}

// pump starts the operations and takes the answers that a call has led to.
func (h *host) pump() {
	if h.taken != nil {
		h.taken()
	}
	h.all(func(_ int, p *logcache.Port) {
		for _, op := range p.Ops() {
			h.s.begin(op, h.early())
		}
		for _, r := range p.Answers() {
			h.answered(r)
		}
	})
	if h.mig != nil {
		h.ops = h.mig.Ops(h.ops[:0])
		for _, op := range h.ops {
			if h.pacing != nil && op.Kind == block.Write {
				h.pacing.pacer.Wrote(h.pacing.now, uint8(op.Dev), len(op.Buf))
			}
			h.s.begin(op, h.early())
		}
	}
	h.check()
}

// complete ends operation i of those under way.
func (h *host) complete(i int) {
	op, err := h.s.end(i)
	if h.s.dead {
		return
	}
	op.Sink.Done(op, err)
	h.pump()
}

// poll lets a woken port read its inbox.
func (h *host) poll(i int) {
	h.woken[i] = false
	if i < len(h.ports) {
		h.ports[i].Poll()
	} else {
		h.cache.Background().Poll()
	}
	h.pump()
}

// runToIdle runs, in the order of things, all that is under way.
func (h *host) runToIdle() {
	n := 0
	for busy := true; busy && !h.s.dead; n++ {
		if busy = false; n > endless {
			fail("P9", "there is no end")
		}
		for i := range h.woken {
			if h.woken[i] && !h.s.dead {
				h.poll(i)
				busy = true
			}
		}
		for i := 0; i < len(h.s.flights) && !h.s.dead; {
			if h.s.flights[i].fault == stalled {
				i++
				continue
			}
			h.complete(i)
			busy = true
		}
	}
}

// free gives the memory of a host back that nothing uses any more.
func (h *host) free() {
	if h.mig != nil {
		if err := h.mig.Close(); err != nil {
			fail("no leak", "close the migrator: %v", err)
		}
	}
	if h.cache != nil {
		if err := h.cache.Free(); err != nil {
			fail("no leak", "free the cache: %v", err)
		}
	}
	h.cache, h.mig = nil, nil
}

// world is a run: its devices, its host of the moment, and what it is told to do.
type world struct {
	Options
	host
	rng   *rand.Rand
	slow  *rand.Rand // of stalls
	rates *rand.Rand // of limits of migration
	blank *rand.Rand // of discards
	times *rand.Rand // of the pacer's clock, and of what it sees
	heads *rand.Rand // of reading ahead
	lull  *rand.Rand // of idle moments
	ways  *rand.Rand // of what bypasses the log
	bad   *rand.Rand // of superblocks
	naps  *rand.Rand // of sleeps
	haste *rand.Rand // of what takes effect before it completes
	names *rand.Rand // of ids
	back  *rand.Rand // of disks that come back
	alms  *rand.Rand // of credit
	guest *rand.Rand // of barriers, and of the time that all takes
	gone  *rand.Rand // of what is given up
	ids   *numbering
	o     *oracle
	sides *checker // tries power cuts on the side

	reqs    []*request // all there are, by tag
	idle    []*request
	left    int        // requests to be submitted in this generation
	coming  []*request // writes that were not taken in yet
	takes   []*request // scratch
	admin   []step     // what the administrator is about to do
	shut    []bool     // by volume: nobody has it open
	joining []bool     // an attach may have become durable
	leaving []bool     // a detach may have
	giving  []bool     // its data may have been given up for good
	forgot  []bool     // by volume: a flush of its backing had failed when the host was killed
	batches uint64
	failed  uint64
	stopped bool // cleanly
	eager   int  // how likely a request goes before a completion, of 100
	image   *images
	stats   *Stats
	trace   io.Writer
}

func (w *world) tracef(format string, args ...any) {
	if w.trace != nil {
		fmt.Fprintf(w.trace, "%6d %6d  ", w.o.now, w.s.ios)
		fmt.Fprintf(w.trace, format+"\n", args...)
	}
}

func newWorld(o Options, stats *Stats, k *kit) *world {
	dice := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(o.Seed, n)) }
	w := &world{Options: o, stats: stats, rng: dice(2), slow: dice(4), rates: dice(6), times: dice(44), blank: dice(8), heads: dice(10), lull: dice(20), ways: dice(12), bad: dice(22), naps: dice(32), gone: dice(24), haste: dice(38), names: dice(42), back: dice(46), alms: dice(48), guest: dice(50)}
	st := k.st
	st.reset()
	w.ids = newNumbering(len(o.Volumes))
	w.s = newDevs(st, &w.Options, w.ids)
	w.s.work = &stats.work
	w.clock = 1
	w.o = newOracle(&w.Options)
	w.image = newImages(w.s)
	w.early = func() bool { return w.rng.IntN(2) == 0 }
	w.answered, w.taken = w.takeAnswer, w.acceptTaken
	n := len(o.Volumes)
	w.joining, w.leaving = make([]bool, n), make([]bool, n)
	w.forgot, w.giving, w.shut = make([]bool, n), make([]bool, n), make([]bool, n)
	w.sides = newChecker(w, k)
	w.format()
	return w
}

// nonce is that of all runs: states must not differ by it alone.
const nonce = 0x0123456789abcdef

func (w *world) format() {
	_, err := logcache.Format(syncDevice{w.s}, logcache.FormatOptions{
		DeviceSize: w.s.cache.bytes(), BlockSize: w.BlockSize, RecordAlign: w.RecordAlign, SegmentSize: w.SegmentSize, UUID: [16]byte{1}, Nonce: nonce,
	})
	if err != nil {
		fail("format", "%v", err)
	}
}

// config is that of every resume.
func (w *world) config(wake func()) logcache.Config {
	return logcache.Config{BufferBytes: w.Buffers * int(w.SegmentSize), Wake: wake, Scope: &w.Scope}
}

// binding is what volume i is known as in the log.
func (w *world) binding(i int) segment.Binding {
	n := uint8(i + 1)
	return segment.Binding{ID: w.id(i), UUID: [16]byte{n}, Sectors: uint64(w.Volumes[i]), Fingerprint: uint64(n), Name: string('a' + rune(i))}
}

// id is under which disk i is a device now.
func (w *world) id(i int) uint8 { return w.ids.ids[i] }
