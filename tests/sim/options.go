package sim

import (
	"math/rand/v2"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// Options are what a run is made of besides its seed.
type Options struct {
	Seed         uint64
	BlockSize    uint32
	RecordAlign  uint32 // 0 = the block size
	Physical     uint32 // physical block of the cache device, of which a torn write of a part may destroy all; 0 = none
	SegmentSize  uint32
	Slots        int
	Buffers      int      // RAM buffers, in segments
	Volumes      []int    // sectors of each
	Blocks       []uint32 // logical block of each, in bytes; nil, or 0 = BlockSize
	Grown        bool     // after the first power cut all blocks are of 4096 bytes, and the log has parts of some
	Ports        int
	Depth        int // requests outstanding
	Requests     int // in each generation
	Generations  int // power cuts in a row
	Cuts         int // power cuts tried, on the side, at each crash point
	Points       int // crash points tried, on the side, in each generation
	Migrate      int // how often a batch is started, of 100 events; 0 = only when all else is stuck
	Admin        int // how often an administrator does something, of 1000 events
	Faults       bool
	Stalls       bool // some operations take very long
	Paced        bool // migration is limited, and the limit changes all the time
	Pacer        bool // migration goes as a pacer says, and not at random
	Slows        bool // writers are slowed, now these, now those
	Ahead        bool // migration reads the log ahead
	Discards     bool // some writes are discards or write-zeroes instead
	Bypass       bool // writes may bypass the log, now these, now those
	DiscardSlots bool // slots are discarded before they are used again
	Rot          bool // a copy of the superblock goes bad while the power is off
	GiveUps      bool // now and then all data of a device is given up
	FUAFlushes   bool // the cache device makes a write and a flush of a write with FUA
	Large        bool // requests of up to 1 MiB
	Hasty        bool // writes and flushes do what they do long before they complete
	Blind        bool // nothing reads
	Rebinds      bool // disks get other ids
	Reopens      bool // disks go away and come back
	Sleeps       bool // now and then the host finds that the machine has slept
	Company      bool // barriers may wait for company, and there are many

	Scope witness.Scope // of the backings
}

// RandomOptions chooses options for a seed. What was added since the first seeds
// were kept has dice of its own, so that those still lead to where they did.
func RandomOptions(seed uint64) Options {
	r := rand.New(rand.NewPCG(seed, 1))
	o := Options{
		Seed:        seed,
		BlockSize:   512,
		SegmentSize: 8 << 10,
		Slots:       4 + r.IntN(5),
		Ports:       2 + r.IntN(2),
		Depth:       1 + r.IntN(12),
		Requests:    5 + r.IntN(80),
		Generations: 1 + r.IntN(5),
		Cuts:        6,
		Points:      24,
		Migrate:     []int{0, 1, 5, 20}[r.IntN(4)],
		Admin:       []int{0, 5, 30}[r.IntN(3)],
		Faults:      r.IntN(4) == 0,
	}
	o.Buffers = 2 + r.IntN(o.Slots-1)
	if r.IntN(3) == 0 {
		o.BlockSize, o.SegmentSize = 4096, 16<<10
	} else if r.IntN(2) == 0 {
		o.SegmentSize = 16 << 10
	}
	for range 1 + r.IntN(3) {
		o.Volumes = append(o.Volumes, 8*(3+r.IntN(30)))
	}
	o.Stalls = rand.New(rand.NewPCG(seed, 3)).IntN(4) == 0
	o.Paced = rand.New(rand.NewPCG(seed, 5)).IntN(4) == 0
	o.Discards = rand.New(rand.NewPCG(seed, 7)).IntN(2) == 0
	o.Ahead = rand.New(rand.NewPCG(seed, 9)).IntN(2) == 0
	o.Bypass = rand.New(rand.NewPCG(seed, 11)).IntN(2) == 0
	o.DiscardSlots = rand.New(rand.NewPCG(seed, 21)).IntN(3) == 0
	o.Rot = rand.New(rand.NewPCG(seed, 23)).IntN(3) == 0
	o.GiveUps = !o.Faults && rand.New(rand.NewPCG(seed, 25)).IntN(4) == 0
	o.Sleeps = rand.New(rand.NewPCG(seed, 31)).IntN(4) == 0
	o.Scope = []witness.Scope{{}, {Head: 2, Tail: 1, Marks: 2}, {Head: 3, Tail: 2, Marks: 3, Samples: 2}, {Head: 8, Tail: 4, Marks: segment.MaxMarks, Samples: segment.MaxSamples}}[rand.New(rand.NewPCG(seed, 27)).IntN(4)]
	o.FUAFlushes = rand.New(rand.NewPCG(seed, 35)).IntN(3) == 0
	o.Hasty = rand.New(rand.NewPCG(seed, 37)).IntN(3) == 0
	o.Reopens = rand.New(rand.NewPCG(seed, 45)).IntN(4) == 0
	o.Slows = rand.New(rand.NewPCG(seed, 47)).IntN(3) == 0
	o.Rebinds = rand.New(rand.NewPCG(seed, 41)).IntN(3) == 0
	o.Pacer = rand.New(rand.NewPCG(seed, 43)).IntN(4) == 0
	if r := rand.New(rand.NewPCG(seed, 49)); r.IntN(4) == 0 {
		o.invite(r)
	}
	o.chooseBlocks(rand.New(rand.NewPCG(seed, 33)))
	if r := rand.New(rand.NewPCG(seed, 39)); r.IntN(40) == 0 {
		o.enlarge(r)
	}
	return o
}

// enlarge makes a run of few large requests and segments.
func (o *Options) enlarge(r *rand.Rand) {
	o.Large, o.Slots, o.SegmentSize = true, 4, []uint32{64 << 10, 256 << 10, 1 << 20}[r.IntN(3)]
	o.Buffers, o.Cuts, o.Points = min(o.Buffers, o.Slots), 2, 4
	o.Requests = min(o.Requests, 30)
	o.Volumes[0] = 8 * (300 + r.IntN(100))
}

// invite makes a run of many barriers, of several devices if not of one alone.
func (o *Options) invite(r *rand.Rand) {
	o.Company = true
	o.Depth = max(o.Depth, 5+r.IntN(8))
	if alone := r.IntN(8) == 0; alone {
		o.Volumes = o.Volumes[:1]
	} else if len(o.Volumes) == 1 {
		o.Volumes = append(o.Volumes, 8*(3+r.IntN(30)))
	}
}

// chooseBlocks lets some volumes be of larger blocks than the cache device, and
// some records be aligned to larger ones.
func (o *Options) chooseBlocks(r *rand.Rand) {
	some, aligned := r.IntN(3) == 0, r.IntN(3) == 0
	if o.BlockSize != 512 {
		return
	}
	o.Grown = !some && r.IntN(4) == 0
	if some {
		for range o.Volumes {
			o.Blocks = append(o.Blocks, []uint32{0, 1024, 4096, 4096}[r.IntN(4)])
		}
	}
	if aligned {
		o.RecordAlign, o.SegmentSize, o.Physical = 4096, 16<<10, 4096
	}
}
